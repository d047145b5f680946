import FoundationEssentials

/// The lower-case hyphenated form of a UUID (RFC 9562 §4). Foundation's goes through `sprintf` and `sscanf`, ten times for each
/// event of a list.
enum UUIDText {
    private static let digits = Array("0123456789abcdef".utf8)

    static func write(_ uuid: UUID) -> String {
        withUnsafeBytes(of: uuid.uuid) { bytes in
            String(unsafeUninitializedCapacity: 36) { text in
                var place = 0
                for byte in bytes {
                    if place == 8 || place == 13 || place == 18 || place == 23 {
                        text[place] = UInt8(ascii: "-")
                        place += 1
                    }
                    text[place] = digits[Int(byte >> 4)]
                    text[place + 1] = digits[Int(byte & 15)]
                    place += 2
                }
                return place
            }
        }
    }

    /// In either case of letters; nil for anything else.
    static func parse(_ characters: UnsafeBufferPointer<UInt8>) -> UUID? {
        guard characters.count == 36 else { return nil }
        var words: (UInt64, UInt64) = (0, 0)
        for place in 0..<36 {
            let character = characters[place]
            let isHyphen = place == 8 || place == 13 || place == 18 || place == 23
            let digit: UInt8
            switch character {
            case UInt8(ascii: "-") where isHyphen: continue
            case _ where isHyphen: return nil
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = character - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = character - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = character - UInt8(ascii: "A") + 10
            default: return nil
            }
            // The third hyphen is the middle of the 128 bits.
            if place < 18 { words.0 = words.0 << 4 | UInt64(digit) } else { words.1 = words.1 << 4 | UInt64(digit) }
        }
        words = (words.0.bigEndian, words.1.bigEndian)
        return withUnsafeBytes(of: words) { UUID(uuid: $0.loadUnaligned(as: uuid_t.self)) }
    }
}
