internal import Domain
internal import FoundationEssentials
internal import PostgresKit

/// Re-analyses in PostgreSQL. Their jobs are a batch of the queue, whose completion moves the counters (`EventJobHooks`).
struct PostgresReanalysisStore: ReanalysisStore {
    let pool: Pool
    let bell: JobBell

    /// Runs of one event's job before it has failed.
    private static let attempts = 12

    private struct Plan: Sendable {
        var version: DefinitionVersion
        var mode: Policy.Mode
        var analyzers: [Analyzer]
    }

    // MARK: Beginning

    func estimate(
        _ request: ReanalysisRequest, of organization: Identifier<Organization>
    ) async throws -> ReanalysisEstimate {
        try await storing("the re-analysis") {
            try await pool.of(organization).withTransaction { transaction in
                let plan = try Self.plan(request, organization, transaction)
                let matching = Self.matching(request, organization, select: "SELECT e.id", parameters: [])
                let count =
                    try transaction.run(
                        "SELECT count(*) AS number FROM (\(matching.sql)) found", matching.parameters
                    ).first?.get("number", as: Int.self) ?? 0
                // What the same judges took for the last events.
                let past = try transaction.run(
                    """
                    SELECT avg(latency_seconds) AS seconds, avg(cost) AS money,
                        avg(coalesce(prompt_tokens, 0) + coalesce(completion_tokens, 0)) AS tokens
                    FROM (SELECT * FROM verdicts WHERE organization_id = $1 AND policy = $2 AND (analyzer = ANY ($3::text[])
                        OR opinions @> jsonb_build_array(jsonb_build_object('analyzer', ($3::text[])[1])))
                        ORDER BY created_at DESC LIMIT 200) v
                    """,
                    [.id(organization), .text(plan.mode.rawValue), .array(plan.analyzers.map(\.name))]
                ).first
                func total(_ name: String) throws -> Double? {
                    try past?.optional(name, as: Double.self).map { $0 * Double(count) }
                }
                return ReanalysisEstimate(
                    events: count, seconds: try total("seconds"), tokens: try total("tokens"),
                    money: try total("money"))
            }
        }
    }

    func begin(
        _ request: ReanalysisRequest, of organization: Identifier<Organization>
    ) async throws -> (reanalysis: Reanalysis, isNew: Bool) {
        let id = Identifier<Reanalysis>.make(at: .now)
        let text = try ReanalysisDocument.text(request)
        let known = try await storing("the re-analysis") {
            try await pool.of(organization).withTransaction { transaction -> Identifier<Reanalysis>? in
                let plan = try Self.plan(request, organization, transaction)
                let made = try transaction.run(
                    """
                    INSERT INTO reanalyses (id, organization_id, state, request, request_hash, definition_version, policy,
                        analyzer_ids, max_tokens, max_money, until, created_at)
                    VALUES ($1, $2, 'running', $3, encode(sha256(convert_to($4, 'UTF8')), 'hex'), $5, $6, $7, $8, $9, $10, clock_timestamp())
                    ON CONFLICT (organization_id, request_hash) WHERE state IN ('running', 'paused') DO NOTHING
                    RETURNING id
                    """,
                    [
                        .id(id), .id(organization), .json(text), .text(text), .int(plan.version.version),
                        .text(plan.mode.rawValue), .ids(plan.analyzers.map(\.id)),
                        .optional(request.limits.tokens) { .int($0) },
                        .optional(request.limits.money) { .double($0) },
                        .optional(request.limits.until) { .time($0) },
                    ])
                if made.isEmpty {
                    return try transaction.run(
                        """
                        SELECT id FROM reanalyses
                        WHERE organization_id = $1 AND request_hash = encode(sha256(convert_to($2, 'UTF8')), 'hex')
                            AND state IN ('running', 'paused')
                        """, [.id(organization), .text(text)]
                    ).first?.id("id")
                }
                let matching = Self.matching(
                    request, organization,
                    select: "SELECT $1::uuid, e.id AS event_id, e.organization_id, v.id, v.state",
                    parameters: [.id(id)])
                try transaction.run(
                    """
                    INSERT INTO reanalysis_items (reanalysis_id, event_id, organization_id, old_verdict_id, old_state)
                    \(matching.sql)
                    """, matching.parameters)
                try transaction.run(
                    """
                    WITH jobs_made AS (
                        INSERT INTO jobs (id, organization_id, kind, payload, priority, state, run_at, max_attempts, unique_key,
                            batch_id, created_at)
                        SELECT gen_random_uuid(), organization_id, '\(JobKind.judgeAgain)',
                            jsonb_build_object('event_id', event_id, 'reanalysis_id', reanalysis_id), $2, 'available',
                            clock_timestamp(), $3, '\(JobKind.judgeAgain):' || reanalysis_id || ':' || event_id, reanalysis_id,
                            clock_timestamp()
                        FROM reanalysis_items WHERE reanalysis_id = $1
                        RETURNING id
                    ), counted AS (SELECT count(*) AS number FROM jobs_made)
                    UPDATE reanalyses SET events = number, state = CASE number WHEN 0 THEN 'completed' ELSE state END,
                        finished_at = CASE number WHEN 0 THEN clock_timestamp() END
                    FROM counted WHERE id = $1
                    """, [.id(id), .int(JobPriority.batch.rawValue), .int(Self.attempts)])
                return nil
            }
        }
        if known == nil { bell.ring() }
        return (try await reanalysis(known ?? id, of: organization), known == nil)
    }

    /// Events that can be shown to an analyzer, the newest so many.
    private static func matching(
        _ request: ReanalysisRequest, _ organization: Identifier<Organization>, select: String,
        parameters: [PostgresValue]
    ) -> (sql: String, parameters: [PostgresValue]) {
        let statement = EventListStatement(
            matching: request.filter, of: organization,
            select: select
                + """
                 FROM events e JOIN cameras c ON c.id = e.camera_id
                LEFT JOIN verdicts v ON v.id = e.current_verdict_id
                """, parameters: parameters)
        var sql = statement.sql + " AND e.evidence::text <> '[]'"
        var parameters = statement.parameters
        if let events = request.limits.events {
            parameters.append(.int(max(0, events)))
            sql += " ORDER BY e.triggered_at DESC, e.id DESC LIMIT $\(parameters.count)"
        }
        return (sql, parameters)
    }

    private static func plan(
        _ request: ReanalysisRequest, _ organization: Identifier<Organization>, _ transaction: isolated Connection
    ) throws -> Plan {
        let version = try transaction.run(
            """
            SELECT \(DefinitionRow.columns)
            FROM definition_versions v JOIN definitions d ON d.id = v.definition_id
            WHERE d.organization_id = $1 AND d.is_default AND ($2::int IS NULL OR v.version = $2)
            ORDER BY v.version DESC LIMIT 1
            """, [.id(organization), .optional(request.definitionVersion) { .int($0) }]
        ).first.map(PostgresJudgingStore.version)
        guard let version else {
            throw StoreError.notFound(
                request.definitionVersion.map { "the definition has no version \($0)" }
                    ?? "the organization has no definition of what is normal")
        }
        let rows = try transaction.run(
            """
            SELECT p.mode, \(AnalyzerRow.columns)
            FROM policies p JOIN policy_analyzers pa ON pa.policy_id = p.id JOIN analyzers a ON a.id = pa.analyzer_id
            WHERE p.organization_id = $1 AND p.is_default ORDER BY pa.position
            """, [.id(organization)])
        var analyzers = try rows.map(AnalyzerRow.analyzer)
        if let names = request.analyzers {
            let all = try transaction.run(
                "SELECT \(AnalyzerRow.columns) FROM analyzers a WHERE organization_id = $1",
                [.id(organization)]
            ).map(AnalyzerRow.analyzer)
            analyzers = try names.map { name in
                guard let found = all.first(where: { $0.name == name }) else {
                    throw StoreError.notFound("there is no analyzer \"\(name)\"")
                }
                return found
            }
        }
        let mode = try request.policy ?? (request.analyzers?.count == 1 ? .single : rows.first?.word("mode")) ?? .single
        guard analyzers.count == mode.analyzerCount else {
            throw StoreError.conflict(
                "policy \(mode.rawValue) takes \(mode.analyzerCount) analyzers, not \(analyzers.count)")
        }
        return Plan(version: version, mode: mode, analyzers: analyzers)
    }

    // MARK: Reading

    private static let select = """
        SELECT r.*, \(ReanalysisDocument.framesColumns), (SELECT coalesce(array_agg(coalesce(a.name, '(gone)') ORDER BY u.position), '{}')
                FROM unnest(r.analyzer_ids) WITH ORDINALITY u (id, position) LEFT JOIN analyzers a ON a.id = u.id) AS names,
            (SELECT count(*) / greatest(1, least(60, extract(epoch FROM clock_timestamp() - r.created_at)))
                FROM reanalysis_items i WHERE r.state = 'running' AND i.reanalysis_id = r.id
                    AND i.finished_at > clock_timestamp() - interval '60 seconds')::float8 AS rate
        FROM reanalyses r
        """

    func reanalysis(
        _ id: Identifier<Reanalysis>, of organization: Identifier<Organization>
    ) async throws -> Reanalysis {
        try await storing("re-analysis \(id)") {
            let rows = try await pool.of(organization).query(
                Self.select + " WHERE r.id = $1 AND r.organization_id = $2", [.id(id), .id(organization)])
            guard let row = rows.first else { throw Self.missing(id) }
            return try Self.reanalysis(row)
        }
    }

    func reanalyses(
        of organization: Identifier<Organization>, limit: Int, before: Identifier<Reanalysis>?
    ) async throws -> [Reanalysis] {
        try await storing("re-analyses") {
            try await pool.of(organization).query(
                Self.select + """
                     WHERE r.organization_id = $1 AND ($2::uuid IS NULL OR r.id < $2) ORDER BY r.id DESC LIMIT $3
                    """, [.id(organization), .optional(before) { .id($0) }, .int(limit)]
            ).map(Self.reanalysis)
        }
    }

    func changes(
        of id: Identifier<Reanalysis>, in organization: Identifier<Organization>
    ) async throws -> [ReanalysisChange] {
        _ = try await reanalysis(id, of: organization)
        return try await storing("re-analysis \(id)") {
            try await pool.of(organization).query(
                """
                SELECT old_state, new_state, count(*) AS number FROM reanalysis_items
                WHERE reanalysis_id = $1 AND organization_id = $2 AND state = 'done'
                GROUP BY old_state, new_state ORDER BY old_state NULLS FIRST, new_state
                """, [.id(id), .id(organization)]
            ).map { row in
                ReanalysisChange(
                    old: try row.optional("old_state", as: String.self).flatMap(Verdict.State.init(rawValue:)),
                    new: try row.optional("new_state", as: String.self).flatMap(Verdict.State.init(rawValue:)),
                    events: try row.get("number"))
            }
        }
    }

    func events(
        of id: Identifier<Reanalysis>, in organization: Identifier<Organization>, from old: Verdict.State?,
        to new: Verdict.State?, limit: Int, after: Identifier<Event>?
    ) async throws -> [Identifier<Event>] {
        _ = try await reanalysis(id, of: organization)
        return try await storing("re-analysis \(id)") {
            try await pool.of(organization).query(
                """
                SELECT event_id FROM reanalysis_items
                WHERE reanalysis_id = $1 AND organization_id = $2 AND state = 'done'
                    AND old_state IS NOT DISTINCT FROM $3::text AND new_state IS NOT DISTINCT FROM $4::text
                    AND ($5::uuid IS NULL OR event_id > $5)
                ORDER BY event_id LIMIT $6
                """,
                [
                    .id(id), .id(organization), .optional(old) { .text($0.rawValue) },
                    .optional(new) { .text($0.rawValue) }, .optional(after) { .id($0) }, .int(limit),
                ]
            ).map { try $0.id("event_id") }
        }
    }

    // MARK: Steering

    func pause(_ id: Identifier<Reanalysis>, of organization: Identifier<Organization>, reason: String) async throws {
        try await move(id, organization, from: [.running], to: .paused, reason: reason) { transaction in
            try transaction.run(JobStatements.hold, [.id(id)])
        }
    }

    func resume(_ id: Identifier<Reanalysis>, of organization: Identifier<Organization>) async throws {
        try await move(id, organization, from: [.paused], to: .running) { transaction in
            try transaction.run(JobStatements.letGo, [.id(id)])
        }
        bell.ring()
    }

    func cancel(_ id: Identifier<Reanalysis>, of organization: Identifier<Organization>) async throws {
        try await move(id, organization, from: [.running, .paused], to: .cancelled) { transaction in
            try transaction.run(JobStatements.cancelBatch, [.id(id), .id(organization)])
        }
    }

    func discard(_ id: Identifier<Reanalysis>, of organization: Identifier<Organization>) async throws {
        try await move(id, organization, from: [.completed, .cancelled], to: .discarded) { _ in }
    }

    func promote(_ id: Identifier<Reanalysis>, of organization: Identifier<Organization>) async throws {
        try await move(id, organization, from: [.completed], to: .promoted) { transaction in
            try transaction.run(
                """
                WITH moved AS (
                    UPDATE events e SET current_verdict_id = v.id, verdict_state = v.state,
                        verdict_confidence = v.confidence, verdict_labels = v.labels, analysis = 'done',
                        analysis_error = NULL, changed_at = clock_timestamp()
                    FROM reanalysis_items i JOIN verdicts v ON v.id = i.new_verdict_id
                    WHERE i.reanalysis_id = $1 AND i.state = 'done' AND e.id = i.event_id AND e.organization_id = $2
                    RETURNING e.id, e.organization_id
                )
                SELECT count(\(Channel.notifyEvent(.updated, id: "id", organization: "organization_id"))) FROM moved
                """, [.id(id), .id(organization)])
        }
    }

    /// Changes the state and does `body` in one transaction. Jobs are locked before the re-analysis, as the queue does.
    private func move(
        _ id: Identifier<Reanalysis>, _ organization: Identifier<Organization>, from allowed: [Reanalysis.State],
        to state: Reanalysis.State, reason: String? = nil,
        _ body: @Sendable @escaping (isolated Connection) throws -> Void
    ) async throws {
        try await storing("re-analysis \(id)") {
            try await pool.of(organization).withTransaction { transaction in
                let present = try transaction.run(
                    "SELECT state FROM reanalyses WHERE id = $1 AND organization_id = $2", [.id(id), .id(organization)])
                guard let row = present.first else { throw Self.missing(id) }
                let was: Reanalysis.State = try row.word("state")
                if was == state { return }
                if allowed.contains(was) { try body(transaction) }
                let moved = try transaction.run(
                    """
                    UPDATE reanalyses SET state = $3, reason = $4,
                        finished_at = CASE WHEN $3 = 'cancelled' THEN clock_timestamp() ELSE finished_at END
                    WHERE id = $1 AND organization_id = $2 AND state = ANY ($5::text[]) RETURNING id
                    """,
                    [
                        .id(id), .id(organization), .text(state.rawValue), .optional(reason) { .text($0) },
                        .array(allowed.map(\.rawValue)),
                    ])
                if moved.isEmpty {
                    throw StoreError.conflict("the re-analysis is \(was.rawValue), and cannot become \(state.rawValue)")
                }
            }
        }
    }

    // MARK: For workers

    func task(
        for event: Identifier<Event>, in id: Identifier<Reanalysis>, of organization: Identifier<Organization>
    ) async throws -> ReanalysisTask {
        let (task, exhausted) = try await storing("event \(event)") {
            try await pool.of(organization).withTransaction { transaction -> (ReanalysisTask, String?) in
                let rows = try transaction.run(
                    """
                    SELECT state, definition_version, policy, analyzer_ids, \(ReanalysisDocument.framesColumns), CASE
                        WHEN until <= clock_timestamp() THEN 'until' WHEN tokens >= max_tokens THEN 'tokens'
                        WHEN money >= max_money AND max_money > 0 THEN 'money' END AS exhausted
                    FROM reanalyses WHERE id = $1 AND organization_id = $2
                    """, [.id(id), .id(organization)])
                guard let row = rows.first else { return (.over, nil) }
                switch try row.word("state", as: Reanalysis.State.self) {
                case .paused: return (.wait, nil)
                case .running: break
                case .completed, .cancelled, .promoted, .discarded: return (.over, nil)
                }
                if let exhausted = try row.optional("exhausted", as: String.self) { return (.wait, exhausted) }
                guard let found = try transaction.run(EventRow.selectOne, [.id(event), .id(organization)]).first else {
                    throw StoreError.notFound("there is no event \(event)")
                }
                let version = try transaction.run(
                    """
                    SELECT \(DefinitionRow.columns)
                    FROM definition_versions v JOIN definitions d ON d.id = v.definition_id
                    WHERE d.organization_id = $1 AND d.is_default AND v.version = $2
                    """, [.id(organization), .int(try row.get("definition_version", as: Int.self))]
                ).first.map(PostgresJudgingStore.version)
                let ids: [UUID] = try row.get("analyzer_ids")
                let analyzers = try transaction.run(
                    """
                    SELECT \(AnalyzerRow.columns)
                    FROM unnest($2::uuid[]) WITH ORDINALITY u (id, position) JOIN analyzers a ON a.id = u.id
                    WHERE a.organization_id = $1 ORDER BY u.position
                    """, [.id(organization), .uuids(ids)]
                ).map(AnalyzerRow.analyzer)
                guard let version, analyzers.count == ids.count else {
                    throw StoreError.notFound("the definition or an analyzer of the re-analysis is gone")
                }
                let detail = try EventRow.detail(found)
                return (
                    .judge(
                        JudgeTask(
                            event: detail, definition: version,
                            policy: Policy(
                                id: Identifier(id.uuid), mode: try row.word("policy"), analyzers: analyzers.map(\.id)),
                            analyzers: analyzers,
                            zones: try PostgresJudgingStore.zones(of: detail.record.camera, transaction),
                            references: try JudgingPlan.references(version, organization, transaction),
                            frames: try ReanalysisDocument.frames(row))), nil
                )
            }
        }
        if let exhausted {
            do {
                try await pause(id, of: organization, reason: exhausted)
            } catch StoreError.conflict {
                // Somebody else ended it meanwhile.
            }
        }
        return task
    }

    private static func missing(_ id: Identifier<Reanalysis>) -> StoreError {
        .notFound("there is no re-analysis \(id)")
    }

    private static func reanalysis(_ row: Row) throws -> Reanalysis {
        Reanalysis(
            id: try row.id("id"), organization: try row.id("organization_id"), state: try row.word("state"),
            reason: try row.optional("reason"), definitionVersion: try row.get("definition_version"),
            policy: try row.word("policy"), analyzers: try row.get("names"),
            limits: ReanalysisLimits(
                tokens: try row.optional("max_tokens"), money: try row.optional("max_money"),
                until: try row.optional("until", as: PostgresTimestamp.self).map { WallTime($0) }),
            progress: ReanalysisProgress(
                events: try row.get("events"), done: try row.get("done"), failed: try row.get("failed"),
                tokens: try row.get("tokens"), money: try row.get("money"), eventsPerSecond: try row.get("rate")),
            createdAt: try row.time("created_at"),
            finishedAt: try row.optional("finished_at", as: PostgresTimestamp.self).map { WallTime($0) },
            frames: try ReanalysisDocument.frames(row))
    }
}
