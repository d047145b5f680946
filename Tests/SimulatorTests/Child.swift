import Dispatch
import Foundation

/// A real RTSP client run as a child process.
struct Child {
    struct Outcome: Sendable {
        var status: Int32
        var output: String
        var complaints: String
        var wasKilled: Bool
    }

    /// Runs a program from PATH to its end, or kills it after `limitSeconds` or when the task is cancelled. On a busy machine a program
    /// takes seconds to begin, so a short limit is for one that should not end by itself.
    static func run(_ arguments: [String], limitSeconds: Double = 120) async throws -> Outcome {
        let cancelled = DispatchSemaphore(value: 0)
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                DispatchQueue.global().async {
                    continuation.resume(
                        with: Result { try runBlocking(arguments, limitSeconds: limitSeconds, endOrKill: cancelled) })
                }
            }
        } onCancel: {
            cancelled.signal()
        }
    }

    private static func runBlocking(
        _ arguments: [String], limitSeconds: Double, endOrKill: DispatchSemaphore
    ) throws -> Outcome {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = arguments
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let (out, err) = (folder.appendingPathComponent("out"), folder.appendingPathComponent("err"))
        try Data().write(to: out)
        try Data().write(to: err)
        process.standardOutput = try FileHandle(forWritingTo: out)
        process.standardError = try FileHandle(forWritingTo: err)
        process.standardInput = FileHandle.nullDevice
        let ended = DispatchSemaphore(value: 0)
        process.terminationHandler = { _ in
            ended.signal()
            endOrKill.signal()
        }
        try process.run()
        _ = endOrKill.wait(timeout: .now() + limitSeconds)
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        ended.wait()
        return Outcome(
            status: process.terminationStatus, output: try String(contentsOf: out, encoding: .utf8),
            complaints: String(decoding: try Data(contentsOf: err), as: UTF8.self),
            wasKilled: process.terminationReason == .uncaughtSignal && process.terminationStatus == SIGKILL)
    }

    /// What `ffprobe` says of a URL's streams: `codec_name,width,height` or `codec_name`, one a line.
    static func streams(_ url: String, transport: String = "tcp") async throws -> [String] {
        let outcome = try await run([
            "ffprobe", "-v", "error", "-rtsp_transport", transport, "-show_entries", "stream=codec_name,width,height",
            "-of", "csv=p=0", url,
        ])
        return outcome.output.split(separator: "\n").map(String.init)
    }

    /// One received packet.
    struct Packet: Sendable {
        /// NaN for the first one: ffmpeg leaves the time of the packet that RTP-Info names open.
        var seconds: Double
        var isKeyframe: Bool
        var byteCount: Int
    }

    /// The video packets received in `seconds` seconds of stream time.
    static func packets(
        _ url: String, seconds: Double, transport: String = "tcp", limitSeconds: Double = 120
    ) async throws -> (packets: [Packet], outcome: Outcome) {
        let outcome = try await run(
            [
                "ffprobe", "-v", "error", "-rtsp_transport", transport, "-select_streams", "v:0", "-show_entries",
                "packet=pts_time,size,flags", "-of", "csv=p=0", "-read_intervals", "%+\(seconds)", url,
            ], limitSeconds: limitSeconds)
        let packets = outcome.output.split(separator: "\n").compactMap { line -> Packet? in
            let fields = line.split(separator: ",")
            guard fields.count >= 3, let size = Int(fields[1]) else { return nil }
            return Packet(seconds: Double(fields[0]) ?? .nan, isKeyframe: fields[2].contains("K"), byteCount: size)
        }
        return (packets, outcome)
    }
}

/// The shared media folder: named by VEDETTE_SHARED, else beside one of the folders above this file.
enum SharedMedia {
    static let folder: String? = {
        if let named = ProcessInfo.processInfo.environment["VEDETTE_SHARED"] { return existing(named + "/media") }
        var above = URL(fileURLWithPath: #filePath)
        while above.path != "/" {
            above.deleteLastPathComponent()
            if let found = existing(above.appendingPathComponent("shared/media").path) { return found }
        }
        return nil
    }()

    static func clip(_ name: String) -> String? { folder.flatMap { existing($0 + "/" + name) } }

    private static func existing(_ path: String) -> String? {
        FileManager.default.fileExists(atPath: path) ? path : nil
    }
}
