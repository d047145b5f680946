import Domain
import GStreamerKit

/// What is known of a connection's streams before their first unit.
struct StreamTraits: Sendable, Hashable {
    var codec: SourceCodec
    /// The element that encodes, where one does.
    var encoder: String?
    /// The sound that is to come.
    var sound: AudioCodec?
    /// Why sound that the camera offers is not among what comes.
    var soundRemark: String?
}

/// Turns the samples of a connection's sinks into what a `MediaSource` delivers. A value; belongs to one connection.
struct SampleAssembly: Sendable {
    private var assembler: StreamAssembler?
    private var scan: (format: Caps, scan: KeyframeScan)?
    /// What comes is kept for as long as the ring goes back.
    private let packer = BufferPacker()

    /// Takes one sample; `traits` count with the first.
    mutating func add(
        _ sample: Sample, of track: Track, arrivedAt: WallTime, _ traits: StreamTraits
    ) -> [SourceItem] {
        guard let caps = sample.caps else { return [] }
        var isKeyframe = true
        if track == .video {
            if scan?.format !== caps {
                scan = (
                    caps, KeyframeScan(codec: traits.codec.recordedAs, codecData: caps.bytes("codec_data") ?? [])
                )
            }
            isKeyframe = !sample.buffer.isDelta
            if isKeyframe, let scan = scan?.scan { isKeyframe = sample.buffer.withUnsafeBytes(scan.canStart) }
        }
        var assembler = assembler ?? StreamAssembler(traits)
        defer { self.assembler = assembler }
        return assembler.add(
            IncomingUnit(
                track: track, presentationNanoseconds: sample.presentationRunningTime,
                durationNanoseconds: sample.buffer.durationNanoseconds.map { Int64(clamping: $0) },
                isKeyframe: isKeyframe, arrivedAt: arrivedAt, payload: packer.packed(sample.buffer),
                followsLoss: sample.buffer.isDiscontinuity), format: caps)
    }

    /// See `StreamAssembler.settle`.
    mutating func settle() -> [SourceItem] { assembler?.settle() ?? [] }

    /// See `StreamAssembler.audioIsAbsent`.
    mutating func audioIsAbsent() -> [SourceItem] { assembler?.audioIsAbsent() ?? [] }
}

extension SourceItem {
    var isAccessUnit: Bool {
        if case .accessUnit = self { true } else { false }
    }
}
