import Domain
import PostgresKit
import Testing
import TestSupport

@testable import Store

@Suite(.enabled(if: TestDatabase.isAvailable, "needs an installed PostgreSQL server"))
struct EventStoreTests {
    private let organization = Organization.first
    private let other = Identifier<Organization>.make(at: .now)

    @Test func `a handed over event comes back whole, with a job to judge it`() async throws {
        try await TestStore.with { test async throws in
            try await test.configureJudging()
            let camera = try await test.makeCamera()
            var record = TestStore.record(camera)
            record.zones = ["drive", "back, \"left\""]
            record.boxes[0].zones = ["drive"]
            try await test.store.events.handOver(record)
            let detail = try await test.store.events.event(record.id, of: organization)
            #expect(detail.record == record)
            #expect(detail.cameraName == "gate")
            #expect(detail.analysis == .pending)
            #expect(detail.verdict == nil)
            let lease = try #require(
                try await test.store.jobs.claim(kinds: ["judge_event"], limit: 5, owner: "w", leaseSeconds: 30).first)
            #expect(lease.job.payload == "{\"event_id\": \"\(record.id)\"}")
            #expect(lease.job.organization == organization)
            #expect(try await test.store.events.event(record.id, of: organization).analysis == .running)
        }
    }

    @Test(arguments: Event.Kind.allCases)
    func `every kind of trigger and its words are kept, and found by kind`(kind: Event.Kind) async throws {
        try await TestStore.with { test async throws in
            var record = TestStore.record(try await test.makeCamera())
            record.kind = kind
            record.triggerLabel = kind == .motion ? nil : "door 3"
            try await test.store.events.handOver(record)
            #expect(try await test.store.events.event(record.id, of: organization).record == record)
            var query = EventQuery()
            query.kind = kind
            #expect(try await test.store.events.events(query, of: organization).map(\.record.id) == [record.id])
            query.kind = kind == .api ? .manual : .api
            #expect(try await test.store.events.events(query, of: organization).isEmpty)
        }
    }

    @Test func `handing over again changes nothing, even at the same time`() async throws {
        try await TestStore.with { test async throws in
            try await test.configureJudging()
            let record = TestStore.record(try await test.makeCamera())
            let events = test.store.events
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<8 { group.addTask { try await events.handOver(record) } }
                try await group.waitForAll()
            }
            try await events.annotate(record.id, of: organization, reviewed: true, starred: nil, note: nil)
            try await events.handOver(record)
            #expect(try await events.event(record.id, of: organization).reviewed)
            #expect(try await events.event(record.id, of: organization).record.evidence.count == 2)
            #expect(try await test.store.jobs.counts() == [.available: 1])
        }
    }

    @Test func `without a policy or without pictures the analysis is skipped and says why`() async throws {
        try await TestStore.with { test async throws in
            let camera = try await test.makeCamera()
            let first = TestStore.record(camera)
            try await test.store.events.handOver(first)
            var detail = try await test.store.events.event(first.id, of: organization)
            #expect(detail.analysis == .skipped)
            #expect(detail.analysisError == "no policy with an analyzer is configured")

            try await test.configureJudging()
            var second = TestStore.record(camera)
            second.evidence = []
            try await test.store.events.handOver(second)
            detail = try await test.store.events.event(second.id, of: organization)
            #expect(detail.analysis == .skipped)
            #expect(detail.analysisError == "no picture of the event could be made")
            #expect(try await test.store.jobs.counts().isEmpty)
        }
    }

    @Test func `an event of an unknown camera is refused whole`() async throws {
        try await TestStore.with { test async throws in
            var camera = try await test.makeCamera()
            camera.id = .make(at: .now)
            let record = TestStore.record(camera)
            await #expect(throws: StoreError.self) { try await test.store.events.handOver(record) }
            #expect(try await test.store.events.existing([record.id]).isEmpty)
        }
    }

    @Test func `a verdict completes the job and becomes the event's current one`() async throws {
        try await TestStore.with { test async throws in
            try await test.configureJudging()
            let record = TestStore.record(try await test.makeCamera())
            try await test.store.events.handOver(record)
            let task = try await test.store.judging.task(for: record.id, of: organization)
            #expect(task.event.record == record)
            #expect(task.analyzers.map(\.name) == ["local"])
            #expect(task.definition.labels == ["person", "vehicle"])
            let lease = try #require(try await test.claim())
            let verdict = TestStore.verdict(record.id)
            #expect(try await test.store.jobs.complete(lease, verdict: verdict))
            let detail = try await test.store.events.event(record.id, of: organization)
            #expect(detail.analysis == .done)
            #expect(detail.verdict == verdict)
            #expect(try await test.store.events.verdicts(of: record.id, in: organization) == [verdict])
            // A lease that is over writes nothing.
            #expect(try await test.store.jobs.complete(lease, verdict: TestStore.verdict(record.id)) == false)
            #expect(try await test.store.events.verdicts(of: record.id, in: organization) == [verdict])
        }
    }

    @Test func `the analysis follows the job through retry, release and discard`() async throws {
        try await TestStore.with { test async throws in
            try await test.configureJudging()
            let record = TestStore.record(try await test.makeCamera())
            try await test.store.events.handOver(record)
            func analysis() async throws -> (Event.Analysis, String?) {
                let detail = try await test.store.events.event(record.id, of: organization)
                return (detail.analysis, detail.analysisError)
            }
            var lease = try #require(try await test.claim())
            #expect(try await test.store.jobs.retry(lease, error: "busy", delaySeconds: 0))
            #expect(try await analysis() == (.pending, nil))
            lease = try #require(try await test.claim())
            #expect(try await analysis() == (.running, nil))
            try await test.store.jobs.release([lease])
            #expect(try await analysis() == (.pending, nil))
            lease = try #require(try await test.claim())
            #expect(try await test.store.jobs.discard(lease, error: "the model refuses"))
            #expect(try await analysis() == (.failed, "the model refuses"))
        }
    }

    @Test func `verdicts can neither be changed nor deleted, but go with their event`() async throws {
        try await TestStore.with { test async throws in
            let record = try await test.judged()
            await #expect(throws: PostgresError.self) {
                try await test.pool.query("UPDATE verdicts SET confidence = 1")
            }
            await #expect(throws: PostgresError.self) { try await test.pool.query("DELETE FROM verdicts") }
            _ = try await test.store.events.beginDeleting(record.id, of: organization)
            try await test.store.events.finishDeleting(record.id, of: organization)
            let left = try await test.pool.query(
                """
                SELECT (SELECT count(*) FROM verdicts)
                    + (SELECT count(*) FROM jobs) + (SELECT count(*) FROM events) AS rows
                """)
            #expect(try left.first?.get("rows") == 0)
        }
    }

    @Test func `an event that is being deleted is hidden, found at start, and its job ends`() async throws {
        try await TestStore.with { test async throws in
            try await test.configureJudging()
            let record = TestStore.record(try await test.makeCamera())
            let events = test.store.events
            try await events.handOver(record)
            let lease = try #require(try await test.claim())
            var expected = record
            expected.state = .deleting
            #expect(try await events.beginDeleting(record.id, of: organization) == expected)
            await #expect(throws: StoreError.self) { try await events.event(record.id, of: organization) }
            #expect(try await events.events(EventQuery(), of: organization).isEmpty)
            #expect(try await events.deleting() == [expected])
            #expect(try await events.existing([record.id]) == [record.id])
            #expect(try await test.store.jobs.complete(lease, verdict: TestStore.verdict(record.id)) == false)
            try await events.handOver(record)
            #expect(try await events.deleting() == [expected])
            try await events.finishDeleting(record.id, of: organization)
            #expect(try await events.deleting().isEmpty)
            try await events.finishDeleting(record.id, of: organization)
        }
    }

    @Test func `another organization sees and changes nothing`() async throws {
        try await TestStore.with { test async throws in
            let record = try await test.judged()
            let events = test.store.events
            await #expect(throws: StoreError.self) { try await events.event(record.id, of: other) }
            #expect(try await events.events(EventQuery(), of: other).isEmpty)
            await #expect(throws: StoreError.self) { try await events.verdicts(of: record.id, in: other) }
            await #expect(throws: StoreError.self) {
                try await events.annotate(record.id, of: other, reviewed: true, starred: nil, note: nil)
            }
            await #expect(throws: StoreError.self) { try await events.beginDeleting(record.id, of: other) }
            try await events.finishDeleting(record.id, of: other)
            #expect(try await events.event(record.id, of: organization).reviewed == false)
        }
    }

    @Test func `what people say is kept, and only what they say changes`() async throws {
        try await TestStore.with { test async throws in
            let record = TestStore.record(try await test.makeCamera())
            let events = test.store.events
            try await events.handOver(record)
            try await events.annotate(
                record.id, of: organization, reviewed: nil, starred: true, note: .some("the postman"))
            var detail = try await events.event(record.id, of: organization)
            #expect(detail.starred && !detail.reviewed)
            #expect(detail.note == "the postman")
            try await events.annotate(record.id, of: organization, reviewed: true, starred: nil, note: nil)
            detail = try await events.event(record.id, of: organization)
            #expect(detail.starred && detail.reviewed)
            #expect(detail.note == "the postman")
            try await events.annotate(record.id, of: organization, reviewed: nil, starred: nil, note: .some(nil))
            #expect(try await events.event(record.id, of: organization).note == nil)
        }
    }

    @Test func `changes tell of what was created, judged and deleted, in order`() async throws {
        try await TestStore.with { test async throws in
            try await test.configureJudging()
            let record = TestStore.record(try await test.makeCamera())
            let events = test.store.events
            var changes = try await events.changes().makeAsyncIterator()
            try await events.handOver(record)
            let created = await changes.next()
            #expect(created?.kind == .created && created?.event == record.id && created?.organization == organization)
            let lease = try #require(try await test.claim())
            #expect(await changes.next()?.kind == .updated)
            #expect(try await test.store.jobs.complete(lease, verdict: TestStore.verdict(record.id)))
            #expect(await changes.next()?.kind == .updated)
            _ = try await events.beginDeleting(record.id, of: organization)
            #expect(await changes.next()?.kind == .deleted)
        }
    }

    @Test func `what changed while the listener was away is told when it is back`() async throws {
        try await TestStore.with { test async throws in
            let camera = try await test.makeCamera()
            let events = test.store.events
            var changes = try await events.changes().makeAsyncIterator()
            try await events.handOver(TestStore.record(camera))
            _ = await changes.next()
            try await test.database.killSessions()
            let record = TestStore.record(camera)
            // The pool replaces what it lost.
            try await events.handOver(record)
            var told: EventChange?
            repeat { told = await changes.next() } while told != nil && told?.event != record.id
            #expect(told?.event == record.id)
        }
    }
}

extension TestStore {
    func claim() async throws -> Lease? {
        try await store.jobs.claim(kinds: ["judge_event"], limit: 1, owner: "w", leaseSeconds: 30).first
    }

    /// An event with a verdict.
    func judged() async throws -> EventRecord {
        try await configureJudging()
        let record = TestStore.record(try await makeCamera())
        try await store.events.handOver(record)
        let lease = try await claim()
        if let lease { _ = try await store.jobs.complete(lease, verdict: TestStore.verdict(record.id)) }
        return record
    }
}
