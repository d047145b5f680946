/// The names that a connection's prepared statements have on the server; of more than it keeps, the one goes that was not used
/// for the longest time.
struct PreparedStatements {
    /// Each costs the server some hundred kilobytes for its plan.
    private static let limit = 100

    private struct Entry {
        var name: String
        var lastUse: Int
        /// Once there was a result.
        var columns: [String: Int32]?
    }

    private var entries: [String: Entry] = [:]
    private var uses = 0
    private var made = 0

    mutating func name(of sql: String) -> String? {
        guard let index = entries.index(forKey: sql) else { return nil }
        uses += 1
        entries.values[index].lastUse = uses
        return entries.values[index].name
    }

    /// The columns of its results, where they are known.
    func columns(of sql: String) -> [String: Int32]? { entries[sql]?.columns }

    /// Keeps the columns of a result. The server refuses a prepared statement whose columns would be others than before.
    mutating func note(_ columns: [String: Int32], of sql: String) { entries[sql]?.columns = columns }

    /// What must go before another can be added; nil while there is room.
    var leastUsed: (sql: String, name: String)? {
        guard entries.count >= Self.limit else { return nil }
        return entries.min { $0.value.lastUse < $1.value.lastUse }.map { ($0.key, $0.value.name) }
    }

    /// Never used before on this connection.
    var nextName: String { "s\(made + 1)" }

    mutating func add(_ sql: String, _ name: String) {
        made += 1
        uses += 1
        entries[sql] = Entry(name: name, lastUse: uses)
    }

    mutating func forget(_ sql: String) { entries[sql] = nil }
}
