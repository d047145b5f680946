/// Writes nested boxes of an ISO base media file (ISO/IEC 14496-12), numbers big-endian.
struct BoxWriter {
    private(set) var bytes: [UInt8] = []

    /// Everything that `content` writes becomes one box.
    mutating func box(_ type: StaticString, _ content: (inout BoxWriter) -> Void) {
        let start = bytes.count
        word32(0)
        text(type)
        content(&self)
        set32(bytes.count - start, at: start)
    }

    /// A box that begins with a version and flags.
    mutating func fullBox(
        _ type: StaticString, version: UInt8 = 0, flags: Int = 0, _ content: (inout BoxWriter) -> Void
    ) {
        box(type) {
            $0.byte(version)
            $0.number(flags, bytes: 3)
            content(&$0)
        }
    }

    mutating func byte(_ value: UInt8) { bytes.append(value) }
    mutating func word16(_ value: Int) { number(value, bytes: 2) }
    mutating func word32(_ value: Int) { number(value, bytes: 4) }
    mutating func word64(_ value: Int64) { number(Int(value), bytes: 8) }
    mutating func zeros(_ count: Int) { bytes.append(contentsOf: repeatElement(0, count: count)) }
    mutating func append(_ more: some Sequence<UInt8>) { bytes.append(contentsOf: more) }

    mutating func text(_ text: StaticString) {
        text.withUTF8Buffer { bytes.append(contentsOf: $0) }
    }

    /// The low bytes of a number; a negative one in two's complement.
    mutating func number(_ value: Int, bytes count: Int) {
        for index in (0..<count).reversed() { bytes.append(UInt8(truncatingIfNeeded: value >> (8 * index))) }
    }

    /// Fills in a number that was not known when its place was written.
    mutating func set32(_ value: Int, at place: Int) {
        for index in 0..<4 { bytes[place + index] = UInt8(truncatingIfNeeded: value >> (24 - 8 * index)) }
    }
}
