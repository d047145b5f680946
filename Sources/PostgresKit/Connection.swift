internal import CPostgres
internal import Glibc

/// One session with a PostgreSQL server. Calls wait for the server on a queue of the connection's own.
package actor Connection {
    private nonisolated let executor: QueueExecutor
    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    nonisolated let canceller: StatementCanceller
    private let secret: String?
    nonisolated(unsafe) var raw: OpaquePointer?
    // Reason: a pool lends it to one task at a time, under a lock; that task touches it on its own thread until its work goes to the
    // connection's queue (`Connection+Ahead`), and there. Nobody else calls what is `nonisolated` here.
    nonisolated(unsafe) var prepared = PreparedStatements()
    // Reason: that of `raw`.
    /// The stretch of work that the current task may cancel.
    private var ticket: StatementCanceller.Ticket?
    private var isInTransaction = false

    /// Carries a `PGconn` from the queue it was opened on to the actor on the same queue.
    private struct Opened: @unchecked Sendable {
        // Reason: touched only on the connection's queue.
        let raw: OpaquePointer
        let secret: String?
    }

    /// Connects; throws `PostgresError` of kind `connection`, or `data` where the connection string is unreadable.
    package static func open(_ settings: ConnectionSettings) async throws -> Connection {
        let executor = QueueExecutor(label: "postgres.connection")
        let opened = try await executor.run {
            let parsed = try settings.parsed()
            return Opened(raw: try connect(settings, parsed), secret: parsed.password)
        }
        return Connection(opened, executor)
    }

    private init(_ opened: Opened, _ executor: QueueExecutor) {
        self.executor = executor
        raw = opened.raw
        secret = opened.secret
        canceller = StatementCanceller(borrowing: opened.raw)
    }

    isolated deinit { PQfinish(raw) }

    /// Ends the session; later calls throw. Idempotent.
    package func close() {
        PQfinish(raw)
        raw = nil
    }

    // MARK: Statements

    /// Runs one statement; cancelling the task ends it on the server and throws `CancellationError`.
    ///
    /// With `prepare`, the server keeps the statement for as long as the connection lives: for fixed texts that run often.
    @discardableResult
    package func query(_ sql: String, _ parameters: [PostgresValue] = [], prepare: Bool = false) async throws -> Rows {
        try await cancellable { connection throws in try connection.run(sql, parameters, prepare: prepare) }
    }

    /// Runs `body` in a transaction, without anyone else's statements in between: committed when it returns, rolled back
    /// when it throws. Serialization failures and deadlocks repeat it, up to `attempts` times in all.
    ///
    /// An error of kind `connection` leaves open whether the commit happened. `settings` hold until the end of the
    /// transaction.
    package func withTransaction<Value: Sendable>(
        attempts: Int = 3, settings: TransactionSettings? = nil, _ body: @Sendable (isolated Connection) throws -> Value
    ) async throws -> Value {
        try await cancellable { connection throws in
            var attempt = 1
            while true {
                do {
                    return try connection.transaction(settings, body)
                } catch let error as PostgresError where error.isWorthRepeating && attempt < attempts {
                    attempt += 1
                }
            }
        }
    }

    /// As `query`, for use inside `withTransaction`, where the caller is on the connection already. Blocks.
    @discardableResult
    package func run(_ sql: String, _ parameters: [PostgresValue] = [], prepare: Bool = false) throws -> Rows {
        try guarded { () throws(PostgresError) in try execute(sql, parameters, prepare: prepare) }
    }

    /// Runs what blocks so that a cancellation of the task ends it.
    func guarded(_ body: () throws(PostgresError) -> Rows) throws -> Rows {
        if let ticket {
            // In this order: a cancellation after the check finds the mark (habit 5 of the style guide).
            canceller.begin(ticket)
            if Task.isCancelled {
                canceller.end()
                throw CancellationError()
            }
        }
        defer { if ticket != nil { canceller.end() } }
        do {
            return try body()
        } catch {
            if error.isCancelled, Task.isCancelled { throw CancellationError() }
            throw error
        }
    }

    /// Runs a text of several statements without parameters, as one transaction unless it says otherwise. Blocks.
    package func runScript(_ sql: String) throws(PostgresError) {
        let raw = try connected()
        guard let result = PQexec(raw, sql) else { throw failure(of: raw, nil, sql) }
        let box = ResultBox(takingOwnershipOf: result)
        try check(result, box, raw, sql)
    }

    // MARK: State

    /// False once the server has closed the session, as far as can be told without asking the server. For whoever alone has the
    /// connection.
    nonisolated func isUsable() -> Bool {
        guard let raw, PQstatus(raw) == CONNECTION_OK, PQtransactionStatus(raw) == PQTRANS_IDLE else { return false }
        var descriptor = pollfd(fd: PQsocket(raw), events: Int16(POLLIN), revents: 0)
        // An idle session has something to read only when the server said goodbye; rarely a changed setting, and then a new
        // connection costs little.
        return poll(&descriptor, 1, 0) == 0
    }

    /// The server process that serves this connection.
    package var backendProcess: Int32 { raw.map { PQbackendPID($0) } ?? 0 }

    // MARK: Inside

    func cancellable<Value: Sendable>(
        _ body: (isolated Connection) throws -> Value
    ) async throws -> Value {
        let ticket = canceller.issue()
        return try await withTaskCancellationHandler {
            self.ticket = ticket
            defer { self.ticket = nil }
            return try body(self)
        } onCancel: {
            canceller.cancel(ticket)
        }
    }

    private func transaction<Value>(
        _ settings: TransactionSettings?, _ body: (isolated Connection) throws -> Value
    ) throws -> Value {
        guard !isInTransaction else {
            throw PostgresError(.data, "a transaction was begun inside a transaction of the same connection")
        }
        isInTransaction = true
        defer { isInTransaction = false }
        do {
            if let settings {
                // One way to the server and back for all of it.
                try runScript(settings.beginning)
            } else {
                try run("BEGIN")
            }
            let value = try body(self)
            // Not cancellable: whoever is told of a cancellation may take it that nothing was written.
            let ticket = self.ticket
            self.ticket = nil
            defer { self.ticket = ticket }
            try execute("COMMIT", [], prepare: false)
            return value
        } catch {
            if let raw, PQtransactionStatus(raw) != PQTRANS_IDLE, PQstatus(raw) == CONNECTION_OK {
                _ = try? execute("ROLLBACK", [], prepare: false)
            }
            throw error
        }
    }

    func connected() throws(PostgresError) -> OpaquePointer {
        guard let raw else { throw PostgresError(.unavailable, "the database connection was closed") }
        return raw
    }

    @discardableResult
    private func execute(_ sql: String, _ parameters: [PostgresValue], prepare: Bool) throws(PostgresError) -> Rows {
        let raw = try connected()
        let name = prepare ? try preparedName(of: sql, raw) : nil
        guard Self.send(raw, name, sql, try Self.texts(of: parameters)) else { throw failure(of: raw, nil, sql) }
        return try received(sql)
    }

    /// A result of a `COPY` would be given for ever; nobody gets this connection again.
    func refuseCopy(_ sql: String, _ result: ResultBox) -> PostgresError {
        withExtendedLifetime(result) {}
        close()
        return PostgresError(.data, "COPY to or from the client is not supported here", statement: sql)
    }

    /// What comes back for one statement that was sent. Blocks.
    func received(_ sql: String) throws(PostgresError) -> Rows {
        let raw = try connected()
        var rows: Rows?
        var failed: PostgresError?
        while let result = PQgetResult(raw) {
            let box = ResultBox(takingOwnershipOf: result)
            if [PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH].contains(PQresultStatus(result)) {
                throw refuseCopy(sql, box)
            }
            do {
                try check(result, box, raw, sql)
                rows = Rows(result: box)
            } catch {
                failed = error
            }
        }
        if let failed { throw failed }
        guard let rows else { throw failure(of: raw, nil, sql) }
        return rows
    }

    /// Without waiting for the server, unless it has much to read. False where the connection says why.
    static func send(_ raw: OpaquePointer, _ name: String?, _ sql: String, _ texts: [String?]) -> Bool {
        // Copies, because libpq wants all pointers at once.
        var pointers = texts.map { text -> UnsafePointer<CChar>? in text.flatMap { UnsafePointer(strdup($0)) } }
        defer { for pointer in pointers { free(UnsafeMutablePointer(mutating: pointer)) } }
        let count = Int32(pointers.count)
        return if let name {
            PQsendQueryPrepared(raw, name, count, &pointers, nil, nil, 0) == 1
        } else {
            PQsendQueryParams(raw, sql, count, nil, &pointers, nil, nil, 0) == 1
        }
    }

    static func texts(of parameters: [PostgresValue]) throws(PostgresError) -> [String?] {
        let texts = parameters.map(\.text)
        if let index = texts.firstIndex(where: { $0?.utf8.contains(0) ?? false }) {
            throw PostgresError(.data, "parameter $\(index + 1) holds a NUL character, which PostgreSQL cannot store")
        }
        return texts
    }

    func preparedName(of sql: String, _ raw: OpaquePointer) throws(PostgresError) -> String {
        if let name = prepared.name(of: sql) { return name }
        // In a transaction that failed this fails, too, and the statement stays.
        if let old = prepared.leastUsed {
            try runScript("DEALLOCATE \(old.name)")
            prepared.forget(old.sql)
        }
        let name = prepared.nextName
        guard let result = PQprepare(raw, name, sql, 0, nil) else { throw failure(of: raw, nil, sql) }
        let box = ResultBox(takingOwnershipOf: result)
        try check(result, box, raw, sql)
        prepared.add(sql, name)
        return name
    }

    private func check(
        _ result: OpaquePointer, _ owner: ResultBox, _ raw: OpaquePointer, _ sql: String
    ) throws(PostgresError) {
        let status = PQresultStatus(result)
        guard status != PGRES_COMMAND_OK, status != PGRES_TUPLES_OK else { return }
        let error = failure(of: raw, result, sql)
        withExtendedLifetime(owner) {}
        throw error
    }

    nonisolated func failure(of raw: OpaquePointer, _ result: OpaquePointer?, _ sql: String) -> PostgresError {
        func field(_ code: Character) -> String? {
            guard let result, let ascii = code.asciiValue else { return nil }
            return PQresultErrorField(result, Int32(ascii)).map { String(cString: $0) }
        }
        // PG_DIAG_… are macros of character literals, which Swift does not import.
        let sqlState = field("C")
        let message = field("M") ?? libpqMessage(raw)
        let isLost = PQstatus(raw) != CONNECTION_OK
        return PostgresError(
            isLost || sqlState == nil ? .connection : .server,
            isLost ? "the database connection was lost: \(message)" : message, sqlState: sqlState,
            detail: field("D"), constraint: field("n"), statement: sql
        ).hiding(secret)
    }
}

private func libpqMessage(_ raw: OpaquePointer) -> String {
    let text = PQerrorMessage(raw).map { String(cString: $0) } ?? ""
    let lines = text.split(separator: "\n").map { $0.drop { $0 == " " || $0 == "\t" } }
    return lines.isEmpty ? "no reason given (out of memory?)" : lines.joined(separator: "; ")
}

/// Connects and prepares the session; blocks. The caller owns the connection; a failed one is freed here.
func connect(_ settings: ConnectionSettings, _ parsed: ConnectionSettings.Parsed) throws(PostgresError) -> OpaquePointer
{
    // Ours come first, so that the connection string overrides them; the encoding is not negotiable and comes last.
    let options: [(String, String)] = [
        ("fallback_application_name", settings.applicationName),
        ("connect_timeout", String(settings.connectTimeoutSeconds)),
        ("keepalives", "1"), ("keepalives_idle", "10"), ("keepalives_interval", "5"), ("keepalives_count", "3"),
        ("tcp_user_timeout", "20000"),
        ("dbname", settings.connectionString),
        ("client_encoding", "UTF8"),
    ]
    var keywords = options.map { option -> UnsafePointer<CChar>? in UnsafePointer(strdup(option.0)) } + [nil]
    var values = options.map { option -> UnsafePointer<CChar>? in UnsafePointer(strdup(option.1)) } + [nil]
    defer { for pointer in keywords + values { free(UnsafeMutablePointer(mutating: pointer)) } }
    guard let raw = PQconnectdbParams(&keywords, &values, 1) else {
        throw PostgresError(.connection, "no memory for a database connection")
    }
    guard PQstatus(raw) == CONNECTION_OK else {
        let message = libpqMessage(raw)
        PQfinish(raw)
        throw PostgresError(.connection, "cannot connect to \(parsed.target): \(message)").hiding(parsed.password)
    }
    // The default prints notices to standard error.
    PQsetNoticeProcessor(raw, { _, _ in }, nil)
    let further = settings.session.sorted { $0.key < $1.key }.map { "; SET \($0.key) = \($0.value)" }.joined()
    // Row security makes plans look dear, and compiling them costs each statement tens of milliseconds.
    let session = """
        SET TimeZone = 'UTC'; SET DateStyle = 'ISO, MDY'; SET client_min_messages = warning; \
        SET statement_timeout = \(Int(settings.statementTimeoutSeconds * 1000)); \
        SET idle_in_transaction_session_timeout = 60000; SET jit = off\(further)\
        \(settings.role.map { "; SET ROLE \"\($0.replacing("\"", with: "\"\""))\"" } ?? "")
        """
    let result = PQexec(raw, session)
    defer { PQclear(result) }
    guard PQresultStatus(result) == PGRES_COMMAND_OK else {
        let message = libpqMessage(raw)
        PQfinish(raw)
        throw PostgresError(.connection, "cannot set up a session with \(parsed.target): \(message)")
            .hiding(parsed.password)
    }
    return raw
}
