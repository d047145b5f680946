internal import Domain
internal import FoundationEssentials
internal import PostgresKit

/// Reads the queue's two tables as a tenant. The statements of the queue itself are in `PostgresJobQueue`.
struct PostgresJobDesk: JobDesk {
    let pool: Pool
    let bell: JobBell

    /// Runs of a job that somebody asked for by hand.
    private static let attempts = 12

    /// A user with grants sees the jobs of events that are granted; security on `events` decides which those are.
    private static let isGranted = "(vedette_viewer() IS NULL OR (SELECT true \(event)))"
    /// The event that a job's payload names. Below row security an index is searched only for what no function that might
    /// leak is part of: so the payload is read first, and apart (`OFFSET 0`).
    private static let event = """
        FROM (SELECT (payload->>'event_id')::uuid AS id OFFSET 0) named JOIN events e ON e.id = named.id
        """
    private static let columns = """
        id, organization_id, kind, payload, priority, state, attempt, max_attempts, expirations, lease_owner, batch_id,
            last_error, created_at, errors::text AS errors, CASE WHEN isfinite(run_at) THEN run_at END AS run_at,
            payload->>'event_id' AS event_id
        """
    private static let waiting = "SELECT \(columns), lease_expires_at, NULL::timestamptz AS finished_at FROM jobs"
    private static let finished =
        "SELECT \(columns), NULL::timestamptz AS lease_expires_at, finished_at FROM job_history"

    // MARK: Reading

    func jobs(_ query: JobListQuery, of organization: Identifier<Organization>) async throws -> [JobRecord] {
        let states = query.states ?? Set(Job.State.allCases)
        let ended = states.filter(\.isFinished)
        var found: [JobRecord] = []
        if ended.count < states.count, query.after.map({ !$0.isFinished }) ?? true {
            found = try await list(
                Self.waiting, by: "created_at", query, states.subtracting(ended), organization, query.limit)
        }
        if !ended.isEmpty, found.count < query.limit {
            found += try await list(
                Self.finished, by: "finished_at", query, ended, organization, query.limit - found.count)
        }
        return found
    }

    /// A page of one of the two tables.
    private func list(
        _ select: String, by time: String, _ query: JobListQuery, _ states: Set<Job.State>,
        _ organization: Identifier<Organization>, _ limit: Int
    ) async throws -> [JobRecord] {
        var parameters: [PostgresValue] = [.id(organization)]
        func add(_ value: PostgresValue) -> String {
            parameters.append(value)
            return "$\(parameters.count)"
        }
        var conditions = ["organization_id = $1", Self.isGranted]
        if query.states != nil { conditions.append("state = ANY (\(add(.array(states.map(\.rawValue))))::text[])") }
        if let kind = query.kind { conditions.append("kind = \(add(.text(kind)))") }
        if let event = query.event { conditions.append("payload->>'event_id' = \(add(.text(event.description)))") }
        if let camera = query.camera {
            conditions.append(
                """
                (SELECT e.camera_id \(Self.event)) = \(add(.id(camera)))
                """)
        }
        if let after = query.after, after.isFinished == (time == "finished_at") {
            conditions.append("(\(time), id) < (\(add(.time(after.at)))::timestamptz, \(add(.id(after.id)))::uuid)")
        }
        let sql =
            "\(select) WHERE \(conditions.joined(separator: " AND ")) ORDER BY \(time) DESC, id DESC LIMIT \(add(.int(limit)))"
        return try await storing("jobs") { [parameters] in
            try await pool.of(organization).query(sql, parameters).map(Self.record)
        }
    }

    func job(_ id: Identifier<Job>, of organization: Identifier<Organization>) async throws -> JobRecord {
        try await storing("job \(id)") {
            let condition = " WHERE id = $1 AND organization_id = $2 AND \(Self.isGranted)"
            let rows = try await pool.of(organization).query(
                "\(Self.waiting)\(condition) UNION ALL \(Self.finished)\(condition) ORDER BY finished_at DESC NULLS FIRST",
                [.id(id), .id(organization)])
            guard let row = rows.first else { throw StoreError.notFound("there is no job \(id)") }
            return try Self.record(row)
        }
    }

    func depths(of organization: Identifier<Organization>) async throws -> [JobDepth] {
        try await storing("jobs") {
            try await pool.of(organization).query(
                """
                SELECT kind, priority, state, count(*) AS number,
                    greatest(0, extract(epoch FROM clock_timestamp() - min(created_at)))::float8 AS oldest
                FROM jobs WHERE organization_id = $1 AND \(Self.isGranted) GROUP BY kind, priority, state
                UNION ALL
                SELECT kind, priority, state, count(*), NULL FROM job_history
                WHERE organization_id = $1 AND finished_at > clock_timestamp() - interval '1 day' AND \(Self.isGranted)
                GROUP BY kind, priority, state
                ORDER BY priority, kind, state
                """, [.id(organization)]
            ).map { row in
                JobDepth(
                    kind: try row.get("kind"), priority: JobPriority(rawValue: try row.get("priority")),
                    state: try row.word("state"), count: try row.get("number"),
                    oldestSeconds: try row.optional("oldest"))
            }
        }
    }

    // MARK: Asking

    func ask(
        _ event: Identifier<Event>, as choice: JudgingChoice, of organization: Identifier<Organization>
    ) async throws -> (job: Identifier<Job>, isNew: Bool) {
        let key = JobKind.key(judging: event)
        let payload = try JudgePayload(event: event, choice: choice).text
        let answer = try await storing("event \(event)") {
            try await pool.of(organization).withTransaction { transaction -> (Identifier<Job>, Bool) in
                guard let row = try transaction.run(EventRow.selectOne, [.id(event), .id(organization)]).first else {
                    throw StoreError.notFound("there is no event \(event)")
                }
                let record = try EventRow.record(row)
                if record.evidence.isEmpty {
                    throw StoreError.conflict("the event has no evidence pictures that could be shown to an analyzer")
                }
                // What cannot be followed is refused now, and not by a worker later.
                _ = try JudgingPlan(choice, camera: record.camera, site: record.site, organization, transaction)
                let made = try transaction.run(
                    """
                    INSERT INTO jobs (id, organization_id, kind, payload, priority, state, run_at, max_attempts, unique_key,
                        created_at)
                    VALUES ($1, $2, '\(JobKind.judgeEvent)', $3, $4, 'available', clock_timestamp(), $5, $6, clock_timestamp())
                    ON CONFLICT DO NOTHING RETURNING id
                    """,
                    [
                        .id(Identifier<Job>.make(at: .now)), .id(organization), .json(payload),
                        .int(JobPriority.interactive.rawValue), .int(Self.attempts), .text(key),
                    ])
                guard let new = try made.first?.id("id", of: Job.self) else {
                    try transaction.run(
                        JobStatements.hurryByKey, [.text(key), .int(JobPriority.interactive.rawValue), .json(payload)])
                    let present = try transaction.run(
                        "SELECT id, payload = $2::jsonb AS is_same FROM jobs WHERE unique_key = $1",
                        [.text(key), .json(payload)]
                    ).first
                    guard let present, try present.get("is_same", as: Bool.self) else {
                        throw StoreError.duplicate(
                            "the event waits to be judged or is being judged otherwise; cancel that job, or ask again when it has ended"
                        )
                    }
                    return (try present.id("id"), false)
                }
                try transaction.run(
                    """
                    UPDATE events SET analysis = 'pending', analysis_error = NULL, changed_at = clock_timestamp()
                    WHERE id = $1
                    RETURNING \(Channel.notifyEvent(.updated, id: "events.id", organization: "events.organization_id"))
                    """, [.id(event)])
                return (new, true)
            }
        }
        bell.ring()
        return answer
    }

    // MARK: Values

    private static func record(_ row: Row) throws -> JobRecord {
        JobRecord(
            job: Job(
                id: try row.id("id"), organization: try row.id("organization_id"), kind: try row.get("kind"),
                payload: try row.get("payload"), state: try row.word("state"), attempt: try row.get("attempt"),
                maximumAttempts: try row.get("max_attempts"), priority: JobPriority(rawValue: try row.get("priority"))),
            event: try row.optional("event_id"),
            batch: try row.optional("batch_id"),
            runAt: try row.optional("run_at", as: PostgresTimestamp.self).map { WallTime($0) },
            expirations: try row.get("expirations"), worker: try row.optional("lease_owner"),
            leaseExpiresAt: try row.optional("lease_expires_at", as: PostgresTimestamp.self).map { WallTime($0) },
            createdAt: try row.time("created_at"),
            finishedAt: try row.optional("finished_at", as: PostgresTimestamp.self).map { WallTime($0) },
            lastError: try row.optional("last_error"), failures: try FailureDocument.failures(row.get("errors")))
    }

    /// As `JobStatements.fail` writes it.
    private struct FailureDocument: Decodable {
        var attempt: Int
        var at: String
        var error: String

        static func failures(_ text: String) throws -> [JobRecord.Failure] {
            if text == "[]" { return [] }
            return try JSONDecoder().decode([FailureDocument].self, from: Data(text.utf8)).map {
                JobRecord.Failure(
                    attempt: $0.attempt, at: WallTime(rfc3339: $0.at) ?? WallTime(nanosecondsSinceEpoch: 0),
                    error: $0.error)
            }
        }
    }
}
