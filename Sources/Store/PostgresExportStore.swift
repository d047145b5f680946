internal import Domain
internal import FoundationEssentials
internal import PostgresKit

/// Exports in PostgreSQL.
struct PostgresExportStore: ExportStore {
    let pool: Pool
    let bell: JobBell

    /// Runs of a job before its export has failed.
    private static let attempts = 5
    private static let columns = """
        id, organization_id, camera_ids::text[] AS camera_ids, span_camera_id, from_at, to_at,
            event_ids::text[] AS event_ids, format, keeps_gaps, author, job_id, state, progress, error, file, size_bytes, sha256,
            manifest::text AS manifest, created_at, finished_at, expires_at
        """

    func insert(_ export: Export) async throws {
        try await storing("export \(export.id)") {
            try await pool.of(export.organization).withTransaction { transaction in
                let waiting = try transaction.run(
                    "SELECT count(*) AS number FROM exports WHERE organization_id = $1 AND state IN ('pending', 'running')",
                    [.id(export.organization)]
                ).first?.get("number", as: Int.self)
                guard (waiting ?? 0) < ExportRules.mostUnfinished else {
                    throw StoreError.duplicate(
                        "\(ExportRules.mostUnfinished) exports wait or are being made; wait for one, or delete one")
                }
                var span: (camera: PostgresValue, from: PostgresValue, to: PostgresValue) = (.null, .null, .null)
                var events = PostgresValue.null
                switch export.content {
                case .span(let camera, let from, let to): span = (.id(camera), .time(from), .time(to))
                case .events(let ids): events = .ids(ids)
                }
                try transaction.run(
                    """
                    INSERT INTO exports (id, organization_id, camera_ids, span_camera_id, from_at, to_at, event_ids, format,
                        keeps_gaps, author, job_id, state, created_at)
                    VALUES ($1, $2, $3::uuid[], $4, $5, $6, $7::uuid[], $8, $9, $10, $11, 'pending', $12)
                    """,
                    [
                        .id(export.id), .id(export.organization), .ids(export.cameras), span.camera, span.from, span.to,
                        events, .text(export.format.rawValue), .bool(export.keepsGaps),
                        .text(export.author.storable(limit: 200)), .id(export.job), .time(export.createdAt),
                    ])
                try transaction.run(
                    """
                    INSERT INTO jobs (id, organization_id, kind, payload, priority, state, run_at, max_attempts, unique_key,
                        created_at)
                    VALUES ($1, $2, '\(JobKind.export)', jsonb_build_object('export_id', $3::uuid), $4, 'available', clock_timestamp(), $5,
                        '\(JobKind.export):' || $3::uuid, clock_timestamp())
                    """,
                    [
                        .id(export.job), .id(export.organization), .id(export.id),
                        .int(JobPriority.interactive.rawValue), .int(Self.attempts),
                    ])
            }
        }
        bell.ring()
    }

    func export(_ id: Identifier<Export>, of organization: Identifier<Organization>) async throws -> Export {
        try await storing("export \(id)") {
            let rows = try await pool.of(organization).query(
                "SELECT \(Self.columns) FROM exports WHERE id = $1 AND organization_id = $2",
                [.id(id), .id(organization)])
            guard let row = rows.first else { throw StoreError.notFound("there is no export \(id)") }
            return try Self.export(row)
        }
    }

    func exports(
        of organization: Identifier<Organization>, state: Export.State?, after: Identifier<Export>?, limit: Int
    ) async throws -> [Export] {
        try await storing("exports") {
            try await pool.of(organization).query(
                """
                SELECT \(Self.columns) FROM exports
                WHERE organization_id = $1 AND ($2::uuid IS NULL OR id < $2) AND ($3::text IS NULL OR state = $3)
                ORDER BY id DESC LIMIT $4
                """,
                [
                    .id(organization), .optional(after) { .id($0) }, .optional(state) { .text($0.rawValue) },
                    .int(limit),
                ]
            ).map(Self.export)
        }
    }

    // MARK: The job

    func begin(_ id: Identifier<Export>, of organization: Identifier<Organization>) async throws -> Export? {
        try await storing("export \(id)") {
            try await pool.of(organization).query(
                """
                UPDATE exports SET state = 'running', progress = 0, error = NULL, finished_at = NULL
                WHERE id = $1 AND organization_id = $2 AND state IN ('pending', 'running', 'failed', 'cancelled')
                RETURNING \(Self.columns)
                """, [.id(id), .id(organization)]
            ).first.map(Self.export)
        }
    }

    func progress(
        _ id: Identifier<Export>, of organization: Identifier<Organization>, fraction: Double
    ) async throws -> Bool {
        try await storing("export \(id)") {
            try await !pool.of(organization).query(
                """
                UPDATE exports SET progress = $3 WHERE id = $1 AND organization_id = $2 AND state = 'running' RETURNING 1
                """, [.id(id), .id(organization), .double(min(1, max(0, fraction)))]
            ).isEmpty
        }
    }

    func finish(
        _ id: Identifier<Export>, of organization: Identifier<Organization>, _ result: Export.Result,
        keepSeconds: Double
    ) async throws -> Bool {
        let manifest = String(decoding: try JSONEncoder().encode(result.manifest), as: UTF8.self)
        return try await storing("export \(id)") {
            try await !pool.of(organization).query(
                """
                UPDATE exports SET state = 'ready', progress = 1, file = $3, size_bytes = $4, sha256 = $5,
                    manifest = $6::jsonb, finished_at = clock_timestamp(),
                    expires_at = clock_timestamp() + make_interval(secs => $7)
                WHERE id = $1 AND organization_id = $2 AND state = 'running' RETURNING 1
                """,
                [
                    .id(id), .id(organization), .text(result.file), .int(result.sizeBytes), .text(result.sha256),
                    .json(manifest), .double(keepSeconds),
                ]
            ).isEmpty
        }
    }

    func delete(_ id: Identifier<Export>, of organization: Identifier<Organization>) async throws -> String? {
        try await storing("export \(id)") {
            try await pool.of(organization).withTransaction { transaction in
                // The queue's order: first the job, then what follows it.
                guard
                    try !transaction.run(
                        "SELECT 1 FROM exports WHERE id = $1 AND organization_id = $2", [.id(id), .id(organization)]
                    ).isEmpty
                else { throw StoreError.notFound("there is no export \(id)") }
                try transaction.run(JobStatements.cancelByKey, [.text("export:\(id)"), .id(organization)])
                let rows = try transaction.run(
                    "DELETE FROM exports WHERE id = $1 AND organization_id = $2 RETURNING file",
                    [.id(id), .id(organization)])
                return try rows.first?.optional("file", as: String.self)
            }
        }
    }

    func tidy(at now: WallTime) async throws -> Set<String> {
        try await storing("exports") {
            let pool = self.pool.on(.settle)
            try await pool.query(
                """
                UPDATE exports SET state = 'expired', file = NULL
                WHERE coalesce(expires_at, finished_at) <= $1 AND state = 'ready'
                """, [.time(now)])
            try await pool.query(
                """
                DELETE FROM exports WHERE coalesce(expires_at, finished_at) <= $1
                    AND state IN ('expired', 'failed', 'cancelled')
                """, [.time(now.advanced(bySeconds: -ExportRules.memorySeconds))])
            let rows = try await pool.query("SELECT file FROM exports WHERE state = 'ready'")
            return Set(try rows.map { try $0.get("file", as: String.self) })
        }
    }

    // MARK: Values

    private static func identifiers<Entity>(_ texts: [String]) throws -> [Identifier<Entity>] {
        try texts.map { text in
            guard let id = Identifier<Entity>(text) else {
                throw PostgresError(.data, "\"\(text)\" is not a UUID")
            }
            return id
        }
    }

    private static func export(_ row: Row) throws -> Export {
        let content: Export.Content
        if let events = try row.optional("event_ids", as: [String].self) {
            content = .events(try identifiers(events))
        } else {
            content = .span(
                camera: try row.id("span_camera_id"), from: try row.time("from_at"), to: try row.time("to_at"))
        }
        var result: Export.Result?
        if let file = try row.optional("file", as: String.self) {
            result = Export.Result(
                file: file, sizeBytes: try row.get("size_bytes"), sha256: try row.get("sha256"),
                manifest: try JSONDecoder().decode(
                    ExportManifest.self, from: Data(row.get("manifest", as: String.self).utf8)))
        }
        return Export(
            id: try row.id("id"), organization: try row.id("organization_id"), content: content,
            format: try row.word("format"), keepsGaps: try row.get("keeps_gaps"),
            cameras: try identifiers(row.get("camera_ids", as: [String].self)), author: try row.get("author"),
            job: try row.id("job_id"), createdAt: try row.time("created_at"), state: try row.word("state"),
            progress: try row.get("progress"),
            finishedAt: try row.optional("finished_at", as: PostgresTimestamp.self).map { WallTime($0) },
            expiresAt: try row.optional("expires_at", as: PostgresTimestamp.self).map { WallTime($0) },
            error: try row.optional("error"), result: result)
    }
}
