import Foundation

/// Another program that watches the same cameras in the same run.
package enum IngestPeer: String, Sendable, CaseIterable {
    /// Debian's Motion: receives, decodes and measures every picture.
    case motion
    /// A plain full decode of every picture, one ffmpeg for each camera with one thread.
    case ffmpeg

    /// Starts it on `urls`; gives what is to be terminated. Its files are in `folder`.
    func start(_ urls: [String], folder: URL) throws -> [Process] {
        switch self {
        case .ffmpeg:
            return try urls.map {
                try Self.launch(
                    "ffmpeg",
                    ["-v", "quiet", "-nostdin", "-rtsp_transport", "tcp", "-threads", "1", "-i", $0]
                        + ["-an", "-f", "null", "-"])
            }
        case .motion:
            let cameras = try urls.enumerated().map { index, url in
                let file = folder.appendingPathComponent("motion-camera\(index + 1).conf")
                try """
                camera_id \(index + 1)
                netcam_url \(url)
                netcam_params rtsp_transport=tcp
                """.write(to: file, atomically: true, encoding: .utf8)
                return file.path
            }
            let file = folder.appendingPathComponent("motion.conf")
            let settings = """
                daemon off
                setup_mode off
                log_level 4
                log_file \(folder.path)/motion.log
                target_dir \(folder.path)
                width 1920
                height 1080
                framerate 15
                picture_output off
                movie_output off
                webcontrol_port 0
                stream_port 0

                """
            try (settings + cameras.map { "camera \($0)\n" }.joined())
                .write(to: file, atomically: true, encoding: .utf8)
            return [try Self.launch("motion", ["-c", file.path])]
        }
    }

    private static func launch(_ program: String, _ arguments: [String]) throws -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [program] + arguments
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        return process
    }
}
