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
    /// not of this type.
    ///
    /// Compiled for the types that pages of rows are full of, as `optional` is: a value whose type is only known when it runs takes
    /// several times as long.
    @_specialize(where Value == String)
    @_specialize(where Value == Int)
    @_specialize(where Value == Int64)
    @_specialize(where Value == Double)
    @_specialize(where Value == Bool)
    @_specialize(where Value == PostgresTimestamp)
    @_specialize(where Value == [String])
    package func get<Value: PostgresDecodable>(
        _ column: String, as type: Value.Type = Value.self
    ) throws(PostgresError) -> Value {
        guard let value = try optional(column, as: type) else {
            throw PostgresError(
                .data, "column \"\(column)\" of row \(index) is null where \(Value.postgresName) is expected")
        }
        return value
    }

    /// As `get`, with nil for null.
    @_specialize(where Value == String)
    @_specialize(where Value == Int)
    @_specialize(where Value == PostgresTimestamp)
    @_specialize(where Value == [String])
    package func optional<Value: PostgresDecodable>(
        _ column: String, as type: Value.Type = Value.self
    ) throws(PostgresError) -> Value? {
        guard let text = result.text(row: index, column: try place(of: column)) else { return nil }
        guard let value = Value(postgresText: text) else {
            throw PostgresError(.data, "column \"\(column)\" of row \(index) does not hold \(Value.postgresName)")
        }
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
    let columns: [String: Int32]

    init(takingOwnershipOf raw: OpaquePointer) {
        self.raw = raw
        rowCount = Int(PQntuples(raw))
        var columns: [String: Int32] = [:]
        for index in 0..<PQnfields(raw) {
            if let name = PQfname(raw, index) { columns[String(cString: name)] = index }
        }
        self.columns = columns
    }

    deinit { PQclear(raw) }

    var affected: Int { PQcmdTuples(raw).flatMap { Int(String(cString: $0)) } ?? 0 }

    func isNull(row: Int, column: Int32) -> Bool { PQgetisnull(raw, Int32(row), column) == 1 }

    func text(row: Int, column: Int32) -> String? {
        let row = Int32(row)
        if PQgetisnull(raw, row, column) == 1 { return nil }
        guard let bytes = PQgetvalue(raw, row, column) else { return nil }
        let length = Int(PQgetlength(raw, row, column))
        return bytes.withMemoryRebound(to: UInt8.self, capacity: length) {
            String(decoding: UnsafeBufferPointer(start: $0, count: length), as: UTF8.self)
        }
    }
}
