package import FoundationEssentials

/// A type that a column's text form can be read as.
package protocol PostgresDecodable {
    /// For error messages ("a whole number").
    static var postgresName: String { get }
    /// Reads the text form, in UTF-8; nil where it is no such value.
    init?(postgresText text: UnsafeBufferPointer<UInt8>)
}

extension String: PostgresDecodable {
    package static var postgresName: String { "text" }
    package init?(postgresText text: UnsafeBufferPointer<UInt8>) { self.init(decoding: text, as: UTF8.self) }
}

extension Int: PostgresDecodable {
    package static var postgresName: String { "a whole number" }
    package init?(postgresText text: UnsafeBufferPointer<UInt8>) { self.init(String(decoding: text, as: UTF8.self)) }
}

extension Int64: PostgresDecodable {
    package static var postgresName: String { "a whole number" }
    package init?(postgresText text: UnsafeBufferPointer<UInt8>) { self.init(String(decoding: text, as: UTF8.self)) }
}

extension Double: PostgresDecodable {
    package static var postgresName: String { "a number" }
    package init?(postgresText text: UnsafeBufferPointer<UInt8>) { self.init(String(decoding: text, as: UTF8.self)) }
}

extension Bool: PostgresDecodable {
    package static var postgresName: String { "true or false" }
    package init?(postgresText text: UnsafeBufferPointer<UInt8>) {
        guard text.count == 1, let letter = text.first else { return nil }
        switch letter {
        case UInt8(ascii: "t"): self = true
        case UInt8(ascii: "f"): self = false
        default: return nil
        }
    }
}

extension UUID: PostgresDecodable {
    package static var postgresName: String { "a UUID" }
    package init?(postgresText text: UnsafeBufferPointer<UInt8>) {
        self.init(uuidString: String(decoding: text, as: UTF8.self))
    }
}

extension PostgresTimestamp: PostgresDecodable {
    package static var postgresName: String { "a finite time" }
}

extension Array: PostgresDecodable where Element: PostgresArrayElement {
    package static var postgresName: String { "an array" }
    package init?(postgresText text: UnsafeBufferPointer<UInt8>) {
        guard let elements = Element.elements(ofPostgresText: text) else { return nil }
        self = elements
    }
}

/// What a one-dimensional array without nulls may hold here.
package protocol PostgresArrayElement {
    static func elements(ofPostgresText text: UnsafeBufferPointer<UInt8>) -> [Self]?
}

extension UInt8: PostgresArrayElement {
    /// `bytea` in its hexadecimal form.
    package static func elements(ofPostgresText digits: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
        guard digits.count % 2 == 0, digits.starts(with: "\\x".utf8) else { return nil }
        func nibble(_ digit: UInt8) -> UInt8? {
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
            default: nil
            }
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(digits.count / 2 - 1)
        for index in stride(from: 2, to: digits.count, by: 2) {
            guard let high = nibble(digits[index]), let low = nibble(digits[index + 1]) else { return nil }
            bytes.append(high << 4 | low)
        }
        return bytes
    }
}

extension String: PostgresArrayElement {
    /// The array literal that the server writes: `{plain,"quoted \"so\""}`.
    package static func elements(ofPostgresText text: UnsafeBufferPointer<UInt8>) -> [String]? {
        var characters = text[...]
        func next() -> UInt8? { characters.popFirst() }
        guard next() == UInt8(ascii: "{") else { return nil }
        if characters.first == UInt8(ascii: "}") { return characters.count == 1 ? [] : nil }
        var elements: [String] = []
        while true {
            var element: [UInt8] = []
            if characters.first == UInt8(ascii: "\"") {
                _ = next()
                quoted: while true {
                    switch next() {
                    case nil: return nil
                    case UInt8(ascii: "\""): break quoted
                    case UInt8(ascii: "\\"):
                        guard let escaped = next() else { return nil }
                        element.append(escaped)
                    case let byte?: element.append(byte)
                    }
                }
            } else {
                while let byte = characters.first, byte != UInt8(ascii: ","), byte != UInt8(ascii: "}") {
                    element.append(byte)
                    _ = next()
                }
                // An unquoted NULL or a nested array: neither is kept in our arrays.
                if element.elementsEqual("NULL".utf8) || element.contains(UInt8(ascii: "{")) { return nil }
            }
            elements.append(String(decoding: element, as: UTF8.self))
            switch next() {
            case UInt8(ascii: ","): continue
            case UInt8(ascii: "}"): return characters.isEmpty ? elements : nil
            default: return nil
            }
        }
    }
}

extension UUID: PostgresArrayElement {
    package static func elements(ofPostgresText text: UnsafeBufferPointer<UInt8>) -> [UUID]? {
        guard let texts = String.elements(ofPostgresText: text) else { return nil }
        let uuids = texts.compactMap { UUID(uuidString: $0) }
        return uuids.count == texts.count ? uuids : nil
    }
}
