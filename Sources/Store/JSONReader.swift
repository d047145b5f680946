/// Reads a JSON text that PostgreSQL wrote, value by value, into what the caller makes of it: `JSONDecoder` takes several times as
/// long for the few boxes of an event, which was a tenth of all that was done for a list of events (`vedette bench api`, `perf`).
///
/// Texts that the server made or checked. What is not of the expected kind throws `Mismatch`.
struct JSONReader {
    struct Mismatch: Error, CustomStringConvertible {
        var expected: String
        /// Bytes from the text's beginning.
        var place: Int
        var description: String { "stored JSON has no \(expected) at byte \(place)" }
    }

    private let bytes: [UInt8]
    private var place = 0

    init(_ text: String) { bytes = Array(text.utf8) }

    /// All items of an array, each read by `item`.
    static func array<Item>(_ text: String, _ item: (inout JSONReader) throws -> Item) throws -> [Item] {
        var reader = JSONReader(text)
        var items: [Item] = []
        try reader.array { items.append(try item(&$0)) }
        return items
    }

    /// Calls `item` at each item; it must read or skip it.
    mutating func array(_ item: (inout JSONReader) throws -> Void) throws {
        try expect("[", "array")
        if skips("]") { return }
        repeat { try item(&self) } while skips(",")
        try expect("]", "end of an array")
    }

    /// Calls `member` with each name, at its value; it must read or skip it.
    mutating func object(_ member: (String, inout JSONReader) throws -> Void) throws {
        try expect("{", "object")
        if skips("}") { return }
        repeat {
            let name = try string()
            try expect(":", "colon")
            try member(name, &self)
        } while skips(",")
        try expect("}", "end of an object")
    }

    /// True, and past it, where the value is null.
    mutating func skipsNull() -> Bool {
        skipSpace()
        guard bytes[place...].starts(with: "null".utf8) else { return false }
        place += 4
        return true
    }

    mutating func number() throws -> Double {
        let text = try numberText()
        guard let value = Double(text) else { throw mismatch("number") }
        return value
    }

    /// A number without a fraction that fits.
    mutating func integer() throws -> Int64 {
        let text = try numberText()
        guard let value = Int64(text) ?? Double(text).flatMap({ Int64(exactly: $0) }) else {
            throw mismatch("whole number")
        }
        return value
    }

    mutating func string() throws -> String {
        try expect("\"", "string")
        let start = place
        while place < bytes.count, bytes[place] != UInt8(ascii: "\""), bytes[place] != UInt8(ascii: "\\") { place += 1 }
        var text = String(decoding: bytes[start..<place], as: UTF8.self)
        while place < bytes.count, bytes[place] == UInt8(ascii: "\\") {
            text.unicodeScalars.append(try escaped())
            let start = place
            while place < bytes.count, bytes[place] != UInt8(ascii: "\""), bytes[place] != UInt8(ascii: "\\") {
                place += 1
            }
            text += String(decoding: bytes[start..<place], as: UTF8.self)
        }
        try expect("\"", "end of a string")
        return text
    }

    /// Past the value, whatever it is.
    mutating func skip() throws {
        skipSpace()
        switch place < bytes.count ? bytes[place] : 0 {
        case UInt8(ascii: "{"): try object { _, reader in try reader.skip() }
        case UInt8(ascii: "["): try array { try $0.skip() }
        case UInt8(ascii: "\""): _ = try string()
        default:
            let start = place
            while place < bytes.count, !",]}".utf8.contains(bytes[place]) { place += 1 }
            if place == start { throw mismatch("value") }
        }
    }

    /// That something else was expected here.
    func mismatch(_ expected: String) -> Mismatch { Mismatch(expected: expected, place: place) }

    // MARK: Inside

    private mutating func skipSpace() {
        while place < bytes.count, bytes[place] == UInt8(ascii: " ") || bytes[place] == UInt8(ascii: "\n") {
            place += 1
        }
    }

    private mutating func skips(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        guard place < bytes.count, bytes[place] == UInt8(ascii: character) else { return false }
        place += 1
        return true
    }

    private mutating func expect(_ character: Unicode.Scalar, _ what: String) throws {
        guard skips(character) else { throw mismatch(what) }
    }

    private mutating func numberText() throws -> String {
        skipSpace()
        let start = place
        while place < bytes.count, !",]} ".utf8.contains(bytes[place]) { place += 1 }
        return String(decoding: bytes[start..<place], as: UTF8.self)
    }

    /// What a backslash begins. `jsonb` writes pairs of surrogates as the characters they mean.
    private mutating func escaped() throws -> Unicode.Scalar {
        place += 2
        guard place <= bytes.count else { throw mismatch("end of a string") }
        switch bytes[place - 1] {
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{c}"
        case UInt8(ascii: "u"):
            guard place + 4 <= bytes.count,
                let code = UInt32(String(decoding: bytes[place..<place + 4], as: UTF8.self), radix: 16),
                let scalar = Unicode.Scalar(code)
            else { throw mismatch("character") }
            place += 4
            return scalar
        case let byte: return Unicode.Scalar(byte)
        }
    }
}
