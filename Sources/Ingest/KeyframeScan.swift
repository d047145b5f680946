import Domain

/// Tells from the bytes of an access unit whether decoding can start there.
///
/// Parsers flag every intra picture; one that is not a random access point (an intra picture for a cut, say) may be
/// followed by pictures that refer back past it.
struct KeyframeScan: Sendable {
    let codec: VideoCodec
    /// Bytes of the length before each NAL unit: 1, 2 or 4.
    let lengthSize: Int

    /// From the decoder configuration record (`avcC`, `hvcC`).
    init(codec: VideoCodec, codecData: [UInt8]) {
        self.codec = codec
        let index = codec == .h264 ? 4 : 21
        lengthSize = codecData.count > index ? Int(codecData[index] & 3) + 1 : 4
    }

    /// True when one of the NAL units is an IDR or IRAP slice or, for H.264, announces a recovery point.
    func canStart(at bytes: UnsafeRawBufferPointer) -> Bool {
        var offset = 0
        while offset + lengthSize < bytes.count {
            var length = 0
            for index in 0..<lengthSize { length = length << 8 | Int(bytes[offset + index]) }
            let start = offset + lengthSize
            guard length > 0, length <= bytes.count - start else { return false }
            switch codec {
            case .h264:
                switch bytes[start] & 0x1f {
                case 5: return true
                case 6 where hasRecoveryPoint(bytes[start..<start + length]): return true
                case 1...4: return false
                default: break
                }
            case .h265:
                switch (bytes[start] >> 1) & 0x3f {
                case 16...23: return true
                case 0...15: return false
                default: break
                }
            }
            offset = start + length
        }
        return false
    }

    /// Walks the messages of a supplemental information unit; type 6 is the recovery point.
    private func hasRecoveryPoint(_ unit: Slice<UnsafeRawBufferPointer>) -> Bool {
        var index = unit.startIndex + 1
        func number() -> Int? {
            var value = 0
            while index < unit.endIndex {
                let byte = Int(unit[index])
                index += 1
                value += byte
                if byte != 255 { return value }
            }
            return nil
        }
        // The last byte holds the stop bit.
        while index < unit.endIndex - 1 {
            guard let type = number(), let size = number() else { return false }
            if type == 6 { return true }
            index += size
        }
        return false
    }
}
