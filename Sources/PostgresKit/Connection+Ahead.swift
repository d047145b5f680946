extension Connection {
    /// Runs a statement that the server has prepared, for whoever alone has the connection, as a pool's borrower does: it is sent from
    /// the thread of the caller, so that the server works while the thread wakes that waits for its answer. Nil where that is not
    /// possible; nothing was done then.
    nonisolated func queryAhead(_ sql: String, _ parameters: [PostgresValue]) async throws -> Rows? {
        guard isUsable(), let raw, let name = prepared.name(of: sql) else { return nil }
        let texts = try Self.texts(of: parameters)
        // More might have to wait until the server reads it.
        guard texts.reduce(0, { $0 + ($1?.utf8.count ?? 0) }) < Self.greatestAhead else { return nil }
        let ticket = canceller.issue()
        return try await withTaskCancellationHandler {
            // In this order: a cancellation after the check finds the mark.
            canceller.begin(ticket)
            defer { canceller.end() }
            try Task.checkCancellation()
            guard Self.send(raw, name, sql, texts) else { throw failure(of: raw, nil, sql) }
            do {
                return try await received(sql)
            } catch let error as PostgresError where error.isCancelled && Task.isCancelled {
                throw CancellationError()
            }
        } onCancel: {
            canceller.cancel(ticket)
        }
    }

    /// Bytes of parameters that the socket of an idle session takes at once.
    private static var greatestAhead: Int { 8192 }
}
