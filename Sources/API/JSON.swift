import Foundation
import HTTPTypes
import Hummingbird

/// An answer with a JSON body: snake_case keys, nulls written out where the type says `Nullable`.
func jsonResponse(_ value: some Encodable, status: HTTPResponse.Status = .ok) -> Response {
    do {
        return Response(
            status: status, headers: [.contentType: "application/json; charset=utf-8"],
            body: .init(byteBuffer: ByteBuffer(bytes: try jsonBytes(value))))
    } catch {
        return Response(status: .internalServerError)
    }
}

func jsonBytes(_ value: some Encodable) throws -> [UInt8] { try JSONByteEncoder.encode(value) }

/// An optional that is written as `null` instead of being left out.
@propertyWrapper
struct Nullable<Wrapped: Encodable & Sendable>: Encodable, Sendable {
    var wrappedValue: Wrapped?

    init(wrappedValue: Wrapped?) { self.wrappedValue = wrappedValue }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        if let wrappedValue { try container.encode(wrappedValue) } else { try container.encodeNil() }
    }
}

// Members that are `Nullable` are written without the detour by its own `encode`, which costs more than what it writes.
extension KeyedEncodingContainer {
    mutating func encode(_ value: Nullable<String>, forKey key: Key) throws {
        if let text = value.wrappedValue { try encode(text, forKey: key) } else { try encodeNil(forKey: key) }
    }
    mutating func encode<Wrapped>(_ value: Nullable<Wrapped>, forKey key: Key) throws {
        if let wrapped = value.wrappedValue { try encode(wrapped, forKey: key) } else { try encodeNil(forKey: key) }
    }
}

/// `{items, next_cursor}`.
struct PageDTO<Item: Encodable & Sendable>: Encodable, Sendable {
    var items: [Item]
    @Nullable var nextCursor: String?
}

/// A JSON value of unknown shape, for bodies whose every field is checked by name.
enum JSONValue: Decodable, Sendable, Equatable {
    case null
    case flag(Bool)
    case number(Double)
    case text(String)
    case list([JSONValue])
    case object([String: JSONValue])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .flag(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .text(value)
        } else if let value = try? container.decode([JSONValue].self) {
            self = .list(value)
        } else {
            self = .object(try container.decode([String: JSONValue].self))
        }
    }
}

/// Reads the fields of a JSON object, collects every complaint, and refuses what it does not know.
struct FieldReader {
    private let fields: [String: JSONValue]
    private var known: Set<String> = []
    private(set) var errors: [Problem.FieldError] = []

    /// Reads the body of a request; at most `maximumBytes`.
    init(_ request: Request, maximumBytes: Int = 64 << 10) async throws {
        try self.init(try await Self.body(of: request, maximumBytes: maximumBytes))
    }

    static func body(of request: Request, maximumBytes: Int) async throws -> ByteBuffer {
        do {
            return try await request.body.collect(upTo: maximumBytes)
        } catch let error as any HTTPResponseError where error.status == .contentTooLarge {
            throw Problem(.tooLarge, "the body is larger than \(maximumBytes) bytes")
        }
    }

    /// Reads a body that was collected already.
    init(_ buffer: ByteBuffer) throws {
        guard
            case .object(let fields)? = try? JSONDecoder().decode(JSONValue.self, from: Data(buffer.readableBytesView))
        else { throw Problem(.validation, "the body must be a JSON object") }
        self.fields = fields
    }

    /// True where the body has the field, even as null.
    mutating func has(_ name: String) -> Bool {
        known.insert(name)
        return fields[name] != nil
    }

    /// True where the body has the field and it is not null; does not count as reading it.
    func isThere(_ name: String) -> Bool { fields[name] != nil && fields[name] != .null }

    mutating func complain(_ field: String, _ message: String) { errors.append(.init(field: field, message: message)) }

    /// Nil when absent, or null and `nullable`.
    mutating func text(_ name: String, maximumLength: Int = 4096, nullable: Bool = false) -> String? {
        known.insert(name)
        switch fields[name] {
        case nil: return nil
        case .null where nullable: return nil
        case .text(let value) where value.count <= maximumLength: return value
        default:
            complain(name, "must be text of at most \(maximumLength) characters")
            return nil
        }
    }

    /// Nil when absent, or null and `nullable`.
    mutating func object(_ name: String, nullable: Bool = false) -> [String: JSONValue]? {
        known.insert(name)
        switch fields[name] {
        case nil: return nil
        case .null where nullable: return nil
        case .object(let value): return value
        default:
            complain(name, "must be an object")
            return nil
        }
    }

    /// A list of some of `choices`; nil when absent or null.
    mutating func words(_ name: String, of choices: [String]) -> [String]? {
        known.insert(name)
        switch fields[name] {
        case nil, .null: return nil
        case .list(let items):
            let words = items.compactMap { item -> String? in
                if case .text(let text) = item, choices.contains(text) { text } else { nil }
            }
            if words.count == items.count { return words }
        default: break
        }
        complain(name, "must be a list of " + choices.joined(separator: ", "))
        return nil
    }

    mutating func number(_ name: String, in range: ClosedRange<Double>, nullable: Bool = false) -> Double? {
        known.insert(name)
        switch fields[name] {
        case nil: return nil
        case .null where nullable: return nil
        case .number(let value) where range.contains(value): return value
        default:
            complain(name, "must be a number from \(range.lowerBound) to \(range.upperBound)")
            return nil
        }
    }

    mutating func flag(_ name: String) -> Bool? {
        known.insert(name)
        switch fields[name] {
        case nil: return nil
        case .flag(let value): return value
        default:
            complain(name, "must be true or false")
            return nil
        }
    }

    mutating func choice<Value: RawRepresentable & CaseIterable>(_ name: String, _: Value.Type) -> Value?
    where Value.RawValue == String {
        known.insert(name)
        guard let given = fields[name] else { return nil }
        if case .text(let text) = given, let value = Value(rawValue: text) { return value }
        complain(name, "must be one of " + Value.allCases.map(\.rawValue).joined(separator: ", "))
        return nil
    }

    private init(fields: [String: JSONValue]) { self.fields = fields }

    /// Reads an object inside this one; nothing of it is there when the field is absent or null.
    mutating func object<Value>(_ name: String, _ read: (inout FieldReader) -> Value) -> Value {
        known.insert(name)
        var inner = FieldReader(fields: [:])
        switch fields[name] {
        case nil, .null: break
        case .object(let members): inner = FieldReader(fields: members)
        default: complain(name, "must be an object")
        }
        let value = read(&inner)
        for error in inner.errors { complain("\(name).\(error.field)", error.message) }
        for field in inner.fields.keys.sorted() where !inner.known.contains(field) {
            complain("\(name).\(field)", "is not a field of this object")
        }
        return value
    }

    /// A list of objects; complaints name the item (`zones[1].name`). Nil when absent.
    mutating func objects<Value>(
        _ name: String, maximumCount: Int, _ read: (inout FieldReader) -> Value
    ) -> [Value]? {
        known.insert(name)
        guard let given = fields[name] else { return nil }
        guard case .list(let items) = given, items.count <= maximumCount else {
            complain(name, "must be a list of at most \(maximumCount) objects")
            return nil
        }
        return items.enumerated().map { index, item in
            var outer = FieldReader(fields: ["\(name)[\(index)]": item])
            if case .null = item { outer.complain("\(name)[\(index)]", "must be an object") }
            let value = outer.object("\(name)[\(index)]", read)
            errors += outer.errors
            return value
        }
    }

    /// A list of pairs of numbers; nil when absent.
    mutating func pairs(_ name: String, maximumCount: Int) -> [(Double, Double)]? {
        known.insert(name)
        guard let given = fields[name] else { return nil }
        if case .list(let items) = given, items.count <= maximumCount {
            let pairs = items.compactMap { item -> (Double, Double)? in
                if case .list(let pair) = item, pair.count == 2, case .number(let first) = pair[0],
                    case .number(let second) = pair[1]
                {
                    (first, second)
                } else {
                    nil
                }
            }
            if pairs.count == items.count { return pairs }
        }
        complain(name, "must be a list of at most \(maximumCount) pairs of numbers")
        return nil
    }

    /// Text that `parse` understands; nil when absent or null.
    mutating func parsed<Value>(_ name: String, _ must: String, _ parse: (String) -> Value?) -> Value? {
        known.insert(name)
        switch fields[name] {
        case nil, .null: return nil
        case .text(let text):
            if let value = parse(text) { return value }
        default: break
        }
        complain(name, "must be \(must)")
        return nil
    }

    /// A whole number; nil when absent or null.
    mutating func integer(_ name: String, in range: ClosedRange<Int>) -> Int? {
        known.insert(name)
        switch fields[name] {
        case nil, .null: return nil
        case .number(let value):
            if let whole = Int(exactly: value), range.contains(whole) { return whole }
        default: break
        }
        complain(name, "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        return nil
    }

    /// A list of texts; nil when absent or null.
    mutating func texts(_ name: String, maximumCount: Int, maximumLength: Int) -> [String]? {
        known.insert(name)
        switch fields[name] {
        case nil, .null: return nil
        case .list(let values) where values.count <= maximumCount:
            let texts = values.compactMap { value -> String? in
                if case .text(let text) = value, text.count <= maximumLength { text } else { nil }
            }
            if texts.count == values.count { return texts }
        default: break
        }
        complain(name, "must be a list of at most \(maximumCount) texts")
        return nil
    }

    /// Throws when anything was wrong or unknown. `readOnly` fields are accepted and ignored, so that what was read can be
    /// sent back.
    mutating func finish(readOnly: Set<String> = []) throws {
        for name in fields.keys.sorted() where !known.contains(name) && !readOnly.contains(name) {
            complain(name, "is not a field of this object")
        }
        guard errors.isEmpty else {
            throw Problem(
                .validation, "the body has \(errors.count == 1 ? "a field that is" : "fields that are") not valid",
                errors: errors)
        }
    }
}
