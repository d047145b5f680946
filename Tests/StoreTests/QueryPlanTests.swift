import Domain
import Foundation
import PostgresKit
import TestSupport
import Testing

@testable import Store

/// The server itself tells the plan of every statement that reads (`auto_explain`), so that none can be forgotten that a method
/// of a port sends. The plans are those of real parameters and of tables with many tenants' rows.
@Suite(.enabled(if: TestDatabase.isAvailable, "needs an installed PostgreSQL server"))
struct QueryPlanTests {
    /// Tables that grow with what cameras see and people do. The others are small, and a scan of a small table is best.
    private static let growing: Set<String> = [
        "events", "event_labels", "verdicts", "event_feedback", "job_history", "job_history_rest",
        "segments",
        "audit_log", "exports", "reanalysis_items", "session_tokens", "sessions", "users", "definition_versions",
        "api_keys",
    ]

    private struct Plan {
        var text: String
        /// Growing tables that are read from end to end; without the partitions of other months, which are empty.
        var scanned: [String] {
            text.matches(of: /Seq Scan on (?:[a-z]+\.)?([a-z_0-9]+)[^(]*\(cost=0\.00\.\.([0-9.]+)/)
                .filter { Double($0.output.2) ?? 1 >= 1 }.map { String($0.output.1) }
                .filter { name in growing.contains(name) || name.hasPrefix("job_history") }
        }
    }

    /// Lines of a plan that read a growing table by an index without searching for anything in it. An index that holds only
    /// what is unfinished stays small.
    private static func walks(_ plan: Plan) -> [String] {
        let lines = plan.text.split(separator: "\n").map(String.init)
        return lines.indices.compactMap { place in
            guard let match = lines[place].firstMatch(of: /Index (?:Only )?Scan using ([a-z_]+) on ([a-z_0-9]+)/),
                growing.contains(String(match.output.2)) || match.output.2 == "jobs",
                !match.output.1.hasSuffix("_unfinished")
            else { return nil }
            let next = lines.index(after: place)
            return next < lines.endIndex && lines[next].contains("Index Cond:") ? nil : lines[place]
        }
    }

    private static func with(
        events: Int = 20_000, _ body: (Store, Pool, @escaping () async throws -> [Plan]) async throws -> Void
    )
        async throws
    {
        try await TestDatabase.with { database async throws in
            for setting in [
                "session_preload_libraries = 'auto_explain'", "auto_explain.log_min_duration = 0",
                "auto_explain.log_format = 'text'", "auto_explain.log_nested_statements = on",
            ] {
                try await database.administer("ALTER DATABASE \(database.name) SET \(setting)")
            }
            let store = try await Store.open(connectionString: database.connectionString, logger: TestStore.logger)
            let pool = Pool(ConnectionSettings(database.inspectionString, statementTimeoutSeconds: 0), size: 1)
            let server = Pool(ConnectionSettings(database.connectionString(user: "postgres")), size: 1)
            do {
                if events > 0 { try await BulkRows.fill(pool, .init(organizations: 20, cameras: 50, events: events)) }
                var read: UInt64 = 0
                let file: String =
                    try await server.query(
                        "SELECT current_setting('data_directory') || '/' || pg_current_logfile() AS file"
                    ).first?.get("file") ?? ""
                func plans() async throws -> [Plan] {
                    // The log is written by another process; a line of ours is behind all that came before.
                    let mark = UUID().uuidString
                    try await server.query("SELECT '\(mark)' AS mark")
                    while true {
                        let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: file))
                        try handle.seek(toOffset: read)
                        let text = String(decoding: try handle.readToEnd() ?? Data(), as: UTF8.self)
                        try handle.close()
                        guard text.contains(mark) else {
                            // Another process writes it, and gives no signal.
                            try await Task.sleep(for: .milliseconds(20))
                            continue
                        }
                        read += UInt64(text.utf8.count)
                        return text.components(separatedBy: "Query Text:").dropFirst().map { Plan(text: $0) }
                            .filter { !$0.text.contains(mark) }
                    }
                }
                _ = try await plans()
                try await body(store, pool, plans)
            } catch {
                await store.close()
                await pool.close()
                await server.close()
                throw error
            }
            await store.close()
            await pool.close()
            await server.close()
        }
    }

    /// Each step of the jobs that judge `events` (two).
    private static func work(
        _ store: Store, _ organization: Identifier<Organization>, _ events: [Identifier<Event>],
        _ look: (String, () async throws -> Void) async throws -> Void
    ) async throws {
        for event in events { _ = try await store.desk.ask(event, as: JudgingChoice(), of: organization) }
        var leases: [Lease] = []
        func claim() async throws {
            leases = try await store.jobs.claim(
                kinds: ["judge_event", "export"], limit: 2, owner: "test", leaseSeconds: 60)
            #expect(leases.count == 2)
        }
        try await look("claim") { try await claim() }
        try await look("renewal") { _ = try await store.jobs.renew(leases, leaseSeconds: 60) }
        try await look("release") { try await store.jobs.release(leases) }
        try await claim()
        try await look("retry") {
            for lease in leases {
                let isHeld = try await store.jobs.retry(lease, error: "once", delaySeconds: 0)
                #expect(isHeld)
            }
        }
        try await claim()
        let first = try #require(leases.first { $0.job.payload.contains(events[0].description) })
        let second = try #require(leases.first { $0.token != first.token })
        try await look("completion") {
            let isHeld = try await store.jobs.complete(first, verdict: TestStore.verdict(events[0]))
            #expect(isHeld)
        }
        try await look("discarding") {
            let isHeld = try await store.jobs.discard(second, error: "for good")
            #expect(isHeld)
        }
        try await look("cancelling") {
            let (job, _) = try await store.desk.ask(events[0], as: JudgingChoice(), of: organization)
            let wasThere = try await store.jobs.cancel(job, of: organization)
            #expect(wasThere)
        }
        let record = try await store.events.event(events[1], of: organization).record
        try await look("making an export") { try await store.exports.insert(TestStore.export(of: record)) }
        try await look("claiming an export") {
            leases = try await store.jobs.claim(kinds: ["export"], limit: 1, owner: "test", leaseSeconds: 60)
        }
        let lease = try #require(leases.first)
        try await look("giving an export up") {
            let isHeld = try await store.jobs.discard(lease, error: "for good")
            #expect(isHeld)
        }
        // Who finds nothing is told of what comes by name.
        while true {
            leases = try await store.jobs.claim(kinds: ["judge_event"], limit: 9, owner: "test", leaseSeconds: 60)
            guard !leases.isEmpty else { break }
        }
        try await store.jobs.enqueue([
            NewJob(
                id: .make(at: .now), organization: organization, kind: "judge_event",
                payload: #"{"event_id": "\#(events[1])"}"#)
        ])
        try await look("claim of what was named") {
            leases = try await store.jobs.claim(kinds: ["judge_event"], limit: 9, owner: "test", leaseSeconds: 60)
            #expect(!leases.isEmpty)
        }
    }

    @Test(.timeLimit(.minutes(20))) func `no list and no get reads a growing table from end to end`() async throws {
        try await Self.with { store, pool, plans async throws in
            let organization: Identifier<Organization> = try #require(
                try await pool.query("SELECT id FROM organizations WHERE name = 'bulk 3'").first
            ).id("id")
            func one<Entity>(_ sql: String) async throws -> Identifier<Entity> {
                try #require(try await pool.query(sql, [.id(organization)]).first).id("id")
            }
            let camera: Identifier<Camera> = try await one("SELECT id FROM cameras WHERE organization_id = $1 LIMIT 1")
            let site: Identifier<Site> = try await one(
                "SELECT site_id AS id FROM cameras WHERE organization_id = $1 LIMIT 1")
            let event: Identifier<Event> = try await one(
                "SELECT id FROM events WHERE organization_id = $1 AND starred LIMIT 1")
            let spare: Identifier<Event> = try await one(
                "SELECT id FROM events WHERE organization_id = $1 AND NOT starred LIMIT 1")
            let job: Identifier<Job> = try await one("SELECT id FROM job_history WHERE organization_id = $1 LIMIT 1")
            let export: Identifier<Export> = try await one("SELECT id FROM exports WHERE organization_id = $1 LIMIT 1")
            let reanalysis: Identifier<Reanalysis> = try await one(
                "SELECT id FROM reanalyses WHERE organization_id = $1 LIMIT 1")
            let definition: Identifier<Definition> = try await one(
                "SELECT id FROM definitions WHERE organization_id = $1 AND camera_id IS NOT NULL LIMIT 1")
            let user: Identifier<User> = try await one("SELECT id FROM users WHERE organization_id = $1 LIMIT 1")
            let now = WallTime.now
            let hour = now.advanced(bySeconds: -3600)
            _ = try await plans()
            var seen = 0
            func look(
                _ what: String, searching column: String? = nil, _ body: () async throws -> Void
            ) async throws {
                try await body()
                let found = try await plans()
                #expect(!found.isEmpty, "\(what): no plan was seen")
                if let column {
                    let lines = found.flatMap { $0.text.split(separator: "\n") }
                    #expect(
                        lines.contains { $0.contains("Index Cond:") && $0.contains(column) },
                        "\(what): no index is searched for \(column)")
                }
                seen += found.count
                for plan in found where !plan.scanned.isEmpty {
                    Issue.record(
                        "\(what) reads \(Set(plan.scanned).sorted()) from end to end:\n\(plan.text.prefix(6000))")
                }
            }
            let changes: [(String, (inout EventQuery) -> Void)] = [
                ("all", { _ in }), ("camera", { $0.camera = camera }), ("site", { $0.site = site }),
                (
                    "from and to",
                    {
                        $0.from = hour; $0.to = now
                    }
                ), ("kind", { $0.kind = .tamper }),
                ("state", { $0.state = .interrupted }), ("verdict", { $0.verdictState = .abnormal }),
                ("label", { $0.label = "vehicle" }), ("rare label", { $0.label = "unicorn" }),
                ("confidence", { $0.minimumConfidence = 0.98 }), ("reviewed", { $0.reviewed = false }),
                ("starred", { $0.starred = true }), ("words", { $0.text = "person 99" }),
                ("next page", { $0.after = EventPosition(triggeredAt: hour, id: event) }),
            ]
            for (name, change) in changes {
                var query = EventQuery()
                change(&query)
                try await look(
                    "list of events by \(name)", searching: name == "confidence" ? "verdict_confidence" : nil
                ) {
                    _ = try await store.events.events(query, of: organization)
                }
            }
            try await look("event") { _ = try await store.events.event(event, of: organization) }
            try await look("verdicts") { _ = try await store.events.verdicts(of: event, in: organization) }
            try await look("changes") {
                _ = try await store.events.changes(since: hour, of: organization, limit: 100)
            }
            try await look("feedback") {
                _ = try await store.feedback.history(of: event, in: organization, limit: 50)
            }
            try await look("cameras") { _ = try await store.cameras.cameras(of: organization) }
            try await look("camera") { _ = try await store.cameras.camera(camera, of: organization) }
            try await look("sites") { _ = try await store.cameras.sites(of: organization) }
            let range = RecordingQuery(camera: camera, from: hour, to: now)
            try await look("spans") { _ = try await store.recordings.spans(range, of: organization) }
            try await look("segments") { _ = try await store.recordings.segments(range, of: organization) }
            var jobs = JobListQuery()
            try await look("jobs") { _ = try await store.desk.jobs(jobs, of: organization) }
            jobs.states = [.discarded]
            try await look("discarded jobs") { _ = try await store.desk.jobs(jobs, of: organization) }
            jobs = JobListQuery()
            jobs.event = event
            try await look("jobs of an event") { _ = try await store.desk.jobs(jobs, of: organization) }
            jobs = JobListQuery()
            jobs.camera = camera
            try await look("jobs of a camera") { _ = try await store.desk.jobs(jobs, of: organization) }
            try await look("job") { _ = try await store.desk.job(job, of: organization) }
            try await look("counts of jobs") { _ = try await store.desk.depths(of: organization) }
            try await look("exports") {
                _ = try await store.exports.exports(of: organization, state: nil, after: nil, limit: 50)
            }
            try await look("export") { _ = try await store.exports.export(export, of: organization) }
            try await look("re-analyses") {
                _ = try await store.reanalyses.reanalyses(of: organization, limit: 50, before: nil)
            }
            try await look("re-analysis") { _ = try await store.reanalyses.reanalysis(reanalysis, of: organization) }
            try await look("changes of a re-analysis") {
                _ = try await store.reanalyses.changes(of: reanalysis, in: organization)
            }
            try await look("events of a re-analysis") {
                _ = try await store.reanalyses.events(
                    of: reanalysis, in: organization, from: .normal, to: .abnormal, limit: 50, after: nil)
            }
            try await look("definitions") { _ = try await store.definitions.definitions(of: organization) }
            try await look("definition") {
                _ = try await store.definitions.definition(definition, of: organization)
            }
            try await look("versions") {
                _ = try await store.definitions.versions(of: definition, in: organization, limit: 50, before: nil)
            }
            let analyzer = Analyzer(
                id: .make(at: now), organization: organization, name: "judge", kind: .openai,
                baseURL: "http://127.0.0.1:1/v1")
            try await store.judges.insert(analyzer)
            try await store.judging.put(
                Policy(id: .make(at: now), mode: .single, analyzers: [analyzer.id]), of: organization)
            try await Self.work(store, organization, [event, spare]) { try await look($0, $1) }
            try await look("users") { _ = try await store.access.users(of: organization) }
            try await look("user") { _ = try await store.access.user(user, of: organization) }
            try await look("keys") { _ = try await store.access.keys(of: organization) }
            try await look("audit log") { _ = try await store.access.audit(of: organization, after: nil, limit: 50) }
            try await look("who has a key") { _ = try await store.access.principal(keyHash: [1], at: now) }
            try await look("who has a token") { _ = try await store.access.principal(accessHash: [1], at: now) }
            try await look("who has a name") { _ = try await store.access.credentials(ofUserNamed: "bulk-3-7") }
            // Each method sends at least one statement, and each of them was looked at.
            #expect(seen >= 45, "\(seen)")
            // The test sees what it looks for.
            _ = try await plans()
            _ = try await pool.query("SELECT count(*) FROM events WHERE score > 0.5")
            #expect(try await plans().contains { $0.scanned == ["events"] })
        }
    }

    /// The queue's plans are made once for each session and kept, perhaps from when there was nothing.
    @Test func `the queue's statements search by index also when planned for empty tables`() async throws {
        try await Self.with(events: 0) { store, pool, plans async throws in
            let server = Pool(pool.settings, size: 1)
            let camera = Camera(
                id: .make(at: .now), organization: Organization.first, site: Site.first, name: "gate", enabled: true,
                settings: CameraSettings(url: "rtsp://127.0.0.1:8554/gate"), revision: 1)
            try await store.cameras.insert(camera)
            // An empty table that was never looked at is taken for a small one, one that was for one row.
            try await server.query("VACUUM (ANALYZE)")
            await server.close()
            let records = [TestStore.record(camera), TestStore.record(camera)]
            for record in records { try await store.events.handOver(record) }
            let analyzer = try await store.judging.put(
                Analyzer(id: .make(at: .now), organization: Organization.first, name: "local", kind: .embedded))
            try await store.judging.put(
                Policy(id: .make(at: .now), mode: .single, analyzers: [analyzer]), of: Organization.first)
            _ = try await store.judging.define(normal: "Nobody.", labels: ["person"], of: Organization.first)
            try await Self.work(store, Organization.first, records.map(\.id)) { what, body in
                _ = try await plans()
                try await body()
                let found = try await plans().filter { $0.text.contains("clock") }
                #expect(!found.isEmpty, "\(what): no plan was seen")
                for plan in found {
                    let walks = Self.walks(plan)
                    #expect(walks.isEmpty, "\(what): \(walks.joined(separator: "\n"))\n\(plan.text)")
                }
            }
        }
    }
}
