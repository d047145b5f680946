internal import Dispatch
internal import Synchronization

/// What lends a pool's connections: opened when first needed, lent to one task at a time in the order of asking. A
/// connection that the server has closed is replaced when it is next lent.
final class ConnectionLender: Sendable {
    let settings: ConnectionSettings
    private let size: Int
    private let waitSeconds: Double
    private let state = Mutex(State())

    /// What a task gets: a connection that was used before, or the right to open one.
    private enum Grant: Sendable {
        case connection(Connection)
        case slot
    }

    private struct Waiter {
        var number: Int
        var continuation: CheckedContinuation<Grant, any Error>
    }

    private struct State {
        var idle: [Connection] = []
        /// Open, being opened or lent.
        var count = 0
        var waiters: [Waiter] = []
        var nextWaiter = 0
        var isClosed = false
    }

    init(_ settings: ConnectionSettings, size: Int, waitSeconds: Double) {
        self.settings = settings
        self.size = max(1, size)
        self.waitSeconds = waitSeconds
    }

    // MARK: Using

    /// Lends a connection for the length of `body`, which runs on it: one hop of threads there and one back, however much it asks.
    func withConnection<Value: Sendable>(
        _ body: @Sendable (isolated Connection) async throws -> Value
    ) async throws -> Value {
        try await use(try await grant(), body)
    }

    /// As `Connection.query`; what the server has prepared is sent without a hop of threads.
    func query(_ sql: String, _ parameters: [PostgresValue], prepare: Bool) async throws -> Rows {
        let grant = try await grant()
        if prepare, case .connection(let connection) = grant {
            do {
                if let rows = try await connection.queryAhead(sql, parameters) {
                    release(grant)
                    return rows
                }
            } catch {
                release(grant)
                throw error
            }
        }
        return try await use(grant) { try await $0.query(sql, parameters, prepare: prepare) }
    }

    /// Ends `grant`.
    private func use<Value: Sendable>(
        _ grant: Grant, _ body: @Sendable (isolated Connection) async throws -> Value
    ) async throws -> Value {
        if case .connection(let connection) = grant {
            do {
                if let value = try await Self.use(connection, ifUsable: body) {
                    release(grant)
                    return value
                }
            } catch {
                release(grant)
                throw error
            }
        }
        let connection = try await open()
        defer { release(.connection(connection)) }
        return try await body(connection)
    }

    /// Nil where the connection turns out to be lost; `body` was not called then.
    private static func use<Value: Sendable>(
        _ connection: isolated Connection, ifUsable body: @Sendable (isolated Connection) async throws -> Value
    ) async throws -> Value? {
        guard connection.isUsable() else {
            connection.close()
            return nil
        }
        return try await body(connection)
    }

    /// Refuses new work and closes what is idle; what is lent is closed when it comes back. Idempotent.
    func close() async {
        let (idle, waiters) = state.withLock { state in
            state.isClosed = true
            defer {
                state.count -= state.idle.count
                state.idle = []
                state.waiters = []
            }
            return (state.idle, state.waiters)
        }
        for waiter in waiters { waiter.continuation.resume(throwing: Self.closedError) }
        for connection in idle { await connection.close() }
    }

    /// Connections open or being opened, and tasks waiting for one.
    var usage: (connections: Int, waiting: Int) { state.withLock { ($0.count, $0.waiters.count) } }

    // MARK: Lending

    private static let closedError = PostgresError(.unavailable, "the database connections were closed")

    /// Opens a connection for a slot that the caller holds.
    private func open() async throws -> Connection {
        do {
            return try await Connection.open(settings)
        } catch {
            release(.slot)
            throw error
        }
    }

    private func grant() async throws -> Grant {
        try Task.checkCancellation()
        let immediate: Grant? = try state.withLock { (state) throws(PostgresError) in
            if state.isClosed { throw Self.closedError }
            if let connection = state.idle.popLast() { return .connection(connection) }
            if state.count < size {
                state.count += 1
                return .slot
            }
            return nil
        }
        if let immediate { return immediate }

        let number = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let outcome: Result<Grant, any Error>? = state.withLock { state in
                    if state.isClosed { return .failure(Self.closedError) }
                    if Task.isCancelled { return .failure(CancellationError()) }
                    if let connection = state.idle.popLast() { return .success(.connection(connection)) }
                    if state.count < size {
                        state.count += 1
                        return .success(.slot)
                    }
                    state.waiters.append(Waiter(number: number, continuation: continuation))
                    return nil
                }
                if let outcome { return continuation.resume(with: outcome) }
                DispatchQueue.global().asyncAfter(deadline: .now() + waitSeconds) { [weak self] in
                    self?.giveUp(number) { pool in
                        PostgresError(
                            .unavailable,
                            "no database connection became free within \(pool.waitSeconds) s; all \(pool.size) are in use"
                        )
                    }
                }
            }
        } onCancel: {
            giveUp(number) { _ in CancellationError() }
        }
    }

    private func giveUp(_ number: Int, _ error: (ConnectionLender) -> any Error) {
        let waiter = state.withLock { state -> Waiter? in
            guard let index = state.waiters.firstIndex(where: { $0.number == number }) else { return nil }
            return state.waiters.remove(at: index)
        }
        waiter?.continuation.resume(throwing: error(self))
    }

    /// Takes back a connection or a slot and hands it to whoever has waited longest.
    private func release(_ grant: Grant) {
        let waiter = state.withLock { state -> Waiter? in
            if !state.waiters.isEmpty { return state.waiters.removeFirst() }
            if case .connection(let connection) = grant, !state.isClosed {
                state.idle.append(connection)
            } else {
                // A connection that is not kept closes itself when its last reference goes.
                state.count -= 1
            }
            return nil
        }
        waiter?.continuation.resume(returning: grant)
    }
}
