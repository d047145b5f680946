internal import Domain
internal import PostgresKit

/// Events and what hangs on them in PostgreSQL.
struct PostgresEventStore: EventStore {
    let pool: Pool
    let listener: Listener
    let bell: JobBell
    private let singles: GatheredReads<Viewing, Identifier<Event>>

    /// Who sees events: a tenant, or the user with grants in it.
    private struct Viewing: Hashable {
        let organization: Identifier<Organization>
        let viewer: Identifier<User>?
    }

    init(pool: Pool, listener: Listener, bell: JobBell) {
        self.pool = pool
        self.listener = listener
        self.bell = bell
        singles = GatheredReads { viewing, ids in
            try await RestrictedViewer.$current.withValue(viewing.viewer) {
                let rows = try await pool.of(viewing.organization).query(
                    EventRow.selectThese, [.ids(Array(ids)), .id(viewing.organization)], prepare: true)
                return Dictionary(try rows.map { (try $0.id("id"), $0) }) { first, _ in first }
            }
        }
    }

    /// Runs of a judging job before it gives up; with the usual back-off about half an hour.
    static let judgingAttempts = 12

    // I3: one statement and so one transaction; nothing but the first insert does anything.
    private static let handOverStatement = """
        WITH judging AS (
            SELECT CASE
                WHEN $18::int = 0 THEN 'no picture of the event could be made'
                WHEN NOT EXISTS (
                    SELECT FROM policies p JOIN policy_analyzers pa ON pa.policy_id = p.id
                    WHERE p.organization_id = $2 AND p.is_default) THEN 'no policy with an analyzer is configured'
                WHEN NOT EXISTS (
                    SELECT FROM definitions d JOIN definition_versions dv ON dv.definition_id = d.id
                    WHERE d.organization_id = $2 AND d.is_default) THEN 'no definition of what is normal is configured'
                END AS obstacle
        ), event AS (
            INSERT INTO events (id, organization_id, site_id, camera_id, kind, state, triggered_at, started_at, ended_at,
                score, boxes, thumbnail_path, continues_event_id, analysis, analysis_error, zones,
                trigger_label, evidence, clip_path, clip_starts_at, clip_duration_seconds, clip_size_bytes, clip_sha256,
                clip_codec, clip_width_pixels, clip_height_pixels, clip_has_audio, clip_video_units)
            SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13,
                CASE WHEN obstacle IS NULL THEN 'pending' ELSE 'skipped' END, obstacle, $28, $29, $19::json,
                $14, $15, $16, $17, $20, $21, $22, $23, $24, $25
            FROM judging
            ON CONFLICT (id) DO NOTHING
            RETURNING id, organization_id, analysis
        ), job AS (
            INSERT INTO jobs (id, organization_id, kind, payload, state, run_at, max_attempts, unique_key, created_at)
            SELECT $26, organization_id, '\(JobKind.judgeEvent)', jsonb_build_object('event_id', id), 'available',
                clock_timestamp(), $27, '\(JobKind.judgeEvent):' || id, clock_timestamp()
            FROM event WHERE analysis = 'pending'
            ON CONFLICT (unique_key) DO NOTHING
        )
        SELECT \(Channel.notifyEvent(.created, id: "id", organization: "organization_id")) FROM event
        """

    func handOver(_ record: EventRecord) async throws {
        let clip = record.clip
        let job = Identifier<Job>.make(at: .now)
        let parameters: [PostgresValue] = [
            .id(record.id), .id(record.organization), .id(record.site), .id(record.camera),
            .text(record.kind.rawValue), .text(record.state.rawValue), .time(record.triggeredAt),
            .time(record.startedAt), .time(max(record.startedAt, record.endedAt)),
            .double(record.score.isFinite ? min(1, max(0, record.score)) : 0), .json(try Documents.text(record.boxes)),
            .optional(record.thumbnailPath) { .text($0) }, .optional(record.continues) { .id($0) },
            .text(clip.path), .time(clip.startsAt), .double(clip.durationSeconds), .int(clip.sizeBytes),
            .int(record.evidence.count), .json(try Documents.text(record.evidence)), .text(clip.sha256),
            .text(clip.codec.rawValue), .int(clip.widthPixels), .int(clip.heightPixels), .bool(clip.hasAudio),
            .int(clip.videoUnits), .id(job), .int(Self.judgingAttempts),
            .optional(record.zones) { .array($0) }, .optional(record.triggerLabel) { .text($0) },
        ]
        try await storing("event \(record.id)") {
            try await pool.of(record.organization).query(Self.handOverStatement, parameters, prepare: true)
        }
        bell.ring(naming: NamedJobs(kind: JobKind.judgeEvent, ids: [job]))
    }

    func event(_ id: Identifier<Event>, of organization: Identifier<Organization>) async throws -> EventDetail {
        try await storing("event \(id)") {
            let viewing = Viewing(organization: organization, viewer: RestrictedViewer.current)
            guard let row = try await singles.row(id, in: viewing) else { throw Self.missing(id) }
            return try EventRow.detail(row)
        }
    }

    func events(_ query: EventQuery, of organization: Identifier<Organization>) async throws -> [EventDetail] {
        let statement = EventListStatement(query, of: organization)
        return try await storing("events") {
            // Planning below row security costs more than a page does.
            try await pool.of(organization).query(statement.sql, statement.parameters, prepare: true)
                .map(EventRow.detail)
        }
    }

    func verdicts(
        of event: Identifier<Event>, in organization: Identifier<Organization>
    ) async throws -> [Verdict] {
        try await storing("event \(event)") {
            let rows = try await pool.of(organization).query(
                """
                SELECT \(VerdictRow.columns)
                FROM events e LEFT JOIN verdicts v ON v.event_id = e.id
                WHERE e.id = $1 AND e.organization_id = $2 AND e.state <> 'deleting'
                ORDER BY v.created_at DESC, v.id DESC
                """, [.id(event), .id(organization)])
            guard let first = rows.first else { throw Self.missing(event) }
            return try first.isNull("verdict_id") ? [] : rows.map(VerdictRow.verdict)
        }
    }

    func annotate(
        _ id: Identifier<Event>, of organization: Identifier<Organization>, reviewed: Bool?, starred: Bool?,
        note: String??, ifChangedAt: WallTime?
    ) async throws {
        try await storing("event \(id)") {
            let rows = try await pool.of(organization).query(
                """
                WITH changed AS (
                    UPDATE events SET reviewed = coalesce($3::boolean, reviewed), starred = coalesce($4::boolean, starred),
                        note = CASE WHEN $5::boolean THEN $6::text ELSE note END, changed_at = clock_timestamp()
                    WHERE id = $1 AND organization_id = $2 AND state <> 'deleting'
                        AND ($7::timestamptz IS NULL OR changed_at = $7)
                    RETURNING id, organization_id
                )
                SELECT \(Channel.notifyEvent(.updated, id: "id", organization: "organization_id")) FROM changed
                """,
                [
                    .id(id), .id(organization), .optional(reviewed) { .bool($0) }, .optional(starred) { .bool($0) },
                    .bool(note != nil), .optional(note ?? nil) { .text($0.storable(limit: 100_000)) },
                    .optional(ifChangedAt) { .time($0) },
                ])
            guard rows.isEmpty else { return }
            // Tells an event that is gone from one that changed.
            _ = try await self.event(id, of: organization)
            throw StoreError.conflict("event \(id) was changed meanwhile; read it again")
        }
    }

    // MARK: Deletion (I5)

    func beginDeleting(
        _ id: Identifier<Event>, of organization: Identifier<Organization>
    ) async throws -> EventRecord {
        try await storing("event \(id)") {
            try await pool.of(organization).withTransaction { transaction in
                // Jobs before events, in the order in which the queue locks them. A worker on it loses its lease.
                try transaction.run(
                    JobStatements.cancelByKey, [.text(JobKind.key(judging: id)), .id(organization)])
                let rows = try transaction.run(
                    """
                    WITH changed AS (
                        UPDATE events SET state = 'deleting', changed_at = clock_timestamp()
                        WHERE id = $1 AND organization_id = $2 AND state <> 'deleting'
                        RETURNING id, organization_id
                    ), remembered AS (
                        INSERT INTO event_tombstones (organization_id, event_id, deleted_at)
                        SELECT organization_id, id, clock_timestamp() FROM changed ON CONFLICT DO NOTHING
                    )
                    SELECT \(Channel.notifyEvent(.deleted, id: "id", organization: "organization_id")) FROM changed
                    """, [.id(id), .id(organization)])
                if rows.isEmpty { throw Self.missing(id) }
                try transaction.run(
                    "DELETE FROM event_tombstones WHERE organization_id = $1 AND deleted_at < now() - make_interval(secs => $2)",
                    [.id(organization), .double(EventChange.deletionMemorySeconds + 86_400)])
                guard let row = try transaction.run(EventRow.select + " WHERE e.id = $1", [.id(id)]).first else {
                    throw Self.missing(id)
                }
                return try EventRow.record(row)
            }
        }
    }

    func finishDeleting(_ id: Identifier<Event>, of organization: Identifier<Organization>) async throws {
        try await storing("event \(id)") {
            try await pool.of(organization).query(
                "DELETE FROM events WHERE id = $1 AND organization_id = $2 AND state = 'deleting'",
                [.id(id), .id(organization)])
        }
    }

    func deleting() async throws -> [EventRecord] {
        try await storing("events") {
            try await pool.on(.settle).query(EventRow.select + " WHERE e.state = 'deleting' ORDER BY e.id").map(
                EventRow.record)
        }
    }

    func existing(_ ids: [Identifier<Event>]) async throws -> Set<Identifier<Event>> {
        try await storing("events") {
            let rows = try await pool.on(.settle).query(
                "SELECT id FROM events WHERE id = ANY ($1::uuid[])", [.ids(ids)])
            return Set(try rows.map { try $0.id("id", of: Event.self) })
        }
    }

    func changes() async throws -> AsyncStream<EventChange> {
        let feed = EventChangeFeed(pool: pool, items: await listener.subscribe(buffering: 1024))
        return AsyncStream { await feed.next() }
    }

    func changes(
        since time: WallTime, of organization: Identifier<Organization>, limit: Int
    ) async throws -> [EventChange] {
        try await storing("events") {
            try await pool.of(organization).query(
                """
                (SELECT id, state = 'deleting' AS is_gone, changed_at AS at FROM events
                WHERE organization_id = $1 AND changed_at >= $2 ORDER BY changed_at LIMIT $3)
                UNION ALL
                (SELECT event_id, true, deleted_at FROM event_tombstones
                WHERE organization_id = $1 AND deleted_at >= $2 ORDER BY deleted_at LIMIT $3)
                ORDER BY at, id LIMIT $3
                """, [.id(organization), .time(time), .int(limit)]
            ).map { row in
                EventChange(
                    kind: try row.get("is_gone") ? .deleted : .updated, event: try row.id("id"),
                    organization: organization, at: try row.time("at"))
            }
        }
    }

    private static func missing(_ id: Identifier<Event>) -> StoreError { .notFound("there is no event \(id)") }
}
