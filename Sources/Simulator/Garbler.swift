/// Damages the payload of pictures as a bad cable or a bad encoder would.
struct Garbler: Sendable {
    private var random: SplitMix

    init(seed: UInt64) { random = SplitMix(state: seed) }

    /// A damaged copy of a byte-stream access unit, or nil when this one stays as it is. Start codes and NAL headers are
    /// left alone so that the stream still packs into RTP.
    mutating func garble(_ bytes: UnsafeRawBufferPointer, codec: StreamCodec, share: Double) -> [UInt8]? {
        guard random.isWithin(share) else { return nil }
        var copy = [UInt8](bytes)
        if codec == .mjpeg {
            // Behind the tables, and without a marker.
            for index in copy.indices.dropFirst(1024).dropLast(2) where random.next() & 31 == 0 {
                copy[index] = UInt8(random.next() % 255)
            }
            return copy
        }
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

    /// The beginning of a byte-stream access unit, cut off anywhere behind its first NAL header; nil when this one stays
    /// whole.
    mutating func truncate(_ bytes: UnsafeRawBufferPointer, share: Double) -> [UInt8]? {
        guard bytes.count > 8, random.isWithin(share) else { return nil }
        return [UInt8](bytes.prefix(6 + Int(random.next() % UInt64(bytes.count - 6))))
    }
}
