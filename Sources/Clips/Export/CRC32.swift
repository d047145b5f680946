/// The checksum of ZIP files: CRC-32 with the reflected polynomial 0xEDB88320 (ISO/IEC 13239), eight bytes at a step.
struct CRC32 {
    private var state: UInt32 = 0xffff_ffff

    /// `tables[k][b]` is the checksum of `b` followed by `k` zeros; all in one array.
    private static let tables: [UInt32] = {
        var tables = [UInt32](repeating: 0, count: 8 * 256)
        for byte in 0..<256 {
            var value = UInt32(byte)
            for _ in 0..<8 { value = value & 1 == 1 ? (value >> 1) ^ 0xedb8_8320 : value >> 1 }
            tables[byte] = value
        }
        for index in 256..<tables.count {
            let before = tables[index - 256]
            tables[index] = (before >> 8) ^ tables[Int(before & 0xff)]
        }
        return tables
    }()

    var value: UInt32 { ~state }

    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        var crc = state
        Self.tables.withUnsafeBufferPointer { table in
            var index = 0
            while bytes.count - index >= 8 {
                let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self))
                let low = UInt32(truncatingIfNeeded: word) ^ crc
                let high = UInt32(truncatingIfNeeded: word >> 32)
                let first =
                    table[1792 + Int(low & 0xff)] ^ table[1536 + Int((low >> 8) & 0xff)]
                    ^ table[1280 + Int((low >> 16) & 0xff)] ^ table[1024 + Int(low >> 24)]
                let second =
                    table[768 + Int(high & 0xff)] ^ table[512 + Int((high >> 8) & 0xff)]
                    ^ table[256 + Int((high >> 16) & 0xff)] ^ table[Int(high >> 24)]
                crc = first ^ second
                index += 8
            }
            while index < bytes.count {
                crc = (crc >> 8) ^ table[Int((crc ^ UInt32(bytes[index])) & 0xff)]
                index += 1
            }
        }
        state = crc
    }
}
