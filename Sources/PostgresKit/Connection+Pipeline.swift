internal import CPostgres

extension Connection {
    /// One statement in a transaction with these settings, in one way to the server and back. Otherwise as `query`, but what
    /// is prepared is planned once, for any parameters: below row security planning costs several times what running does.
    /// A text that wants another plan for other values must be another text, or not be prepared.
    ///
    /// https://www.postgresql.org/docs/15/libpq-pipeline-mode.html: what is sent up to a sync is one transaction.
    package func query(
        _ sql: String, _ parameters: [PostgresValue], prepare: Bool, settings: TransactionSettings
    ) async throws -> Rows {
        try await cancellable { connection throws in
            var attempt = 1
            while true {
                do {
                    return try connection.guarded { () throws(PostgresError) in
                        try connection.pipelined(settings, sql, parameters, prepare: prepare)
                    }
                } catch let error as PostgresError where error.isWorthRepeating && attempt < 3 {
                    attempt += 1
                }
            }
        }
    }

    private func pipelined(
        _ settings: TransactionSettings, _ sql: String, _ parameters: [PostgresValue], prepare: Bool
    ) throws(PostgresError) -> Rows {
        let raw = try connected()
        // Preparing goes its own way, once for each connection.
        let selection = prepare ? settings.selectionPlannedOnce : settings.selection
        let settingName = try preparedName(of: selection, raw)
        let name = prepare ? try preparedName(of: sql, raw) : nil
        let columns = prepare ? prepared.columns(of: sql) : nil
        let settingTexts = settings.values.map { Optional($0) }
        let texts = try Self.texts(of: parameters)
        guard PQenterPipelineMode(raw) == 1 else { throw failure(of: raw, nil, sql) }
        // Not of a connection that was closed meanwhile, whose memory is gone.
        defer { if let raw = self.raw { PQexitPipelineMode(raw) } }
        guard Self.send(raw, settingName, selection, settingTexts), Self.send(raw, name, sql, texts),
            PQpipelineSync(raw) == 1
        else {
            // What was sent of it ends with the connection, which nobody gets again.
            let error = failure(of: raw, nil, sql)
            close()
            throw error
        }
        var failed: PostgresError?
        var hasSettings = false
        var rows: Rows?
        while true {
            // The results of each statement end with a null; only a lost connection gives nulls without an end.
            guard let result = PQgetResult(raw) else {
                if PQstatus(raw) != CONNECTION_OK { throw failed ?? failure(of: raw, nil, sql) }
                continue
            }
            let box = ResultBox(takingOwnershipOf: result, columns: hasSettings ? columns : [:])
            switch PQresultStatus(result) {
            case PGRES_PIPELINE_SYNC:
                if let failed { throw failed }
                guard let rows else { throw PostgresError(.data, "the server gave no result", statement: sql) }
                return rows
            case PGRES_TUPLES_OK, PGRES_COMMAND_OK:
                if hasSettings {
                    rows = Rows(result: box)
                    if prepare, columns == nil { prepared.note(box.columns, of: sql) }
                }
                // The statement's comes second.
                hasSettings = true
            case PGRES_PIPELINE_ABORTED:
                break
            case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH:
                throw refuseCopy(sql, box)
            default:
                if failed == nil { failed = failure(of: raw, result, sql) }
            }
            withExtendedLifetime(box) {}
        }
    }
}
