/// The values of JSON in UTF-8.
extension [UInt8] {
    mutating func appendJSON(_ text: String) {
        var text = text
        append(UInt8(ascii: "\""))
        text.withUTF8 { characters in
            var start = 0
            for index in characters.indices {
                let character = characters[index]
                guard character < 0x20 || character == UInt8(ascii: "\"") || character == UInt8(ascii: "\\") else {
                    continue
                }
                append(contentsOf: UnsafeBufferPointer(rebasing: characters[start..<index]))
                start = index + 1
                appendEscaped(character)
            }
            append(contentsOf: UnsafeBufferPointer(rebasing: characters[start...]))
        }
        append(UInt8(ascii: "\""))
    }

    mutating func appendJSON(_ flag: Bool) { append(contentsOf: (flag ? "true" : "false").utf8) }
    mutating func appendJSON(_ integer: some BinaryInteger) { append(contentsOf: String(integer).utf8) }
    mutating func appendJSONNull() { append(contentsOf: "null".utf8) }

    /// As short as reading it back allows. Throws `EncodingError.invalidValue` for what JSON has no number for.
    mutating func appendJSON(_ number: Double) throws {
        guard number.isFinite else {
            throw EncodingError.invalidValue(
                number, .init(codingPath: [], debugDescription: "JSON has no number for \(number)"))
        }
        if let whole = Int32(exactly: number), number != 0 || number.sign == .plus { return appendJSON(whole) }
        append(contentsOf: number.description.utf8)
    }

    /// Rounded to this many decimals, at most 9. Throws as without.
    mutating func appendJSON(_ number: Double, decimals: Int) throws {
        var scale = 1.0
        for _ in 0..<decimals { scale *= 10 }
        // Larger ones have no such decimals.
        guard let scaled = Int64(exactly: (number * scale).rounded()), scaled.magnitude < 1 << 53 else {
            return try appendJSON(number)
        }
        if scaled < 0 { append(UInt8(ascii: "-")) }
        let (whole, rest) = scaled.magnitude.quotientAndRemainder(dividingBy: UInt64(scale))
        appendJSON(whole)
        guard rest != 0 else { return }
        append(UInt8(ascii: "."))
        var left = rest
        var place = UInt64(scale) / 10
        while left != 0 {
            append(UInt8(ascii: "0") + UInt8(left / place))
            left %= place
            place /= 10
        }
    }

    private mutating func appendEscaped(_ character: UInt8) {
        switch character {
        case UInt8(ascii: "\""): append(contentsOf: "\\\"".utf8)
        case UInt8(ascii: "\\"): append(contentsOf: "\\\\".utf8)
        case UInt8(ascii: "\n"): append(contentsOf: "\\n".utf8)
        case UInt8(ascii: "\r"): append(contentsOf: "\\r".utf8)
        case UInt8(ascii: "\t"): append(contentsOf: "\\t".utf8)
        default:
            let digits = String(character, radix: 16)
            append(contentsOf: "\\u".utf8)
            append(contentsOf: repeatElement(UInt8(ascii: "0"), count: 4 - digits.utf8.count))
            append(contentsOf: digits.utf8)
        }
    }
}
