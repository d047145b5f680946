import Foundation

/// The clips with hand-checked truth that lie beside the repository where it is developed; absent elsewhere.
struct SharedMedia: Decodable, Sendable {
    struct Interval: Decodable, Sendable {
        var start: Double
        var end: Double
    }

    struct Clip: Decodable, Sendable {
        var file: String
        var width: Int
        var height: Int
        var fps: Double
        var truth: [Interval]
        var idle: [Interval]
    }

    var clips: [Clip]

    /// `VEDETTE_SHARED`, or the nearest `shared` beside this file's folder or one above it.
    static let folder: URL? = {
        if let path = ProcessInfo.processInfo.environment["VEDETTE_SHARED"] { return URL(filePath: path) }
        var folder = URL(filePath: #filePath).deletingLastPathComponent()
        while folder.path != "/" {
            folder.deleteLastPathComponent()
            let candidate = folder.appending(path: "shared")
            if FileManager.default.fileExists(atPath: candidate.appending(path: "media/media.json").path) {
                return candidate
            }
        }
        return nil
    }()

    static let ffmpeg: URL? = ["/usr/bin/ffmpeg", "/usr/local/bin/ffmpeg"].map { URL(filePath: $0) }
        .first { FileManager.default.isExecutableFile(atPath: $0.path) }

    static var isAvailable: Bool { folder != nil && ffmpeg != nil }

    static func load(_ folder: URL) throws -> SharedMedia {
        try JSONDecoder().decode(
            SharedMedia.self, from: Data(contentsOf: folder.appending(path: "media/media.json")))
    }
}

/// Decodes a file to grey pictures of its own size with a child process.
struct FootageReader {
    struct Failure: Error { var status: Int32 }

    /// Calls `body` with each picture's bytes, rows without padding.
    static func read(
        _ file: URL, ffmpeg: URL, pictureBytes: Int, filter: String? = nil, _ body: (UnsafeRawPointer) throws -> Void
    ) throws {
        let process = Process()
        process.executableURL = ffmpeg
        process.arguments =
            ["-v", "error", "-nostdin", "-i", file.path, "-map", "0:v:0"] + (filter.map { ["-vf", $0] } ?? [])
            + ["-pix_fmt", "gray", "-f", "rawvideo", "-"]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let descriptor = pipe.fileHandleForReading.fileDescriptor
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: pictureBytes, alignment: 16)
        defer { buffer.deallocate() }
        var filled = 0
        while true {
            let count = unsafe_read(descriptor, buffer, from: filled)
            if count <= 0 { break }
            filled += count
            if filled == pictureBytes, let start = buffer.baseAddress {
                try body(UnsafeRawPointer(start))
                filled = 0
            }
        }
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failure(status: process.terminationStatus) }
    }

    private static func unsafe_read(_ descriptor: Int32, _ buffer: UnsafeMutableRawBufferPointer, from: Int) -> Int {
        Foundation.read(descriptor, buffer.baseAddress.map { $0 + from }, buffer.count - from)
    }
}
