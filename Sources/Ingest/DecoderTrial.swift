import Domain
import GStreamerKit
import Pipelines
import Synchronization

/// Decodes a small real stream with one kind of decoder, and looks whether the right pictures come out.
struct DecoderTrial: Sendable {
    /// Longest it may take; a device may have to wake up.
    static let longestSeconds = 10.0
    static let pictures = 6
    /// How far a picture's mean luma may be off: green or grey rubbish is farther.
    static let tolerance = 4.0

    var kind: DecoderKind
    var codec: VideoCodec
    /// Mean luma of each picture of the trial stream.
    var brightness = 140.8

    /// Nil when all went well, otherwise why not.
    func run() async -> String? {
        let (wakes, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let lateness = Lateness(continuation)
        let watchdog = Watchdog(limitSeconds: Self.longestSeconds) { lateness.begin() }
        defer { watchdog.stop() }
        let pipeline: Pipeline
        do {
            pipeline = try Pipeline(
                PipelineTemplate.trial.filled(["codec": codec.rawValue, "decoder": kind.element]))
        } catch {
            return "\(error)"
        }
        let outcome: String?
        do {
            outcome = try await decode(with: pipeline, wakes: wakes, continuation: continuation, lateness: lateness)
        } catch {
            outcome = "\(error)"
        }
        pipeline.bus.onMessage(nil)
        await pipeline.close()
        return outcome
    }

    private func decode(
        with pipeline: Pipeline, wakes: AsyncStream<Void>, continuation: AsyncStream<Void>.Continuation,
        lateness: Lateness
    ) async throws -> String? {
        try kind.apply(to: pipeline)
        try pipeline.set(
            "caps", of: "units", to: .caps(Caps("video/x-\(codec.rawValue),stream-format=byte-stream")))
        let source = try pipeline.appSource("units")
        let sink = try pipeline.appSink("frames")
        sink.onSample { continuation.yield() }
        pipeline.bus.onMessage { continuation.yield() }
        try pipeline.play()
        try source.push(Buffer(copying: codec == .h264 ? TrialStream.h264 : TrialStream.h265))
        try source.end()
        var count = 0
        for await _ in wakes {
            while let sample = sink.pull() {
                let luma = try sample.withFrame { Self.meanLuma($0) }
                guard abs(luma - brightness) <= Self.tolerance else {
                    return "the picture is wrong (mean brightness \(Int(luma)) and not \(Int(brightness)))"
                }
                count += 1
            }
            if let message = pipeline.bus.drain().first(where: { $0.kind == .error }) {
                return "\(message.source): \(message.text)"
            }
            if sink.isAtEnd {
                return count == Self.pictures ? nil : "\(count) of \(Self.pictures) pictures came out"
            }
            if lateness.hasBegun {
                return "\(count) of \(Self.pictures) pictures came out within \(Int(Self.longestSeconds)) s"
            }
        }
        return "the trial was stopped"
    }

    private static func meanLuma(_ frame: borrowing MappedFrame) -> Double {
        guard let luma = frame.planes.first, frame.widthPixels > 0, frame.heightPixels > 0 else { return 0 }
        var sum = 0
        for row in 0..<frame.heightPixels {
            let pixels = UnsafeRawBufferPointer(start: luma.bytes + row * luma.strideBytes, count: frame.widthPixels)
            for pixel in pixels { sum += Int(pixel) }
        }
        return Double(sum) / Double(frame.widthPixels * frame.heightPixels)
    }

    /// Set when time ran out.
    private final class Lateness: Sendable {
        private let flag = Atomic(false)
        private let continuation: AsyncStream<Void>.Continuation

        init(_ continuation: AsyncStream<Void>.Continuation) { self.continuation = continuation }

        var hasBegun: Bool { flag.load(ordering: .acquiring) }

        func begin() {
            flag.store(true, ordering: .releasing)
            continuation.yield()
        }
    }
}
