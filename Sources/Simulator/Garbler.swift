/// Damages the payload of pictures as a bad cable would, leaving start codes and NAL headers alone so that the stream
/// still packs into RTP.
struct Garbler: Sendable {
    private let fraction: Double
    private var random: SplitMix

    init(fraction: Double, seed: UInt64) {
        self.fraction = fraction
        random = SplitMix(state: seed)
    }

    /// A damaged copy of a byte-stream access unit, or nil when this one stays as it is.
    mutating func garble(_ bytes: UnsafeRawBufferPointer, codec: StreamCodec) -> [UInt8]? {
        guard Double(random.next() >> 11) / Double(1 << 53) < fraction else { return nil }
        var copy = [UInt8](bytes)
        var index = 0
        // Where bytes may be damaged: inside a slice, a few bytes after its header; nil elsewhere.
        var from: Int?
        while index < copy.count {
            if index + 3 < copy.count, copy[index] == 0, copy[index + 1] == 0, copy[index + 2] == 1 {
                let header = copy[index + 3]
                let isSlice = codec == .h264 ? (1...5).contains(header & 0x1f) : header >> 1 & 0x3f < 32
                from = isSlice ? index + 10 : nil
                index += 4
                continue
            }
            // Never below 4, so that no start code arises.
            if let from, index >= from, random.next() & 31 == 0 { copy[index] = UInt8(4 + random.next() % 252) }
            index += 1
        }
        return copy
    }
}
