/// A bounded set of connections to one database, opened when first needed, lent to one task at a time in the order of
/// asking. A connection that the server has closed is replaced when it is next lent.
///
/// Copies lend the same connections.
package struct Pool: Sendable {
    private let lender: ConnectionLender
    private var transactionSettings: TransactionSettings?

    /// - Parameters:
    ///   - size: most connections at a time, at least 1.
    ///   - waitSeconds: how long a task waits for one to become free before it throws `unavailable`.
    package init(_ settings: ConnectionSettings, size: Int, waitSeconds: Double = 30) {
        lender = ConnectionLender(settings, size: size, waitSeconds: waitSeconds)
    }

    package var settings: ConnectionSettings { lender.settings }

    /// The same connections, with these settings for the length of each statement or transaction.
    package func setting(_ settings: TransactionSettings) -> Pool {
        var copy = self
        copy.transactionSettings = settings
        return copy
    }

    /// Lends a connection for the length of `body`, which runs on it, without the settings of `setting(_:)`.
    package func withConnection<Value: Sendable>(
        _ body: @Sendable (isolated Connection) async throws -> Value
    ) async throws -> Value {
        try await lender.withConnection(body)
    }

    /// One statement on a connection of the pool; see `Connection.query`.
    @discardableResult
    package func query(_ sql: String, _ parameters: [PostgresValue] = [], prepare: Bool = false) async throws -> Rows {
        guard let transactionSettings else { return try await lender.query(sql, parameters, prepare: prepare) }
        return try await lender.withConnection { connection in
            try await connection.query(sql, parameters, prepare: prepare, settings: transactionSettings)
        }
    }

    /// A transaction on a connection of the pool; see `Connection.withTransaction`.
    package func withTransaction<Value: Sendable>(
        attempts: Int = 3, _ body: @Sendable (isolated Connection) throws -> Value
    ) async throws -> Value {
        try await lender.withConnection { [transactionSettings] connection in
            try await connection.withTransaction(attempts: attempts, settings: transactionSettings, body)
        }
    }

    /// Refuses new work and closes what is idle; what is lent is closed when it comes back. Idempotent.
    package func close() async { await lender.close() }

    /// Connections open or being opened, and tasks waiting for one.
    package var usage: (connections: Int, waiting: Int) { lender.usage }
}
