import Domain
import GStreamerKit
import Pipelines

/// What was found out about one kind of encoder on this machine.
package struct EncoderFinding: Sendable, Hashable {
    package var kind: EncoderKind
    /// Why it is not used; nil where it encodes.
    package var reason: String?
}

/// Which encoders this machine has, from one survey; a value.
package struct EncoderCatalogue: Sendable, Hashable {
    /// Best first.
    package let findings: [EncoderFinding]

    /// Those that encoded the trial pictures.
    package var usable: [EncoderKind] { findings.filter { $0.reason == nil }.map(\.kind) }

    /// Tries every encoder that is there on a few pictures. Takes milliseconds for software, up to some seconds for
    /// hardware.
    package static func survey() async -> Self { await survey(EncoderKind.allowed) }

    static func survey(_ kinds: [EncoderKind]) async -> Self {
        var findings: [EncoderFinding] = []
        for kind in kinds {
            var reason: String?
            if !GStreamer.hasElement(kind.element) {
                reason = "It is not offered here: \(kind.package) or the hardware for it is missing."
            } else if let complaint = await EncoderTrial(kind: kind).run() {
                reason = "It does not encode: \(complaint)"
            }
            findings.append(EncoderFinding(kind: kind, reason: reason))
        }
        return Self(findings: findings)
    }
}

/// Encodes a few generated pictures with one kind of encoder.
struct EncoderTrial: Sendable {
    /// Longest it may take.
    static let longestSeconds = 10.0
    static let pictures = 8

    var kind: EncoderKind

    /// Nil when all went well, otherwise why not.
    func run() async -> String? {
        let (wakes, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let silence = Silence(gate: WakeGate { continuation.yield() })
        let watchdog = Watchdog(limitSeconds: Self.longestSeconds) { silence.began() }
        defer { watchdog.stop() }
        let pipeline: Pipeline
        do {
            pipeline = try Pipeline(
                PipelineTemplate.encodeTrial.filled([:]) + " ! " + kind.branch())
        } catch {
            return "\(error)"
        }
        let outcome: String?
        do {
            try kind.prepare(pipeline, pictures: "encoder")
            outcome = try await encode(with: pipeline, wakes, continuation, silence)
        } catch {
            outcome = "\(error)"
        }
        pipeline.bus.onMessage(nil)
        await pipeline.close()
        return outcome
    }

    private func encode(
        with pipeline: Pipeline, _ wakes: AsyncStream<Void>, _ continuation: AsyncStream<Void>.Continuation,
        _ silence: Silence
    ) async throws -> String? {
        let sink = try pipeline.appSink("units")
        sink.onSample { continuation.yield() }
        pipeline.bus.onMessage { continuation.yield() }
        try pipeline.play()
        var count = 0
        for await _ in wakes {
            while let sample = sink.pull() {
                if count == 0, sample.buffer.isDelta { return "the first picture is no keyframe" }
                count += 1
            }
            if let message = pipeline.bus.drain().first(where: { $0.kind == .error }) {
                return "\(message.source): \(message.text)"
            }
            if count >= Self.pictures { return nil }
            if sink.isAtEnd { return "it ended after \(count) of \(Self.pictures) pictures" }
            if silence.hasBegun {
                return "\(count) of \(Self.pictures) pictures came out within \(Int(Self.longestSeconds)) s"
            }
        }
        return "the trial was stopped"
    }
}
