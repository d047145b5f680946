internal import CPostgres

/// The rows a statement returned, in the server's order.
package struct Rows: RandomAccessCollection, Sendable {
    let result: ResultBox

    package var startIndex: Int { 0 }
    package var endIndex: Int { result.rowCount }
    package subscript(position: Int) -> Row {
        precondition(position >= 0 && position < result.rowCount, "row \(position) of \(result.rowCount)")
        return Row(result: result, index: position)
    }

    /// Rows that an `INSERT`, `UPDATE` or `DELETE` at the top of the statement touched; 0 for others.
    package var affected: Int { result.affected }
}

/// One row; columns are read by name, and an error names the column.
package struct Row: Sendable {
    let result: ResultBox
    let index: Int

    /// The column's value; throws `PostgresError` of kind `data` where there is no such column, or its value is null or
    /// not of this type. `Row+Compiled` has the types that pages of rows are full of.
    package func get<Value: PostgresDecodable>(
        _ column: String, as type: Value.Type = Value.self
    ) throws(PostgresError) -> Value {
        try present(column)
    }

    /// As `get`, with nil for null.
    package func optional<Value: PostgresDecodable>(
        _ column: String, as type: Value.Type = Value.self
    ) throws(PostgresError) -> Value? {
        try value(column)
    }

    /// The column's text in UTF-8, for types that have a reader of their own; nil for null. It is there as long as this row is kept.
    package func text(of column: String) throws(PostgresError) -> UnsafeBufferPointer<UInt8>? {
        result.text(row: index, column: try place(of: column))
    }

    /// That the column, whose text this is, or whose value is null, does not hold what was expected.
    package func mismatch(_ column: String, _ text: UnsafeBufferPointer<UInt8>?, _ expected: String) -> PostgresError {
        PostgresError(
            .data,
            "column \"\(column)\" of row \(index) "
                + (text == nil ? "is null where \(expected) is expected" : "does not hold \(expected)"))
    }

    func present<Value: PostgresDecodable>(_ column: String) throws(PostgresError) -> Value {
        guard let value: Value = try value(column) else { throw mismatch(column, nil, Value.postgresName) }
        return value
    }

    func value<Value: PostgresDecodable>(_ column: String) throws(PostgresError) -> Value? {
        guard let text = try text(of: column) else { return nil }
        defer { withExtendedLifetime(result) {} }
        guard let value = Value(postgresText: text) else { throw mismatch(column, text, Value.postgresName) }
        return value
    }

    /// True for null; throws where there is no such column.
    package func isNull(_ column: String) throws(PostgresError) -> Bool {
        result.isNull(row: index, column: try place(of: column))
    }

    private func place(of column: String) throws(PostgresError) -> Int32 {
        guard let place = result.columns[column] else {
            throw PostgresError(.data, "the statement returned no column \"\(column)\"")
        }
        return place
    }
}

/// Owns a `PGresult`.
final class ResultBox: @unchecked Sendable {
    // Reason: immutable after init, and libpq documents a PGresult as shareable between threads:
    // https://www.postgresql.org/docs/15/libpq-threading.html
    private let raw: OpaquePointer
    let rowCount: Int
    /// Where each column stands; where two have one name, the last.
    let columns: [String: Int32]

    /// - Parameter columns: of an earlier result of the same prepared statement, whose columns cannot change: a page's statement has sixty.
    init(takingOwnershipOf raw: OpaquePointer, columns: [String: Int32]? = nil) {
        self.raw = raw
        rowCount = Int(PQntuples(raw))
        self.columns = columns ?? Self.columns(of: raw)
    }

    private static func columns(of raw: OpaquePointer) -> [String: Int32] {
        var columns: [String: Int32] = [:]
        for index in 0..<PQnfields(raw) {
            if let name = PQfname(raw, index) { columns[String(cString: name)] = index }
        }
        return columns
    }

    deinit { PQclear(raw) }

    var affected: Int { PQcmdTuples(raw).flatMap { Int(String(cString: $0)) } ?? 0 }

    func isNull(row: Int, column: Int32) -> Bool { PQgetisnull(raw, Int32(row), column) == 1 }

    /// Valid as long as this box; nil for null.
    func text(row: Int, column: Int32) -> UnsafeBufferPointer<UInt8>? {
        let row = Int32(row)
        if PQgetisnull(raw, row, column) == 1 { return nil }
        let length = Int(PQgetlength(raw, row, column))
        // Of characters, whose memory may be read as bytes.
        return PQgetvalue(raw, row, column).map {
            UnsafeBufferPointer(start: UnsafeRawPointer($0).assumingMemoryBound(to: UInt8.self), count: length)
        }
    }
}
