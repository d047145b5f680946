import FoundationEssentials

/// A UUIDv7 that names one `Entity`; ordered by creation time.
///
/// Its text form is the lower-case hyphenated UUID, as in the API and in file names.
package struct Identifier<Entity>: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let uuid: UUID

    package init(_ uuid: UUID) { self.uuid = uuid }

    /// Parses the hyphenated text form; nil for anything else.
    package init?(_ text: some StringProtocol) {
        var text = String(text)
        guard let parsed = text.withUTF8({ Self(utf8: $0) }) else { return nil }
        self = parsed
    }

    /// Parses the hyphenated text form in UTF-8; nil for anything else.
    package init?(utf8 text: UnsafeBufferPointer<UInt8>) {
        guard let uuid = UUIDText.parse(text) else { return nil }
        self.uuid = uuid
    }

    /// A new UUIDv7 (RFC 9562 §5.7): 48 bits of milliseconds since the epoch, the rest random.
    package static func make(at time: WallTime) -> Self {
        var generator = SystemRandomNumberGenerator()
        return make(at: time, using: &generator)
    }

    /// As `make(at:)` with the caller's randomness, for tests.
    package static func make(at time: WallTime, using generator: inout some RandomNumberGenerator) -> Self {
        let milliseconds = UInt64(max(0, time.nanosecondsSinceEpoch / 1_000_000))
        let high = (milliseconds << 16) | 0x7000 | UInt64.random(in: 0...0x0fff, using: &generator)
        let low = (UInt64.random(in: .min ... .max, using: &generator) >> 2) | (1 << 63)
        func byte(_ word: UInt64, _ index: UInt64) -> UInt8 { UInt8(truncatingIfNeeded: word >> (56 - 8 * index)) }
        return Self(
            UUID(
                uuid: (
                    byte(high, 0), byte(high, 1), byte(high, 2), byte(high, 3), byte(high, 4), byte(high, 5),
                    byte(high, 6), byte(high, 7), byte(low, 0), byte(low, 1), byte(low, 2), byte(low, 3),
                    byte(low, 4), byte(low, 5), byte(low, 6), byte(low, 7)
                )))
    }

    package var description: String { UUIDText.write(uuid) }

    package static func < (left: Self, right: Self) -> Bool { left.uuid < right.uuid }
}

extension Identifier: Codable {
    package init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let parsed = Self(text) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "not a UUID"))
        }
        self = parsed
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
