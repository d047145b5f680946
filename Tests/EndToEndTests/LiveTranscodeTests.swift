import Foundation
import Simulator
import Testing

extension EndToEnd {
    /// H.265 cameras watched live by who plays H.265 and by who does not.
    @Suite(.serialized) struct LiveTranscodeTests {
        @Test(.timeLimit(.minutes(20)))
        func `H.265 is encoded for who cannot play it, once for all, while they watch, for so many cameras`()
            async throws
        {
            let folder = "/tmp/vedette-encode-\(UUID().uuidString.prefix(8))"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(atPath: folder) }
            let made = try run(
                "ffmpeg",
                [
                    "-v", "error", "-f", "lavfi", "-i", "testsrc=size=640x360:rate=20", "-f", "lavfi", "-i",
                    "sine=frequency=440:sample_rate=44100", "-c:v", "libx265", "-preset", "ultrafast", "-pix_fmt",
                    "yuv420p", "-g", "40", "-x265-params", "log-level=none", "-c:a", "aac", "-t", "6", "-y",
                    folder + "/hevc.mp4",
                ])
            #expect(made.status == 0, "\(made.errors)")
            let names = ["gate", "yard"]
            let site = SimulatedSite(
                .init(
                    port: 0, streams: names.map { .init(name: $0, source: .file(path: "\(folder)/hevc.mp4")) },
                    sharing: .fromStart))
            _ = try site.start()
            defer { site.stop() }
            var settings = "live_transcodes: 1\ncameras:\n"
            for name in names { settings += "  - {name: \(name), url: \"\(try site.url(for: name))\"}\n" }
            let vedette = try VedetteProcess(settings: settings)
            do {
                try await vedette.start()
                try await walk(vedette, folder: folder)
            } catch {
                await vedette.cleanUp()
                throw error
            }
            await vedette.cleanUp()
        }

        private func walk(_ vedette: VedetteProcess, folder: String) async throws {
            var paths: [String: String] = [:]
            for name in ["gate", "yard"] {
                try await vedette.wait("camera \(name) to be online", seconds: 120) {
                    try await vedette.status(of: name)["state"] as? String == "online"
                }
            }
            for camera in try await vedette.items("/v1/cameras") {
                paths[camera["name"] as? String ?? ""] = "/v1/cameras/\(camera["id"] as? String ?? "")/live.mp4"
            }
            let (gate, yard) = (try #require(paths["gate"]), try #require(paths["yard"]))
            let files = ["first", "second"].map { "\(folder)/\($0).mp4" }
            let viewers = try files.map { try watch(vedette, gate, into: $0) }
            defer { for viewer in viewers where viewer.isRunning { viewer.terminate() } }
            for file in files {
                try await vedette.wait("enough of the encoded view", seconds: 300) { size(of: file) > 100_000 }
            }
            #expect(count("live view is being encoded", in: vedette) == 1, "both watch the same")
            let refused = try await vedette.get(yard)
            #expect(refused.status == 503 && refused.header("content-type") == "application/problem+json")
            #expect(refused.header("retry-after") == "10")
            #expect(String(decoding: refused.body, as: UTF8.self).contains("live_transcodes"))
            // Who plays H.265 needs no room.
            let asItIs = try watch(vedette, yard + "?video=h264%2Ch265", into: folder + "/asitis.mp4")
            defer { if asItIs.isRunning { asItIs.terminate() } }
            try await vedette.wait("the stream as it is", seconds: 300) { size(of: folder + "/asitis.mp4") > 100_000 }
            for viewer in viewers + [asItIs] { viewer.terminate() }
            for file in files { try check(file, codec: "h264", tag: "avc1") }
            try check(folder + "/asitis.mp4", codec: "hevc", tag: "hvc1")
            try await vedette.wait("the encoder to stop", seconds: 120) {
                count("live view is no longer encoded", in: vedette) == 1
            }
            // What a browser does: Debian's Chromium plays no H.265, so it is sent H.264.
            let page = try run(
                "python3",
                [
                    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                        .appendingPathComponent("EndToEnd/page_check.py").path, vedette.base, "--token", vedette.token,
                    "--live", "yard", "--only-live",
                ])
            #expect(page.status == 0, "\(page.output) \(page.errors)")
        }

        private func watch(_ vedette: VedetteProcess, _ path: String, into file: String) throws -> Process {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            process.arguments = [
                "curl", "-sN", "--fail", "-H", "Authorization: Bearer \(vedette.token)", "-o", file,
                vedette.base + path,
            ]
            try process.run()
            return process
        }

        private func check(_ file: String, codec: String, tag: String) throws {
            let probe = try run(
                "ffprobe",
                [
                    "-v", "error", "-select_streams", "v", "-show_entries", "stream=codec_name,codec_tag_string", "-of",
                    "csv=p=0", file,
                ])
            #expect(probe.output.contains("\(codec),\(tag)"), "\(probe.output)")
            let clip = try ClipCheck(path: file)
            #expect(clip.firstIsKeyframe && clip.times.count > 10, "\(clip.times.count) pictures")
            // Cut off by the end of curl, the last piece may not be whole.
            let sound = try run(
                "ffprobe",
                ["-v", "quiet", "-select_streams", "a", "-show_entries", "packet=pts_time", "-of", "csv=p=0", file])
            #expect(sound.output.split(separator: "\n").count > 10, "\(tag) has sound")
            let first = try run(
                "ffmpeg", ["-v", "error", "-i", file, "-frames:v", "10", "-map", "0:v", "-f", "null", "-"])
            #expect(first.status == 0 && first.errors == "", "\(first.errors)")
        }

        private func size(of file: String) -> Int {
            (try? FileManager.default.attributesOfItem(atPath: file))?[.size] as? Int ?? 0
        }

        private func count(_ text: String, in vedette: VedetteProcess) -> Int {
            vedette.log.components(separatedBy: text).count - 1
        }
    }
}
