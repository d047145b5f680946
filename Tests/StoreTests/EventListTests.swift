import Domain
import PostgresKit
import Testing
import TestSupport

@testable import Store

@Suite(.enabled(if: TestDatabase.isAvailable, "needs an installed PostgreSQL server"))
struct EventListTests {
    private let organization = Organization.first

    @Test func `pages follow each other without gap or repeat, also where times are equal and events arrive`()
        async throws
    {
        try await TestStore.with { test async throws in
            let camera = try await test.makeCamera()
            var expected: [EventPosition] = []
            let base = TestStore.record(camera, secondsAgo: 1000).triggeredAt
            for number in 0..<25 {
                var record = TestStore.record(camera)
                // Five events at each of five instants.
                record.triggeredAt = base.advanced(bySeconds: Double(number / 5))
                try await test.store.events.handOver(record)
                expected.append(EventPosition(triggeredAt: record.triggeredAt, id: record.id))
            }
            expected.sort { ($0.triggeredAt, $0.id) > ($1.triggeredAt, $1.id) }
            var listed: [EventPosition] = []
            var query = EventQuery(limit: 4)
            while true {
                let page = try await test.store.events.events(query, of: organization)
                #expect(page.count <= 4)
                listed += page.map { EventPosition(triggeredAt: $0.record.triggeredAt, id: $0.record.id) }
                guard page.count == 4 else { break }
                query.after = listed.last
                try await test.store.events.handOver(TestStore.record(camera, secondsAgo: 0))
            }
            #expect(listed == expected)
        }
    }

    @Test func `events of an older version keep their clips and pictures, and are listed by their labels`() async throws
    {
        try await TestStore.with { test async throws in
            let camera = try await test.makeCamera()
            let records = (0..<3).map { TestStore.record(camera, secondsAgo: Double(100 - $0)) }
            for record in records { try await test.store.events.handOver(record) }
            // As the version before left it.
            let owner = try await Connection.open(ConnectionSettings(test.database.connectionString))
            try await owner.withTransaction { connection in
                try connection.run("SELECT set_config('vedette.duty', 'migration', true)")
                try connection.runScript(
                    """
                    DROP TABLE event_labels; DROP FUNCTION event_labels_follow CASCADE;
                    DROP FUNCTION vedette_access_changed CASCADE;
                    CREATE TABLE evidence (event_id uuid NOT NULL REFERENCES events ON DELETE CASCADE, position int NOT NULL,
                        organization_id uuid NOT NULL, path text NOT NULL, at_seconds double precision NOT NULL,
                        width_pixels int NOT NULL, height_pixels int NOT NULL, size_bytes bigint NOT NULL, box jsonb);
                    INSERT INTO evidence SELECT e.id, p.position, e.organization_id, p.value->>0, (p.value->>1)::double precision,
                        (p.value->>2)::int, (p.value->>3)::int, (p.value->>4)::bigint, nullif((p.value->5)::jsonb, 'null')
                    FROM events e, json_array_elements(e.evidence) WITH ORDINALITY p (value, position)
                    ORDER BY random();
                    CREATE TABLE clips AS SELECT id AS event_id, organization_id, clip_path AS path, clip_starts_at AS starts_at,
                        clip_duration_seconds AS duration_seconds, clip_size_bytes AS size_bytes, clip_sha256 AS sha256,
                        clip_codec AS codec, clip_width_pixels AS width_pixels, clip_height_pixels AS height_pixels,
                        clip_has_audio AS has_audio, clip_video_units AS video_units FROM events;
                    ALTER TABLE events DROP COLUMN evidence, DROP COLUMN clip_path, DROP COLUMN clip_starts_at,
                        DROP COLUMN clip_duration_seconds, DROP COLUMN clip_size_bytes, DROP COLUMN clip_sha256,
                        DROP COLUMN clip_codec, DROP COLUMN clip_width_pixels, DROP COLUMN clip_height_pixels,
                        DROP COLUMN clip_has_audio, DROP COLUMN clip_video_units;
                    DELETE FROM schema_migrations WHERE name >= 'V0020'
                    """)
                for (record, labels) in zip(records, [["person", "dog"], [], ["person"]]) {
                    try connection.run(
                        "UPDATE events SET verdict_labels = $2 WHERE id = $1", [.id(record.id), .array(labels)])
                }
            }
            await owner.close()
            try await Migrator().migrate(ConnectionSettings(test.database.connectionString))
            let events = try await test.store.events.events(EventQuery(limit: 10), of: organization).map(\.record)
            #expect(events == records.reversed())
            for (label, expected) in [("person", [records[2].id, records[0].id]), ("dog", [records[0].id])] {
                var query = EventQuery(limit: 10)
                query.label = label
                #expect(try await test.store.events.events(query, of: organization).map(\.record.id) == expected)
            }
        }
    }

    @Test func `a label's events are in order of time, in pages, and follow what is judged`() async throws {
        try await TestStore.with { test async throws in
            let camera = try await test.makeCamera()
            var expected: [Identifier<Event>] = []
            for number in 0..<12 {
                let record = TestStore.record(camera, secondsAgo: Double(1000 - number / 3 * 10))
                try await test.store.events.handOver(record)
                try await test.pool.query(
                    "UPDATE events SET verdict_labels = $2 WHERE id = $1",
                    [.id(record.id), .array(number % 4 == 0 ? ["person", "dog"] : ["person"])])
                expected.append(record.id)
            }
            func list(_ label: String, limit: Int = 5) async throws -> [Identifier<Event>] {
                var listed: [EventPosition] = []
                var query = EventQuery(limit: limit)
                query.label = label
                while true {
                    let page = try await test.store.events.events(query, of: organization)
                    listed += page.map { EventPosition(triggeredAt: $0.record.triggeredAt, id: $0.record.id) }
                    guard page.count == limit else { return listed.map(\.id) }
                    query.after = listed.last
                }
            }
            let newest = try await test.store.events.events(EventQuery(), of: organization).map(\.record.id)
            #expect(Set(newest) == Set(expected) && newest.count == 12)
            #expect(try await list("person") == newest)
            #expect(try await list("dog").count == 3)
            #expect(try await list("cat") == [])
            try await test.pool.query(
                "UPDATE events SET verdict_labels = '{cat}' WHERE id = $1", [.id(expected[0])])
            #expect(try await list("cat") == [expected[0]])
            #expect(try await list("person") == newest.filter { $0 != expected[0] })
            #expect(try await list("dog").count == 2)
            try await test.pool.query("DELETE FROM events WHERE id = $1", [.id(expected[0])])
            #expect(try await list("cat") == [])
        }
    }

    @Test func `each filter keeps what it says and no more`() async throws {
        try await TestStore.with { test async throws in
            try await test.configureJudging()
            let gate = try await test.makeCamera("gate")
            let yard = try await test.makeCamera("yard_1")
            let events = test.store.events
            let old = TestStore.record(gate, secondsAgo: 1000)
            var cut = TestStore.record(gate, secondsAgo: 500)
            cut.state = .interrupted
            let new = TestStore.record(yard, secondsAgo: 10)
            for record in [old, cut, new] { try await events.handOver(record) }
            for lease in try await test.store.jobs.claim(
                kinds: ["judge_event"], limit: 9, owner: "w", leaseSeconds: 30)
            {
                // The interrupted one stays without a verdict.
                if lease.job.payload.contains("\(old.id)") {
                    _ = try await test.store.jobs.complete(
                        lease,
                        verdict: TestStore.verdict(
                            old.id, .normal, labels: [], confidence: 0.4, summary: "Nothing; 100% calm."))
                } else if lease.job.payload.contains("\(new.id)") {
                    _ = try await test.store.jobs.complete(lease, verdict: TestStore.verdict(new.id))
                }
            }
            try await events.annotate(
                cut.id, of: organization, reviewed: true, starred: true, note: .some("It's the Postman's \\ van"))

            func list(_ change: (inout EventQuery) -> Void) async throws -> [Identifier<Event>] {
                var query = EventQuery()
                change(&query)
                return try await events.events(query, of: organization).map(\.record.id)
            }
            #expect(try await list { _ in } == [new.id, cut.id, old.id])
            #expect(try await list { $0.camera = gate.id } == [cut.id, old.id])
            #expect(try await list { $0.site = Site.first } == [new.id, cut.id, old.id])
            #expect(try await list { $0.site = .make(at: .now) }.isEmpty)
            #expect(try await list { $0.from = cut.triggeredAt } == [new.id, cut.id])
            #expect(try await list { $0.to = cut.triggeredAt } == [old.id])
            #expect(try await list { $0.kind = .motion }.count == 3)
            #expect(try await list { $0.state = .interrupted } == [cut.id])
            #expect(try await list { $0.state = .deleting }.isEmpty)
            #expect(try await list { $0.verdictState = .normal } == [old.id])
            #expect(try await list { $0.label = "person" } == [new.id])
            #expect(try await list { $0.minimumConfidence = 0.4 } == [new.id, old.id])
            #expect(try await list { $0.minimumConfidence = 0.5 } == [new.id])
            #expect(try await list { $0.reviewed = true } == [cut.id])
            #expect(try await list { $0.reviewed = false } == [new.id, old.id])
            #expect(try await list { $0.starred = true } == [cut.id])
            #expect(try await list { $0.text = "POSTMAN it's" } == [cut.id])
            #expect(try await list { $0.text = "\\ van" } == [cut.id])
            #expect(try await list { $0.text = "walks" } == [new.id])
            #expect(try await list { $0.text = "100%" } == [old.id])
            // A wildcard means itself.
            #expect(try await list { $0.text = "%" } == [old.id])
            #expect(try await list { $0.text = "yard_" } == [new.id])
            #expect(try await list { $0.text = "gat_" }.isEmpty)
            #expect(try await list { $0.text = "'; DROP TABLE events; --" }.isEmpty)
            #expect(try await list { $0.text = "nul\0l" }.isEmpty)
            #expect(try await list { $0.text = "  " }.count == 3)
            #expect(
                try await list {
                    $0.camera = yard.id
                    $0.label = "person"
                    $0.verdictState = .abnormal
                    $0.text = "yard"
                    $0.limit = 1
                } == [new.id])
        }
    }
}
