import Domain
import Foundation
import GStreamerKit
import Simulator
import Synchronization
import Testing

@testable import Ingest

/// Reads a source or decoder as its user would: sleeps until woken, then drains.
struct Wakes: Sendable {
    let stream: AsyncStream<Void>
    let wake: @Sendable () -> Void

    init() {
        let (stream, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        self.stream = stream
        wake = { continuation.yield() }
    }
}

struct SystemClock: WallClock {
    var now: WallTime { WallTime(secondsSinceEpoch: Date().timeIntervalSince1970) }
}

/// What came out of a source.
struct Intake {
    var stream: StreamDescription?
    var video: [AccessUnit] = []
    var audio: [AccessUnit] = []
    var failure: SourceError?
    /// Everything, in order: "s", "v", "a", "f".
    var order = ""
}

enum Camera {
    /// As `read`, once more where a shared feed's server hung up before it gave anything: gst-rtsp-server does to who joins
    /// while the last viewer leaves. For who reads again directly after somebody else.
    static func readAnew(
        _ url: String, transport: Domain.SourceLocation.Transport = .tcp, until isEnough: (Intake) -> Bool
    ) async throws -> Intake {
        let intake = try await read(url, transport: transport, until: isEnough)
        let wasHungUpOn = intake.failure?.kind == .ended && intake.order == "f"
        return wasHungUpOn ? try await read(url, transport: transport, until: isEnough) : intake
    }

    /// Opens an address and reads until `isEnough` or failure; closes.
    static func read(
        _ url: String, transport: Domain.SourceLocation.Transport = .tcp, timeoutSeconds: Double = 20,
        certificate: CertificateTrust = .system, opener: any SourceOpener = CameraOpener(clock: SystemClock()),
        until isEnough: (Intake) -> Bool = { _ in false }
    ) async throws -> Intake {
        let wakes = Wakes()
        let source = try opener.open(
            Domain.SourceLocation(
                url: url, transport: transport, timeoutSeconds: timeoutSeconds, certificate: certificate),
            wake: wakes.wake)
        var intake = Intake()
        reading: for await _ in wakes.stream {
            for item in source.drain() {
                switch item {
                case .stream(let description):
                    #expect(intake.stream == nil)
                    intake.stream = description
                    intake.order += "s"
                case .accessUnit(let unit):
                    if unit.track == .video { intake.video.append(unit) } else { intake.audio.append(unit) }
                    intake.order += unit.track == .video ? "v" : "a"
                case .failed(let error):
                    intake.failure = error
                    intake.order += "f"
                }
            }
            if intake.failure != nil || isEnough(intake) { break reading }
        }
        if intake.failure != nil { #expect(source.drain().isEmpty) }
        await source.close()
        await source.close()
        return intake
    }

    /// Serves streams on a free port while `body` runs.
    static func withSite<Value>(
        _ streams: [SimulatedSite.Stream], credentials: SimulatedSite.Credentials? = nil,
        repetition: SimulatedSite.Repetition = .loop, _ body: (SimulatedSite) async throws -> Value
    ) async throws -> Value {
        let site = SimulatedSite(
            .init(port: 0, streams: streams, credentials: credentials, sharing: .fromStart, repetition: repetition))
        _ = try site.start()
        defer { site.stop() }
        return try await body(site)
    }

    /// Encodes a moving test picture into an MP4 file in a folder that is removed after `body`.
    static func withFootage<Value>(
        codec: VideoCodec = .h264, frames: Int = 40, bFrames: Int = 0, audio: Bool = false,
        format: String = "I420", openGOP: Bool = false, pattern: String = "ball", widthPixels: Int = 322,
        _ body: (String) async throws -> Value
    ) async throws -> Value {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("vedette-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let encoder =
            codec == .h264
            ? "x264enc speed-preset=ultrafast bframes=\(bFrames) b-adapt=false key-int-max=10 option-string=open-gop=\(openGOP ? 1 : 0) ! h264parse"
            : "x265enc speed-preset=ultrafast key-int-max=10 option-string=bframes=\(bFrames):b-adapt=0:open-gop=\(openGOP ? 1 : 0):log-level=none ! h265parse"
        let sound =
            audio
            ? " audiotestsrc num-buffers=\(frames * 5) samplesperbuffer=441 ! audio/x-raw,rate=44100 ! avenc_aac ! aacparse ! queue ! mux."
            : ""
        let pipeline = try Pipeline(
            "videotestsrc pattern=\(pattern) num-buffers=\(frames) ! video/x-raw,format=\(format),width=\(widthPixels),height=242,framerate=20/1 ! \(encoder) ! queue max-size-buffers=0 max-size-time=0 ! mux. mp4mux name=mux ! filesink name=file\(sound)"
        )
        let path = folder.appendingPathComponent("in.mp4").path
        try pipeline.set("location", of: "file", to: .text(path))
        let wakes = Wakes()
        pipeline.bus.onMessage(wakes.wake)
        try pipeline.play()
        waiting: for await _ in wakes.stream {
            for message in pipeline.bus.drain() where message.kind != .warning {
                #expect(message.kind == .endOfStream, "\(message.text)")
                break waiting
            }
        }
        await pipeline.close()
        return try await body(path)
    }

    /// The shared camera clips; nil where this checkout has none beside it.
    static let shared: URL? = {
        var candidates = ProcessInfo.processInfo.environment["VEDETTE_SHARED"].map { [URL(fileURLWithPath: $0)] } ?? []
        var folder = URL(fileURLWithPath: #filePath)
        while folder.path.count > 1 {
            folder.deleteLastPathComponent()
            candidates.append(folder.appendingPathComponent("shared"))
        }
        return candidates.map { $0.appendingPathComponent("media") }
            .first { FileManager.default.fileExists(atPath: $0.appendingPathComponent("media.json").path) }
    }()
}
