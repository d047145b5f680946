import Domain
import Foundation
import GStreamerKit
import Testing

@testable import Clips

/// Files to read and write in tests.
enum Footage {
    /// The shared camera clips; nil where this checkout has none beside it.
    static let shared: URL? = {
        let environment = ProcessInfo.processInfo.environment["VEDETTE_SHARED"].map { URL(fileURLWithPath: $0) }
        var candidates = [environment].compactMap(\.self)
        var folder = URL(fileURLWithPath: #filePath)
        while folder.path.count > 1 {
            folder.deleteLastPathComponent()
            candidates.append(folder.appendingPathComponent("shared"))
            candidates.append(folder.appendingPathComponent("../shared"))
        }
        return candidates.map { $0.appendingPathComponent("media").standardizedFileURL }
            .first { FileManager.default.fileExists(atPath: $0.appendingPathComponent("media.json").path) }
    }()

    static let hasProbe = tool("ffprobe") != nil && tool("ffmpeg") != nil

    static func tool(_ name: String) -> String? {
        (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map { "\($0)/\(name)" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    /// A new folder that is removed after `body`.
    static func withFolder<Value>(_ body: (String) async throws -> Value) async throws -> Value {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("vedette-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        return try await body(folder.path)
    }

    /// Encodes a test picture (and a tone) into an MP4 file.
    static func generate(_ path: String, codec: VideoCodec, frames: Int, bFrames: Int, audio: Bool = false) async throws
    {
        let encoder =
            codec == .h264
            ? "x264enc speed-preset=ultrafast bframes=\(bFrames) b-adapt=false key-int-max=10 ! h264parse"
            : "x265enc speed-preset=ultrafast key-int-max=10 option-string=bframes=\(bFrames):b-adapt=0:log-level=none ! h265parse"
        let sound =
            audio
            ? " audiotestsrc num-buffers=\(frames * 5) samplesperbuffer=441 ! audio/x-raw,rate=44100 ! avenc_aac ! aacparse ! queue ! mux."
            : ""
        let pipeline = try Pipeline(
            "videotestsrc pattern=ball num-buffers=\(frames) ! video/x-raw,format=I420,width=320,height=240,framerate=20/1 ! \(encoder) ! queue max-size-buffers=0 max-size-time=0 ! mux. mp4mux name=mux ! filesink name=file\(sound)"
        )
        try pipeline.set("location", of: "file", to: .text(path))
        try await run(pipeline)
    }

    /// Plays a pipeline to its end.
    static func run(_ pipeline: Pipeline) async throws {
        let outcome = OneShot<String?>()
        let bus = pipeline.bus
        bus.onMessage {
            for message in bus.drain() where message.kind != .warning {
                outcome.set(message.kind == .error ? "\(message.text) \(message.debug)" : nil)
            }
        }
        try pipeline.play()
        let error = await outcome.value()
        bus.onMessage(nil)
        await pipeline.close()
        #expect(error == nil)
    }

    /// The units of a file as a camera would deliver them over RTP: no decoding times, a timeline of its own.
    static func units(_ path: String, startNanoseconds: Int64 = 1_234_567_890) throws -> (
        StreamDescription, [MP4Reader.Unit]
    ) {
        let reader = try #require(try MP4Reader(path))
        var units: [MP4Reader.Unit] = []
        while var unit = try reader.next() {
            unit.presentation.nanoseconds += startNanoseconds
            units.append(unit)
        }
        return (try #require(try reader.description()), units)
    }

    static func write(_ units: some Sequence<MP4Reader.Unit>, _ description: StreamDescription, to path: String) throws
        -> MP4ClipWriter
    {
        let writer = try MP4ClipWriter(description, path: path)
        for unit in units {
            writer.append(
                unit.track, presentation: unit.presentation, durationNanoseconds: nil, isKeyframe: unit.isKeyframe,
                buffer: unit.buffer)
        }
        return writer
    }

    struct Packet { var pts: Double, dts: Double, isKey: Bool }

    /// What ffprobe reads of one track, in file order.
    static func packets(_ path: String, stream: String = "v:0") throws -> [Packet] {
        let text = try output(
            "ffprobe",
            [
                "-v", "error", "-select_streams", stream, "-show_entries", "packet=pts_time,dts_time,flags", "-of",
                "csv=p=0", path,
            ]
        ).text
        return text.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: ",")
            guard fields.count >= 3, let pts = Double(fields[0]), let dts = Double(fields[1]) else { return nil }
            return Packet(pts: pts, dts: dts, isKey: fields[2].hasPrefix("K"))
        }
    }

    /// Everything ffmpeg complains about when it decodes the whole file.
    static func complaints(_ path: String) throws -> String {
        try output("ffmpeg", ["-v", "warning", "-xerror", "-i", path, "-f", "null", "-"]).errors
    }

    static func output(_ tool: String, _ arguments: [String]) throws -> (text: String, errors: String, status: Int32) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try #require(self.tool(tool)))
        process.arguments = arguments
        let (out, err) = (Pipe(), Pipe())
        process.standardOutput = out
        process.standardError = err
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let text = out.fileHandleForReading.readDataToEndOfFile()
        let errors = err.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (
            String(decoding: text, as: UTF8.self), String(decoding: errors, as: UTF8.self), process.terminationStatus
        )
    }
}
