/// Reads bit by bit, most significant first; past the end it says nil. ITU-T H.264 §7.2 and §9.1.
struct BitReader {
    private let bytes: [UInt8]
    private var position = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    /// A NAL unit's payload, without its emulation prevention bytes.
    init(nalPayload: ArraySlice<UInt8>) {
        var bytes: [UInt8] = []
        var zeros = 0
        for byte in nalPayload {
            if zeros >= 2, byte == 3 {
                zeros = 0
                continue
            }
            zeros = byte == 0 ? zeros + 1 : 0
            bytes.append(byte)
        }
        self.bytes = bytes
    }

    /// u(n), n up to 32.
    mutating func bits(_ count: Int) -> Int? {
        guard count <= 32, position + count <= bytes.count * 8 else { return nil }
        var value = 0
        for _ in 0..<count {
            value = value << 1 | Int(bytes[position >> 3] >> UInt8(7 - position & 7)) & 1
            position += 1
        }
        return value
    }

    mutating func flag() -> Bool? { bits(1).map { $0 == 1 } }

    mutating func skip(_ count: Int) -> Void? {
        guard position + count <= bytes.count * 8 else { return nil }
        position += count
        return ()
    }

    /// ue(v).
    mutating func unsigned() -> Int? {
        var zeros = 0
        while let bit = bits(1) {
            if bit == 1 { return bits(zeros).map { (1 << zeros) - 1 + $0 } }
            zeros += 1
            if zeros > 31 { return nil }
        }
        return nil
    }

    /// se(v).
    mutating func signed() -> Int? { unsigned().map { $0 & 1 == 1 ? ($0 + 1) / 2 : -($0 / 2) } }

    mutating func skipUnsigned(_ count: Int) -> Void? {
        for _ in 0..<count where unsigned() == nil { return nil }
        return ()
    }
}
