import Domain
import GStreamerKit
import Pipelines
import Synchronization

/// Decodes one camera's access units in a small pipeline of its own.
package final class Decoder: FrameDecoder {
    /// Most units inside; at 30 frames a second a GOP of eight seconds.
    static let mostUnits = 256
    /// Most encoded bytes waiting to go in.
    static let mostQueuedBytes = 32 << 20
    // Buffers cannot carry negative times, and a presentation time may lie a little before zero.
    private static let offsetNanoseconds: Int64 = 3_600_000_000_000

    private struct State {
        var ledger = DecodeLedger(mostUnits: Decoder.mostUnits)
        var failure: SourceError?
        var isClosed = false
    }
    private let state = Mutex(State())
    private let pipeline: Pipeline
    private let source: AppSource
    private let sink: AppSink
    private let gate: WakeGate

    package let name: String

    init(
        _ stream: StreamDescription, kind: DecoderKind, wake: @escaping @Sendable () -> Void
    ) throws(SourceError) {
        guard let format = stream.videoFormat as? Caps else {
            throw SourceError(.internalFailure, "The stream's format is of another source and cannot be decoded.")
        }
        name = kind.element
        let gate = WakeGate(wake)
        self.gate = gate
        do {
            pipeline = try Pipeline(Self.description(of: kind, for: stream.codec))
            try kind.apply(to: pipeline)
            try pipeline.set("caps", of: "units", to: .caps(format))
            source = try pipeline.appSource("units")
            sink = try pipeline.appSink("frames")
            sink.onSample { gate() }
            sink.offerVideoMeta()
            pipeline.bus.onMessage { gate() }
            try pipeline.play()
        } catch {
            gate.close()
            throw SourceError(.internalFailure, "The decoder \(kind.element) does not start: \(error)")
        }
    }

    private static func description(
        of kind: DecoderKind, for codec: VideoCodec
    ) throws(PipelineTemplateError) -> String {
        kind.family == .software
            ? try PipelineTemplate.decode.filled(["decoder": kind.element, "frame_queue": "4"])
            : try PipelineTemplate.decodeHardware.filled([
                "decoder": kind.element, "codec": codec.rawValue, "frame_queue": "4",
            ])
    }

    package func decode(_ unit: AccessUnit) {
        let failed = state.withLock { state in
            guard unit.track == .video, !state.isClosed, state.failure == nil else { return false }
            let queued = source.queuedBytes
            if queued > Self.mostQueuedBytes {
                state.ledger.refuse()
                return false
            }
            // With the way in empty, what the ledger holds is inside the decoder.
            if queued == 0, state.ledger.looksUndecodable {
                state.failure = SourceError(
                    .corrupt, "The camera's video cannot be decoded: \(state.ledger.backlog) pictures gave no image.")
                return true
            }
            guard state.ledger.admit(unit.presentation, isKeyframe: unit.isKeyframe) == .accepted else { return false }
            do {
                try source.push(retimed(unit))
            } catch {
                state.failure = SourceError(.corrupt, "The decoder \(name) stopped: \(error)")
                return true
            }
            return false
        }
        if failed { gate() }
    }

    package func drain() -> [any DecodedFrame] {
        state.withLock { state in
            var frames: [any DecodedFrame] = []
            while let sample = sink.pull() {
                guard let time = sample.buffer.presentationNanoseconds, let frame = VideoFrame(sample, at: time)
                else { continue }
                state.ledger.frameCameOut(frame.presentation)
                frames.append(frame)
            }
            for message in pipeline.bus.drain() where message.kind == .error && state.failure == nil {
                state.failure = SourceError(.corrupt, "The decoder \(name) gave up: \(message.text)")
            }
            return frames
        }
    }

    package func finish() {
        let failed = state.withLock { state in
            guard !state.isClosed, state.failure == nil else { return false }
            do {
                try source.end()
                return false
            } catch {
                state.failure = SourceError(.corrupt, "The decoder \(name) does not end: \(error)")
                return true
            }
        }
        if failed { gate() }
    }

    package var isFinished: Bool { sink.isAtEnd }
    package var dropped: Int { state.withLock { $0.ledger.dropped } }
    package var backlog: Int { state.withLock { $0.ledger.backlog } }
    package var failure: SourceError? { state.withLock { $0.failure } }

    package func close() async {
        state.withLock { $0.isClosed = true }
        gate.close()
        pipeline.bus.onMessage(nil)
        await pipeline.close()
    }

    private func retimed(_ unit: AccessUnit) throws(GStreamerError) -> Buffer {
        let buffer: Buffer
        if let own = unit.payload as? Buffer {
            buffer = own
        } else {
            buffer = try Buffer(copying: unit.payload.withUnsafeBytes { [UInt8]($0) })
        }
        return try buffer.retimed(
            presentationNanoseconds: UInt64(clamping: unit.presentation.nanoseconds + Self.offsetNanoseconds),
            decodingNanoseconds: nil,
            durationNanoseconds: unit.durationNanoseconds.map { UInt64(clamping: $0) }, isDelta: !unit.isKeyframe)
    }

    /// A frame that keeps one of the decoder's buffers.
    private final class VideoFrame: DecodedFrame {
        private let sample: Sample
        let presentation: MediaTime
        let widthPixels: Int
        let heightPixels: Int

        init?(_ sample: Sample, at time: UInt64) {
            guard let width = sample.caps?.integer("width"), let height = sample.caps?.integer("height") else {
                return nil
            }
            self.sample = sample
            presentation = MediaTime(nanoseconds: Int64(clamping: time) - Decoder.offsetNanoseconds)
            widthPixels = width
            heightPixels = height
        }

        func withPicture<Result>(_ body: (PictureView) throws -> Result) throws -> Result {
            try sample.withFrame { frame in
                let format: PictureView.Format =
                    switch frame.format {
                    case .i420: .i420
                    case .nv12: .nv12
                    case .gray8: .gray8
                    }
                return try body(
                    PictureView(
                        format: format, widthPixels: frame.widthPixels, heightPixels: frame.heightPixels,
                        planes: frame.planes.map { .init(bytes: $0.bytes, strideBytes: $0.strideBytes) }))
            }
        }
    }
}
