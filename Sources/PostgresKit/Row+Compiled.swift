/// `get` and `optional` for the types that pages of rows are full of, compiled for each: what is generic is not compiled for a caller's type
/// in another module of the package (measured with Swift 6.3: `@inlinable` does nothing for `package`), and a value whose type is only
/// known when it runs takes several times as long.
extension Row {
    package func get(_ column: String) throws(PostgresError) -> String { try present(column) }
    package func get(_ column: String) throws(PostgresError) -> Int { try present(column) }
    package func get(_ column: String) throws(PostgresError) -> Int64 { try present(column) }
    package func get(_ column: String) throws(PostgresError) -> Double { try present(column) }
    package func get(_ column: String) throws(PostgresError) -> Bool { try present(column) }
    package func get(_ column: String) throws(PostgresError) -> PostgresTimestamp { try present(column) }
    package func get(_ column: String) throws(PostgresError) -> [String] { try present(column) }

    package func optional(_ column: String) throws(PostgresError) -> String? { try value(column) }
    package func optional(_ column: String) throws(PostgresError) -> Int? { try value(column) }
    package func optional(_ column: String) throws(PostgresError) -> Int64? { try value(column) }
    package func optional(_ column: String) throws(PostgresError) -> Double? { try value(column) }
    package func optional(_ column: String) throws(PostgresError) -> Bool? { try value(column) }
    package func optional(_ column: String) throws(PostgresError) -> PostgresTimestamp? { try value(column) }
    package func optional(_ column: String) throws(PostgresError) -> [String]? { try value(column) }
}
