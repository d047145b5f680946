import Domain
import GStreamerKit
import Pipelines

/// Decodes a camera's AAC or Opus in a small pipeline of its own. Never wakes anybody: ask it now and then.
final class SoundDecoder: Sendable {
    /// Most encoded bytes waiting to go in; half a minute of any sound that cameras send.
    static let mostQueuedBytes = 1 << 20
    // Buffers cannot carry negative times, and a presentation time may lie a little before zero.
    private static let offsetNanoseconds: Int64 = 3_600_000_000_000

    private let pipeline: Pipeline
    private let source: AppSource
    private let sink: AppSink

    /// Throws where no decoder for it is installed.
    init(_ codec: AudioCodec, format: Caps) throws {
        guard let decoder = Self.decoder(for: codec) else {
            throw SourceError(
                .internalFailure, "No decoder for \(codec.rawValue) sound is installed; see `vedette doctor`.")
        }
        pipeline = try Pipeline(PipelineTemplate.decodeSound.filled(["decoder": decoder]))
        try pipeline.set("caps", of: "units", to: .caps(format))
        source = try pipeline.appSource("units")
        sink = try pipeline.appSink("samples")
        try pipeline.play()
    }

    private static func decoder(for codec: AudioCodec) -> String? {
        let elements =
            switch codec {
            case .aac: ["avdec_aac", "faad"]
            case .opus: ["opusdec", "avdec_opus"]
            case .pcma, .pcmu: [String]()
            }
        return elements.first { GStreamer.hasElement($0) }
    }

    /// Queues one unit; false where too much waits already. Throws when the decoder has stopped.
    func push(_ unit: AccessUnit) throws -> Bool {
        guard source.queuedBytes < Self.mostQueuedBytes else { return false }
        let buffer: Buffer
        if let own = unit.payload as? Buffer {
            buffer = own
        } else {
            buffer = try Buffer(copying: unit.payload.withUnsafeBytes { [UInt8]($0) })
        }
        try source.push(
            buffer.retimed(
                presentationNanoseconds: UInt64(clamping: unit.presentation.nanoseconds + Self.offsetNanoseconds),
                decodingNanoseconds: nil, durationNanoseconds: unit.durationNanoseconds.map { UInt64(clamping: $0) }))
        return true
    }

    /// Measures what has been decoded since the last call. Throws what the decoder complained of.
    func drain(into meter: inout LevelMeter) throws {
        while let sample = sink.pull() {
            guard let caps = sample.caps, let channels = caps.integer("channels"), let rate = caps.integer("rate"),
                channels > 0, let time = sample.buffer.presentationNanoseconds
            else { continue }
            let start = MediaTime(nanoseconds: Int64(clamping: time) - Self.offsetNanoseconds)
            let isFloat = caps.text("format") == "F32LE"
            sample.buffer.withUnsafeBytes { bytes in
                if isFloat {
                    meter.add(
                        frames: bytes.count / 4 / channels, channelCount: channels, rate: rate, at: start
                    ) { Float(bitPattern: bytes.loadUnaligned(fromByteOffset: $0 * 4, as: UInt32.self)) }
                } else {
                    meter.add(
                        frames: bytes.count / 2 / channels, channelCount: channels, rate: rate, at: start
                    ) { Float(bytes.loadUnaligned(fromByteOffset: $0 * 2, as: Int16.self)) / 32768 }
                }
            }
        }
        if let message = pipeline.bus.drain().first(where: { $0.kind == .error }) {
            throw SourceError(.corrupt, "The sound's decoder gave up: \(message.text)")
        }
    }

    /// Frees the pipeline; idempotent.
    func close() async { await pipeline.close() }
}
