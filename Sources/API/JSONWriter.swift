import Domain

/// Writes an object of JSON member by member.
///
/// For what lists are full of: an event writes itself with it. `Codable` asks for each member through a container that is only known
/// when it runs, and wants each value as a property first; together that was a quarter of the server's time for a page of events (`perf`).
struct JSONWriter {
    private(set) var bytes: [UInt8]
    /// Something stands before, so that the next one comes after a comma.
    private var follows = false

    /// Goes on behind `bytes`, at the place of a value.
    init(_ bytes: consuming [UInt8] = []) { self.bytes = bytes }

    mutating func object(_ members: (inout JSONWriter) throws -> Void) rethrows {
        begin(UInt8(ascii: "{"))
        try members(&self)
        end(UInt8(ascii: "}"))
    }

    // MARK: Members

    mutating func member(_ name: StaticString, _ value: String) { scalar(name) { $0.appendJSON(value) } }
    mutating func member(_ name: StaticString, _ value: Bool) { scalar(name) { $0.appendJSON(value) } }
    mutating func member(_ name: StaticString, _ value: Int) { scalar(name) { $0.appendJSON(value) } }
    mutating func member(_ name: StaticString, _ value: Int64) { scalar(name) { $0.appendJSON(value) } }
    mutating func member(_ name: StaticString, _ value: WallTime) { member(name, value.rfc3339) }
    mutating func member<Entity>(_ name: StaticString, _ value: Identifier<Entity>) { member(name, value.description) }

    /// Rounded to this many decimals. Throws `EncodingError.invalidValue` for what JSON has no number for.
    mutating func member(_ name: StaticString, _ value: Double, decimals: Int) throws {
        try scalar(name) { try $0.appendJSON(value, decimals: decimals) }
    }

    mutating func member(_ name: StaticString, _ values: [String]) {
        list(name, values) { value, json in
            json.separate()
            json.bytes.appendJSON(value)
            json.follows = true
        }
    }

    /// Null where there is no value.
    mutating func nullable(_ name: StaticString, _ value: String?) {
        if let value { member(name, value) } else { null(name) }
    }
    mutating func nullable<Entity>(_ name: StaticString, _ value: Identifier<Entity>?) {
        if let value { member(name, value) } else { null(name) }
    }
    mutating func nullable(_ name: StaticString, _ value: Double?, decimals: Int) throws {
        if let value { try member(name, value, decimals: decimals) } else { null(name) }
    }
    mutating func nullable(_ name: StaticString, _ value: (some JSONWritable)?) throws {
        if let value { try member(name, value) } else { null(name) }
    }

    mutating func member(_ name: StaticString, _ value: some JSONWritable) throws {
        key(name)
        try value.write(to: &self)
    }
    mutating func list<Item>(
        _ name: StaticString, _ items: some Sequence<Item>, _ write: (Item, inout JSONWriter) throws -> Void
    ) rethrows {
        key(name)
        begin(UInt8(ascii: "["))
        for item in items { try write(item, &self) }
        end(UInt8(ascii: "]"))
    }

    // MARK: Inside

    private mutating func separate() { if follows { bytes.append(UInt8(ascii: ",")) } }

    private mutating func begin(_ character: UInt8) {
        separate()
        bytes.append(character)
        follows = false
    }

    private mutating func end(_ character: UInt8) {
        bytes.append(character)
        follows = true
    }

    /// A value is next.
    private mutating func key(_ name: StaticString) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        name.withUTF8Buffer { bytes.append(contentsOf: $0) }
        bytes.append(UInt8(ascii: "\""))
        bytes.append(UInt8(ascii: ":"))
        follows = false
    }

    private mutating func null(_ name: StaticString) { scalar(name) { $0.appendJSONNull() } }

    private mutating func scalar(_ name: StaticString, _ write: (inout [UInt8]) throws -> Void) rethrows {
        key(name)
        try write(&bytes)
        follows = true
    }
}

/// What writes itself as one value.
protocol JSONWritable: Encodable, Sendable {
    /// Throws `EncodingError.invalidValue` for a number that JSON does not have.
    func write(to json: inout JSONWriter) throws
}

extension JSONWritable {
    /// Only into what answers are made with.
    func encode(to encoder: any Encoder) throws {
        guard let encoder = encoder as? JSONByteEncoder else {
            throw EncodingError.invalidValue(
                self,
                .init(
                    codingPath: encoder.codingPath, debugDescription: "\(Self.self) is written by JSONByteEncoder only")
            )
        }
        try encoder.write(self)
    }
}
