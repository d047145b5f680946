import Synchronization

/// Encodes to JSON in one go, without the tree of values that `Foundation.JSONEncoder` builds first: a page of 50 events took
/// that 8 ms, which was most of the answer's time (`vedette bench api`).
///
/// Members come in the order of their declaration, with their names in snake_case; those of dictionaries come sorted and as they
/// are. Numbers that JSON does not have throw `EncodingError.invalidValue`.
final class JSONByteEncoder: Encoder {
    // An encoder is used by one task, and nothing that it calls while it writes into these reads them.
    @exclusivity(unchecked) private(set) var bytes: [UInt8] = []
    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    /// The objects and lists that are not closed yet, the innermost last.
    @exclusivity(unchecked) private var open: [Open] = []
    private var names: [ObjectIdentifier: Names] = [:]
    private let known = JSONByteEncoder.known.withLock { $0 }

    /// Of all answers so far.
    private static let known = Mutex<[ObjectIdentifier: [[UInt8]?]]>([:])

    private struct Open {
        var end: UInt8
        var isEmpty = true
        /// Of a dictionary: where each member begins, and its name.
        var members: [(name: String, start: Int)]?
    }

    /// The names of a type of keys as they are written, with quotes and colon, each at the place that the key's one byte says: an
    /// enumeration of names has no more. Searching for a name by its text took a third of the time of writing.
    fileprivate final class Names {
        @exclusivity(unchecked) private(set) var written: [[UInt8]?]
        private(set) var areNew = false

        init(_ written: [[UInt8]?]?) { self.written = written ?? [[UInt8]?](repeating: nil, count: 256) }

        func add(_ name: [UInt8], at place: Int) {
            written[place] = name
            areNew = true
        }
    }

    static func encode(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONByteEncoder()
        encoder.bytes.reserveCapacity(1024)
        try encoder.write(value)
        let new = encoder.names.filter { $0.value.areNew }
        if !new.isEmpty {
            known.withLock { known in
                for (type, names) in new { known[type] = names.written }
            }
        }
        return encoder.bytes
    }

    // MARK: Encoder

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        let isDictionary = ObjectIdentifier(type) == DictionaryProbe.key
        begin(UInt8(ascii: "{"), end: UInt8(ascii: "}"), members: isDictionary ? [] : nil)
        return KeyedEncodingContainer(
            Members<Key>(encoder: self, depth: open.count, names: isDictionary ? nil : names(of: type)))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        begin(UInt8(ascii: "["), end: UInt8(ascii: "]"))
        return Items(encoder: self, depth: open.count)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer { Single(encoder: self) }

    // MARK: Structure

    private func begin(_ start: UInt8, end: UInt8, members: [(String, Int)]? = nil) {
        bytes.append(start)
        open.append(Open(end: end, members: members))
    }

    /// Closes what is open inside of the first `depth`.
    fileprivate func close(to depth: Int) {
        while open.count > depth {
            let last = open.removeLast()
            if let members = last.members, members.count > 1 { sort(members) }
            bytes.append(last.end)
        }
    }

    private func sort(_ members: [(name: String, start: Int)]) {
        let ends = members.dropFirst().map { $0.start - 1 } + [bytes.count]
        let sorted = zip(members, ends).map { (name: $0.name, bytes: bytes[$0.start..<$1]) }
            .sorted { $0.name < $1.name }
        bytes.replaceSubrange(
            members[0].start..., with: Array(sorted.map(\.bytes).joined(separator: [UInt8(ascii: ",")])))
    }

    /// What comes before a member or an item of the object or list at `depth`.
    fileprivate func next(at depth: Int) {
        close(to: depth)
        if open[depth - 1].isEmpty { open[depth - 1].isEmpty = false } else { bytes.append(UInt8(ascii: ",")) }
    }

    fileprivate func next(_ key: some CodingKey, at depth: Int, _ names: Names?) {
        next(at: depth)
        let place = names.map { _ in Int(withUnsafeBytes(of: key) { $0.first ?? 0 }) } ?? 0
        if let written = names?.written[place] { return bytes.append(contentsOf: written) }
        let name = key.stringValue
        let start = bytes.count
        let isMember = open[depth - 1].members != nil
        if isMember { open[depth - 1].members?.append((name, start)) }
        write(text: isMember ? name : snakeCase(name))
        bytes.append(UInt8(ascii: ":"))
        names?.add(Array(bytes[start...]), at: place)
    }

    // MARK: Values

    fileprivate func write<Value: Encodable>(_ value: Value) throws {
        let depth = open.count
        let start = bytes.count
        try value.encode(to: self)
        close(to: depth)
        if bytes.count == start { bytes.append(contentsOf: "{}".utf8) }
    }

    /// What writes itself.
    func write(_ value: some JSONWritable) throws {
        var writer = JSONWriter(bytes)
        bytes = []
        try value.write(to: &writer)
        bytes = writer.bytes
    }

    fileprivate func writeNull() { bytes.appendJSONNull() }
    fileprivate func write(flag value: Bool) { bytes.appendJSON(value) }
    fileprivate func write(integer value: some BinaryInteger) { bytes.appendJSON(value) }
    fileprivate func write(number value: Double) throws { try bytes.appendJSON(value) }
    fileprivate func write(text: String) { bytes.appendJSON(text) }

    // MARK: Names

    /// Nil where a byte does not tell the keys apart.
    private func names<Key: CodingKey>(of type: Key.Type) -> Names? {
        guard MemoryLayout<Key>.size <= 1 else { return nil }
        if let known = names[ObjectIdentifier(type)] { return known }
        let new = Names(self.known[ObjectIdentifier(type)])
        names[ObjectIdentifier(type)] = new
        return new
    }

    /// `sizeBytes` as `size_bytes`.
    private func snakeCase(_ name: String) -> String {
        var words = ""
        for character in name {
            if character.isUppercase, !words.isEmpty { words.append("_") }
            words += character.lowercased()
        }
        return words
    }
}

/// The type of a dictionary's keys, which the standard library does not name.
private enum DictionaryProbe {
    static let key: ObjectIdentifier? = {
        let probe = Probe()
        try? [String: Int]().encode(to: probe)
        return probe.key
    }()

    private final class Probe: Encoder {
        var key: ObjectIdentifier?
        var codingPath: [any CodingKey] { [] }
        var userInfo: [CodingUserInfoKey: Any] { [:] }

        func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
            key = ObjectIdentifier(type)
            return KeyedEncodingContainer(Members<Key>(encoder: JSONByteEncoder(), depth: 0, names: nil))
        }
        func unkeyedContainer() -> any UnkeyedEncodingContainer { JSONByteEncoder().unkeyedContainer() }
        func singleValueContainer() -> any SingleValueEncodingContainer { JSONByteEncoder().singleValueContainer() }
    }
}

private struct Members<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let encoder: JSONByteEncoder
    let depth: Int
    let names: JSONByteEncoder.Names?
    var codingPath: [any CodingKey] { [] }

    func encodeNil(forKey key: Key) {
        encoder.next(key, at: depth, names)
        encoder.writeNull()
    }
    func encode(_ value: Bool, forKey key: Key) {
        encoder.next(key, at: depth, names)
        encoder.write(flag: value)
    }
    func encode(_ value: String, forKey key: Key) {
        encoder.next(key, at: depth, names)
        encoder.write(text: value)
    }
    func encode(_ value: Double, forKey key: Key) throws {
        encoder.next(key, at: depth, names)
        try encoder.write(number: value)
    }
    func encode(_ value: Int, forKey key: Key) {
        encoder.next(key, at: depth, names)
        encoder.write(integer: value)
    }
    func encode<Value: Encodable>(_ value: Value, forKey key: Key) throws {
        encoder.next(key, at: depth, names)
        try encoder.write(value)
    }
    func nestedContainer<Inner: CodingKey>(keyedBy type: Inner.Type, forKey key: Key) -> KeyedEncodingContainer<Inner> {
        encoder.next(key, at: depth, names)
        return encoder.container(keyedBy: type)
    }
    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        encoder.next(key, at: depth, names)
        return encoder.unkeyedContainer()
    }
    func superEncoder() -> any Encoder { encoder }
    func superEncoder(forKey key: Key) -> any Encoder {
        encoder.next(key, at: depth, names)
        return encoder
    }
}

private struct Items: UnkeyedEncodingContainer {
    let encoder: JSONByteEncoder
    let depth: Int
    var count = 0
    var codingPath: [any CodingKey] { [] }

    init(encoder: JSONByteEncoder, depth: Int) {
        self.encoder = encoder
        self.depth = depth
    }

    private mutating func next() {
        encoder.next(at: depth)
        count += 1
    }

    mutating func encodeNil() {
        next()
        encoder.writeNull()
    }
    mutating func encode<Value: Encodable>(_ value: Value) throws {
        next()
        try encoder.write(value)
    }
    mutating func nestedContainer<Inner: CodingKey>(keyedBy type: Inner.Type) -> KeyedEncodingContainer<Inner> {
        next()
        return encoder.container(keyedBy: type)
    }
    mutating func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
        next()
        return encoder.unkeyedContainer()
    }
    mutating func superEncoder() -> any Encoder {
        next()
        return encoder
    }
}

private struct Single: SingleValueEncodingContainer {
    let encoder: JSONByteEncoder
    var codingPath: [any CodingKey] { [] }

    func encodeNil() { encoder.writeNull() }
    func encode(_ value: Bool) { encoder.write(flag: value) }
    func encode(_ value: String) { encoder.write(text: value) }
    func encode(_ value: Double) throws { try encoder.write(number: value) }
    func encode(_ value: Float) throws { try encoder.write(number: Double(value.description) ?? .nan) }
    func encode(_ value: Int) { encoder.write(integer: value) }
    func encode(_ value: Int8) { encoder.write(integer: value) }
    func encode(_ value: Int16) { encoder.write(integer: value) }
    func encode(_ value: Int32) { encoder.write(integer: value) }
    func encode(_ value: Int64) { encoder.write(integer: value) }
    func encode(_ value: UInt) { encoder.write(integer: value) }
    func encode(_ value: UInt8) { encoder.write(integer: value) }
    func encode(_ value: UInt16) { encoder.write(integer: value) }
    func encode(_ value: UInt32) { encoder.write(integer: value) }
    func encode(_ value: UInt64) { encoder.write(integer: value) }
    func encode<Value: Encodable>(_ value: Value) throws { try encoder.write(value) }
}
