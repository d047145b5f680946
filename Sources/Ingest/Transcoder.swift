import Domain
import GStreamerKit
import Pipelines
import Synchronization

/// Decodes one camera's access units and encodes the pictures to H.264, in a pipeline of its own. No picture passes through
/// Swift.
final class Transcoder: LiveTranscoder {
    /// Larger pictures are made smaller: encoding them in software takes more than a core.
    static let longestSidePixels = 1920
    // Buffers cannot carry negative times, and a presentation time may lie a little before zero.
    private static let offsetNanoseconds: Int64 = 3_600_000_000_000

    private struct State {
        var intake: TranscodeIntake
        var format: Caps?
        var hasFailed = false
        var isClosed = false
    }
    private let state: Mutex<State>
    private let pipeline: Pipeline
    private let source: AppSource
    private let sink: AppSink
    private let gate: WakeGate
    private let decoder: DecoderKind
    private let encoder: EncoderKind
    private let encoders: EncoderChoice
    private let clock: any WallClock
    /// Told why the decoder is not to be used for a while.
    private let onDecoderFailure: @Sendable (String) -> Void

    var name: String { "\(decoder.element), \(encoder.element)" }

    init(
        _ stream: StreamDescription, from backlog: [AccessUnit], decoder: DecoderKind, encoders: EncoderChoice,
        clock: any WallClock, onDecoderFailure: @escaping @Sendable (String) -> Void,
        wake: @escaping @Sendable () -> Void
    ) throws(SourceError) {
        guard let format = stream.videoFormat as? Caps else {
            throw SourceError(.internalFailure, "The stream's format is of another source and cannot be decoded.")
        }
        let encoder = try encoders.current()
        (self.decoder, self.encoder, self.encoders, self.clock) = (decoder, encoder, encoders, clock)
        self.onDecoderFailure = onDecoderFailure
        state = Mutex(State(intake: TranscodeIntake(backlog)))
        let gate = WakeGate(wake)
        self.gate = gate
        do {
            pipeline = try Self.build(stream, format, decoder: decoder, encoder: encoder)
            source = try pipeline.appSource("input")
            sink = try pipeline.appSink("units")
            sink.onSample { gate() }
            pipeline.bus.onMessage { gate() }
            try pipeline.play()
            for unit in backlog where unit.track == .video { try source.push(Self.retimed(unit)) }
        } catch {
            gate.close()
            Self.blame(decoder, "\(error)", or: encoder, encoders, onDecoderFailure)
            throw SourceError(
                .internalFailure,
                "The live view cannot be encoded with \(decoder.element) and \(encoder.element): \(error)"
            )
        }
    }

    private static func build(
        _ stream: StreamDescription, _ format: Caps, decoder: DecoderKind, encoder: EncoderKind
    ) throws -> Pipeline {
        let pipeline = try Pipeline(
            PipelineTemplate.live.filled([
                "decoder": decoder.element,
                "parser": decoder.family == .software ? "identity" : "\(stream.codec.rawValue)parse",
            ]) + " ! " + encoder.branch())
        try decoder.apply(to: pipeline)
        try pipeline.set("caps", of: "input", to: .caps(format))
        if let (width, height) = size(stream.widthPixels, stream.heightPixels) {
            try pipeline.set("caps", of: "size", to: .caps(Caps("video/x-raw,width=\(width),height=\(height)")))
        }
        // What the queue left out is not lost: the encoder has not seen it.
        try encoder.prepare(pipeline, pictures: "pictures")
        return pipeline
    }

    /// The size of the pictures where it is not the camera's: in proportion, both sides even.
    static func size(_ width: Int, _ height: Int) -> (width: Int, height: Int)? {
        let longest = max(width, height)
        guard longest > longestSidePixels else { return nil }
        func scaled(_ side: Int) -> Int { max(2, (side * longestSidePixels / longest + 1) / 2 * 2) }
        return (scaled(width), scaled(height))
    }

    func add(_ unit: AccessUnit) {
        let failed = state.withLock { state in
            guard unit.track == .video, !state.isClosed, !state.hasFailed else { return false }
            guard state.intake.admits(unit, queuedBytes: source.queuedBytes) else { return false }
            // A pipeline that takes nothing has said why on its bus.
            do { try source.push(Self.retimed(unit)) } catch { return true }
            return false
        }
        if failed { gate() }
    }

    func drain() -> [SourceItem] {
        state.withLock { state in
            guard !state.hasFailed, !state.isClosed else { return [] }
            // Read first and used last: pictures that came before an error are delivered before it.
            let messages = pipeline.bus.drain()
            var items: [SourceItem] = []
            while let sample = sink.pull() { items += Self.items(of: sample, &state, now: clock.now, encoder) }
            if let error = failure(messages, hasPictures: state.format != nil) { items.append(.failed(error)) }
            if case .failed = items.last { state.hasFailed = true }
            return items
        }
    }

    private static func items(
        of sample: Sample, _ state: inout State, now: WallTime, _ encoder: EncoderKind
    ) -> [SourceItem] {
        guard let caps = sample.caps, let time = sample.presentationRunningTime else { return [] }
        var items: [SourceItem] = []
        if state.format == nil {
            guard !sample.buffer.isDelta, var description = StreamAssembler.description(of: caps, codec: .h264) else {
                return []
            }
            description.encoder = encoder.element
            items.append(.stream(description))
            state.format = caps
        } else if let format = state.format, format !== caps, !format.isEqual(to: caps) {
            return [.failed(SourceError(.changed, "The encoded pictures changed their format."))]
        }
        let unit = AccessUnit(
            track: .video, presentation: MediaTime(nanoseconds: time - offsetNanoseconds),
            isKeyframe: !sample.buffer.isDelta, arrivedAt: now, payload: sample.buffer)
        return items + [.accessUnit(unit)]
    }

    private func failure(_ messages: [BusMessage], hasPictures: Bool) -> SourceError? {
        if let message = messages.first(where: { $0.kind == .error }) {
            if let failure = encoders.failure(encoder, message, at: "the live view") { return failure }
            if message.factory == decoder.element {
                onDecoderFailure(message.text)
            } else if !hasPictures {
                Self.blame(decoder, message.text, or: encoder, encoders, onDecoderFailure)
            }
            return SourceError(.corrupt, "The live view cannot be encoded: \(message.source): \(message.text)")
        }
        return sink.isAtEnd ? SourceError(.internalFailure, "The encoder \(encoder.element) ended by itself.") : nil
    }

    /// Which of the two it was does not show: one that needs a device is left alone next time, the decoder first.
    private static func blame(
        _ decoder: DecoderKind, _ reason: String, or encoder: EncoderKind, _ encoders: EncoderChoice,
        _ onDecoderFailure: (String) -> Void
    ) {
        if decoder.family == .software { encoders.failed(encoder) } else { onDecoderFailure(reason) }
    }

    func close() async {
        state.withLock { $0.isClosed = true }
        gate.close()
        pipeline.bus.onMessage(nil)
        await pipeline.close()
    }

    private static func retimed(_ unit: AccessUnit) throws(GStreamerError) -> Buffer {
        let buffer: Buffer
        if let own = unit.payload as? Buffer {
            buffer = own
        } else {
            buffer = try Buffer(copying: unit.payload.withUnsafeBytes { [UInt8]($0) })
        }
        return try buffer.retimed(
            presentationNanoseconds: UInt64(clamping: unit.presentation.nanoseconds + offsetNanoseconds),
            decodingNanoseconds: nil, durationNanoseconds: unit.durationNanoseconds.map { UInt64(clamping: $0) },
            isDelta: !unit.isKeyframe)
    }
}
