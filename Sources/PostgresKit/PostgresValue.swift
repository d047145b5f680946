package import FoundationEssentials

/// A parameter of a statement, sent in text form; the server derives its type from where it stands.
package enum PostgresValue: Sendable, Hashable {
    case null
    case text(String)
    case int(Int64)
    case double(Double)
    case bool(Bool)
    case uuid(UUID)
    /// Goes to `json` and `jsonb`; not checked here.
    case json(String)
    case bytes([UInt8])
    case timestamp(PostgresTimestamp)
    /// Goes to any array whose elements read from text: `text[]`, `uuid[]`, `int[]`.
    case array([String?])

    package static func int(_ value: Int) -> Self { .int(Int64(value)) }

    /// `null` for nil, else `make(value)`.
    package static func optional<Wrapped>(_ value: Wrapped?, _ make: (Wrapped) -> Self) -> Self {
        value.map(make) ?? .null
    }

    /// Uuids for a `uuid[]`.
    package static func uuids(_ values: [UUID]) -> Self { .array(values.map(\.uuidString)) }

    /// The text form; nil is SQL's null.
    var text: String? {
        switch self {
        case .null: nil
        case .text(let value), .json(let value): value
        case .int(let value): String(value)
        case .double(let value):
            value.isNaN ? "NaN" : value.isInfinite ? (value < 0 ? "-Infinity" : "Infinity") : "\(value)"
        case .bool(let value): value ? "t" : "f"
        case .uuid(let value): value.uuidString
        case .bytes(let value): Self.hexadecimal(value)
        case .timestamp(let value): value.text
        case .array(let value): Self.literal(of: value)
        }
    }

    /// The text form of a `bytea`, for elements of an array.
    package static func hexadecimal(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(unsafeUninitializedCapacity: 2 + bytes.count * 2) { buffer in
            buffer[0] = UInt8(ascii: "\\")
            buffer[1] = UInt8(ascii: "x")
            for (index, byte) in bytes.enumerated() {
                buffer[2 + index * 2] = digits[Int(byte >> 4)]
                buffer[3 + index * 2] = digits[Int(byte & 15)]
            }
            return 2 + bytes.count * 2
        }
    }

    /// By bytes: going through characters took most of the time before a statement was sent.
    private static func literal(of elements: [String?]) -> String {
        var bytes: [UInt8] = [UInt8(ascii: "{")]
        bytes.reserveCapacity(2 + elements.reduce(0) { $0 + 3 + max(4, $1?.utf8.count ?? 4) })
        for (index, element) in elements.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            guard let element else {
                bytes.append(contentsOf: "NULL".utf8)
                continue
            }
            bytes.append(UInt8(ascii: "\""))
            for byte in element.utf8 {
                if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { bytes.append(UInt8(ascii: "\\")) }
                bytes.append(byte)
            }
            bytes.append(UInt8(ascii: "\""))
        }
        bytes.append(UInt8(ascii: "}"))
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension PostgresValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByNilLiteral
{
    package init(stringLiteral value: String) { self = .text(value) }
    package init(integerLiteral value: Int64) { self = .int(value) }
    package init(floatLiteral value: Double) { self = .double(value) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    package init(nilLiteral: ()) { self = .null }
}
