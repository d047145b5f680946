internal import Domain
internal import Glibc
internal import PostgresKit

extension PostgresTimestamp {
    /// Rounds down to the microsecond.
    init(_ time: WallTime) {
        let (quotient, remainder) = time.nanosecondsSinceEpoch.quotientAndRemainder(dividingBy: 1000)
        self.init(microsecondsSinceEpoch: remainder < 0 ? quotient - 1 : quotient)
    }
}

extension WallTime {
    init(_ timestamp: PostgresTimestamp) {
        let (nanoseconds, overflow) = timestamp.microsecondsSinceEpoch.multipliedReportingOverflow(by: 1000)
        self.init(
            nanosecondsSinceEpoch: overflow ? (timestamp.microsecondsSinceEpoch < 0 ? .min : .max) : nanoseconds)
    }

    /// This machine's clock.
    static var now: WallTime {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return WallTime(nanosecondsSinceEpoch: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }
}

extension PostgresValue {
    static func id<Entity>(_ identifier: Identifier<Entity>) -> Self { .text(identifier.description) }
    static func time(_ time: WallTime) -> Self { .timestamp(PostgresTimestamp(time)) }
    static func ids<Entity>(_ identifiers: [Identifier<Entity>]) -> Self { .array(identifiers.map(\.description)) }
}

extension Row {
    func id<Entity>(_ column: String, of entity: Entity.Type = Entity.self) throws(PostgresError) -> Identifier<Entity>
    {
        guard let id: Identifier<Entity> = try optional(column) else { throw mismatch(column, nil, "a UUID") }
        return id
    }

    func optional<Entity>(_ column: String) throws(PostgresError) -> Identifier<Entity>? {
        guard let text = try text(of: column) else { return nil }
        defer { withExtendedLifetime(self) {} }
        guard let id = Identifier<Entity>(utf8: text) else { throw mismatch(column, text, "a UUID") }
        return id
    }

    func time(_ column: String) throws(PostgresError) -> WallTime {
        WallTime(try get(column))
    }

    /// A column that holds one of an enumeration's words.
    func word<Word: RawRepresentable<String>>(_ column: String, as type: Word.Type = Word.self) throws(PostgresError)
        -> Word
    {
        let text: String = try get(column)
        guard let word = Word(rawValue: text) else {
            throw PostgresError(.data, "column \"\(column)\" holds \"\(text)\", which this version does not know")
        }
        return word
    }
}

extension String {
    /// Without what PostgreSQL cannot store, and at most `limit` characters: for texts from models and servers.
    func storable(limit: Int) -> String {
        let clean = utf8.contains(0) ? replacing("\0", with: "") : self
        return clean.utf8.count <= limit ? clean : String(clean.prefix(limit))
    }
}
