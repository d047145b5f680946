import Domain
import PostgresKit
import Testing
import TestSupport

@testable import Store

/// I7: the tables come from the catalog, so that a new one cannot be forgotten.
@Suite(.enabled(if: TestDatabase.isAvailable, "needs an installed PostgreSQL server"))
struct RowSecurityTests {
    private static let stranger = Identifier<Organization>.make(at: .now)

    private static func tables(_ pool: Pool) async throws -> [String] {
        try await pool.query(
            """
            SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p')
                AND relname <> 'schema_migrations' AND NOT relispartition ORDER BY relname
            """
        ).map { try $0.get("relname") }
    }

    /// A store with a row of the first organization in every table, and connections as `role`.
    private static func with(
        asRole role: String? = Store.applicationRole, _ body: (TestStore, Pool, [String]) async throws -> Void
    ) async throws {
        try await TestStore.with { store async throws in
            let camera = try await store.makeCamera()
            try await store.configureJudging()
            let record = TestStore.record(camera)
            try await store.store.events.handOver(record)
            let lease = try #require(
                try await store.store.jobs.claim(kinds: ["judge_event"], limit: 1, owner: "x", leaseSeconds: 60).first)
            #expect(try await store.store.jobs.complete(lease, verdict: TestStore.verdict(record.id)))
            try await store.store.feedback.give(TestStore.feedback(record.id), of: Organization.first)
            // One that waits, and somebody who waits for it.
            try await store.store.jobs.enqueue([
                NewJob(id: .make(at: .now), organization: Organization.first, kind: "other")
            ])
            try await store.queuePool.query("INSERT INTO job_sleepers VALUES (gen_random_uuid(), now())")
            try await TestStore.fillJudging(store, event: record.id)
            try await TestStore.fillAccess(store)
            try await store.store.recordings.handOver(TestStore.segment(camera))
            try await store.store.activity.add([TestStore.activity(camera)])
            try await TestStore.fillPictures(store, camera: camera.id)
            try await store.store.exports.insert(TestStore.export(of: record))
            let pool = Pool(ConnectionSettings(store.database.connectionString, role: role), size: 1)
            do {
                try await body(store, pool, try await Self.tables(store.pool))
            } catch {
                await pool.close()
                throw error
            }
            await pool.close()
        }
    }

    private static func count(_ table: String, _ pool: Pool) async throws -> Int {
        try await pool.query("SELECT count(*) AS number FROM \(table)").first?.get("number") ?? -1
    }

    /// A digest of all rows of a table.
    private static func digest(_ table: String, _ pool: Pool) async throws -> String {
        try await pool.query(
            "SELECT coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '') AS digest FROM \(table) t"
        )
        .first?.get("digest") ?? ""
    }

    @Test func `every table is under forced row security`() async throws {
        try await TestStore.with { store async throws in
            let open = try await store.pool.query(
                """
                SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p')
                    AND relname <> 'schema_migrations' AND NOT relispartition AND NOT (relrowsecurity AND relforcerowsecurity)
                """
            ).map { try $0.get("relname", as: String.self) }
            #expect(open == [])
        }
    }

    @Test(arguments: [Store.applicationRole, nil], [nil, stranger])
    func `with no or another organization every table shows and changes nothing`(
        role: String?, organization: Identifier<Organization>?
    ) async throws {
        try await Self.with(asRole: role) { store, pool, tables async throws in
            let scoped = organization.map { pool.of($0) } ?? pool
            for table in tables {
                let there = try await Self.count(table, store.pool)
                #expect(there > 0, "\(table) has no row to hide")
                #expect(try await Self.count(table, scoped) == 0, "\(table) shows rows")
                let before = try await Self.digest(table, store.pool)
                let columns = try await store.pool.query(
                    "SELECT attname FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped",
                    [.text(table)]
                ).map { try $0.get("attname", as: String.self) }
                let tenant = columns.contains("organization_id") ? "organization_id" : "id"
                #expect(
                    try await scoped.query("UPDATE \(table) SET \(tenant) = \(tenant) RETURNING 1").isEmpty, "\(table)")
                #expect(try await scoped.query("DELETE FROM \(table) RETURNING 1").isEmpty, "\(table)")
                let row: String = try #require(
                    try await store.pool.query("SELECT to_jsonb(t) AS row FROM \(table) t LIMIT 1").first
                ).get("row")
                let refusal = await #expect(throws: PostgresError.self, "\(table) takes a row of another tenant") {
                    try await scoped.query(
                        "INSERT INTO \(table) SELECT * FROM jsonb_populate_record(NULL::\(table), $1)", [.json(row)])
                }
                #expect(refusal?.sqlState == "42501", "\(table): \(String(describing: refusal))")
                #expect(try await Self.digest(table, store.pool) == before, "\(table) changed")
            }
        }
    }

    @Test func `with its own organization a tenant sees its rows, and cannot give them away`() async throws {
        try await Self.with { store, pool, tables async throws in
            let own = pool.of(Organization.first)
            // The sleepers are of no tenant.
            for table in tables where table != "job_sleepers" {
                #expect(try await Self.count(table, own) == Self.count(table, store.pool), "\(table)")
            }
            let refusal = await #expect(throws: PostgresError.self) {
                try await own.query("UPDATE cameras SET organization_id = $1", [.id(Self.stranger)])
            }
            #expect(refusal?.sqlState == "42501")
        }
    }

    @Test(arguments: [
        (
            Duty.queue,
            [
                "analyzer_budgets", "analyzer_requests", "analyzers", "definition_versions", "definitions",
                "event_labels", "events", "exports", "job_history", "job_sleepers", "jobs", "reanalyses",
                "reanalysis_items", "verdicts",
            ]
        ),
        (.ingest, ["activity", "cameras"]),
        (.settle, ["cameras", "events", "exports", "segments", "verdicts"]),
        (.feed, ["events"]),
        (.signIn, ["api_keys", "session_tokens", "sessions", "users"]),
    ])
    func `a duty sees its own tables across tenants and no other`(duty: Duty, expected: [String]) async throws {
        try await Self.with { _, pool, tables async throws in
            var seen: [String] = []
            for table in tables where try await Self.count(table, pool.on(duty)) > 0 { seen.append(table) }
            #expect(seen == expected)
        }
    }

    @Test func `the application role cannot lift the security, and the duty of migrations is not its`() async throws {
        try await Self.with { _, pool, tables async throws in
            for statement in [
                "ALTER TABLE events DISABLE ROW LEVEL SECURITY", "ALTER TABLE events NO FORCE ROW LEVEL SECURITY",
                "DROP POLICY tenant ON events", "TRUNCATE events CASCADE", "SELECT * FROM schema_migrations",
                "SELECT vedette_allow('x', 'events', 'ALL')", "CREATE TABLE mine (x int)",
            ] {
                let refusal = await #expect(throws: PostgresError.self, "\(statement)") {
                    try await pool.query(statement)
                }
                #expect(refusal?.sqlState == "42501", "\(statement)")
            }
            let migrating = pool.setting(try #require(TransactionSettings.of("vedette.duty", "migration")))
            for table in tables { #expect(try await Self.count(table, migrating) == 0, "\(table)") }
        }
    }

    @Test func `the security leaves the planner its index for a page of events`() async throws {
        try await Self.with { store, pool, _ async throws in
            try await store.pool.query(
                """
                INSERT INTO organizations (id, name) SELECT gen_random_uuid(), 'tenant ' || n FROM generate_series(1, 9) n
                """)
            try await store.pool.query(
                """
                INSERT INTO sites (id, organization_id, name, time_zone)
                SELECT gen_random_uuid(), id, 'site', 'UTC' FROM organizations WHERE name LIKE 'tenant %'
                """)
            try await store.pool.query(
                """
                INSERT INTO cameras (id, organization_id, site_id, name, enabled, url, transport, timeout_seconds,
                    pre_roll_seconds, post_roll_seconds, merge_gap_seconds, cool_down_seconds, maximum_length_seconds,
                    sensitivity, minimum_area)
                SELECT gen_random_uuid(), organization_id, id, 'camera ' || n, true, 'x', 'tcp', 10, 5, 5, 1, 0, 60, 0.5, 0.001
                FROM sites, generate_series(1, 3) n
                """)
            try await store.pool.query(
                """
                INSERT INTO events (id, organization_id, site_id, camera_id, kind, state, triggered_at, started_at, ended_at,
                    score, analysis, clip_path, clip_starts_at, clip_duration_seconds,
                    clip_size_bytes, clip_sha256, clip_codec, clip_width_pixels, clip_height_pixels, clip_has_audio, clip_video_units)
                SELECT gen_random_uuid(), organization_id, site_id, id, 'motion', 'ready', at, at, at, 0.3, 'pending',
                    'x', at, 10, 1000, repeat('ab', 32), 'h264', 1, 1, false, 1
                FROM cameras, generate_series(1, 1000) n, LATERAL (SELECT now() - n * interval '1 minute' AS at) t
                """)
            try await store.pool.query("ANALYZE organizations, sites, cameras, events")
            let statement = EventListStatement(EventQuery(), of: Organization.first)
            let plan = try await pool.of(Organization.first).query("EXPLAIN " + statement.sql, statement.parameters)
                .map { try $0.get("QUERY PLAN", as: String.self) }.joined(separator: "\n")
            #expect(
                plan.contains("events_newest") && !plan.contains("Sort") && !plan.contains("Seq Scan on events"),
                "\(plan)")
        }
    }

    @Test func `settings end with their transaction`() async throws {
        try await Self.with { _, pool, _ async throws in
            #expect(try await Self.count("events", pool.of(Organization.first)) == 1)
            #expect(try await Self.count("events", pool) == 0)
        }
    }

    @Test func `values that could leave their quotes make no settings`() {
        for value in ["a'b", "a b", "é", "a;b"] { #expect(TransactionSettings.of("a.b", value) == nil) }
        for name in ["a b", "", "a.", "a.b.c"] { #expect(TransactionSettings.of(name, "x") == nil) }
    }
}

/// Who connects decides how the security is had.
@Suite(.enabled(if: TestDatabase.isAvailable, "needs an installed PostgreSQL server"), .serialized)
struct DatabaseUserTests {
    /// Whether a store of this user hides the camera of another organization.
    private func hides(_ connectionString: String) async throws -> Bool {
        let store = try await Store.open(connectionString: connectionString, logger: TestStore.logger)
        defer { Task { await store.close() } }
        let camera = Camera(
            id: .make(at: .now), organization: Organization.first, site: Site.first, name: "gate", enabled: true,
            settings: CameraSettings(url: "rtsp://127.0.0.1/x"), revision: 1)
        try await store.cameras.insert(camera)
        #expect(try await store.cameras.camerasToIngest().count == 1)
        #expect(try await store.cameras.cameras(of: Organization.first).count == 1)
        // The repositories say the organization in their WHERE too, so security itself is asked.
        var settings = ConnectionSettings(connectionString)
        settings.role = try await ApplicationRole.choose(settings)
        let pool = Pool(settings, size: 1)
        let seen = try await pool.of(.make(at: .now)).query("SELECT FROM cameras").count
        await pool.close()
        return seen == 0
    }

    @Test func `a superuser acts as the application role`() async throws {
        try await TestDatabase.with { database async throws in
            #expect(try await hides(database.connectionString(user: "postgres")))
        }
    }

    @Test func `a user that may not make roles acts itself under forced security`() async throws {
        try await TestDatabase.with { database async throws in
            try await database.administer("CREATE ROLE plain_\(database.name) LOGIN")
            try await database.administer("ALTER DATABASE \(database.name) OWNER TO plain_\(database.name)")
            let url = database.connectionString(user: "plain_\(database.name)")
            #expect(try await hides(url))
            #expect(try await ApplicationRole.choose(ConnectionSettings(url)) == nil)
        }
    }

    @Test func `a user whom security does not bind and who may not make roles is refused with what to do`() async throws
    {
        try await TestDatabase.with { database async throws in
            let user = "free_\(database.name)"
            try await database.administer("CREATE ROLE \(user) LOGIN BYPASSRLS")
            try await database.administer("ALTER DATABASE \(database.name) OWNER TO \(user)")
            let refusal = await #expect(throws: Migrator.Refusal.self) {
                _ = try await Store.open(
                    connectionString: database.connectionString(user: user), logger: TestStore.logger)
            }
            #expect(refusal?.description.contains("GRANT vedette_application TO \"\(user)\"") ?? false)
        }
    }
}
