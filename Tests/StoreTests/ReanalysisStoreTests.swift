import Domain
import Testing
import TestSupport

@testable import Store

@Suite(.enabled(if: TestDatabase.isAvailable, "needs an installed PostgreSQL server"))
struct ReanalysisStoreTests {
    private let organization = Organization.first

    /// Four judged events.
    private func with(_ body: (TestStore, [EventRecord]) async throws -> Void) async throws {
        try await TestStore.with { test async throws in
            try await test.configureJudging()
            let camera = try await test.makeCamera()
            var records: [EventRecord] = []
            for index in 0..<4 {
                let record = TestStore.record(camera, secondsAgo: Double(60 + index))
                try await test.store.events.handOver(record)
                let lease = try #require(
                    try await test.store.jobs.claim(kinds: ["judge_event"], limit: 1, owner: "w", leaseSeconds: 30)
                        .first)
                #expect(
                    try await test.store.jobs.complete(
                        lease, verdict: TestStore.verdict(record.id, index == 0 ? .normal : .abnormal)))
                records.append(record)
            }
            try await body(test, records)
        }
    }

    /// Judges one event of a re-analysis as a worker would.
    private func step(_ test: TestStore, tokens: Int = 100) async throws -> Lease? {
        let leases = try await test.store.jobs.claim(kinds: ["reanalyze_event"], limit: 1, owner: "w", leaseSeconds: 30)
        guard let lease = leases.first else { return nil }
        let event = try #require(
            Identifier<Event>(lease.job.payload.split(separator: "event_id\": \"")[1].prefix(36)))
        var verdict = TestStore.verdict(event, .normal)
        verdict.judgement.promptTokens = tokens
        verdict.judgement.completionTokens = 0
        verdict.cost = 0.5
        #expect(try await test.store.jobs.complete(lease, verdict: verdict))
        return lease
    }

    @Test func `a filter chooses, a diff tells, and promotion is all or nothing`() async throws {
        try await with { test, records async throws in
            var filter = EventQuery()
            filter.verdictState = .abnormal
            let reanalyses = test.store.reanalyses
            let (begun, _) = try await reanalyses.begin(ReanalysisRequest(filter: filter), of: organization)
            #expect(begun.progress.events == 3)
            let first = try #require(try await step(test))
            #expect(first.job.priority == .batch)
            // The event itself does not move.
            #expect(try await test.store.events.event(records[1].id, of: organization).analysis == .done)
            await #expect(throws: StoreError.self) { try await reanalyses.promote(begun.id, of: organization) }
            while try await step(test) != nil {}
            let done = try await reanalyses.reanalysis(begun.id, of: organization)
            #expect(done.state == .completed && done.progress.tokens == 300 && done.progress.money == 1.5)
            let changes = try await reanalyses.changes(of: begun.id, in: organization)
            #expect(changes == [ReanalysisChange(old: .abnormal, new: .normal, events: 3)])
            let cell = try await reanalyses.events(
                of: begun.id, in: organization, from: .abnormal, to: .normal, limit: 10, after: nil)
            #expect(Set(cell) == Set(records.dropFirst().map(\.id)))
            try await reanalyses.promote(begun.id, of: organization)
            let rows = try await test.pool.query(
                """
                SELECT count(*) AS number FROM events e JOIN verdicts v ON v.id = e.current_verdict_id WHERE v.state = 'normal'
                """)
            #expect(try rows.first?.get("number", as: Int.self) == 4)
            #expect(try await test.pool.query("SELECT FROM verdicts").count == 7)
        }
    }

    @Test func `paused it begins nothing, cancelled it ends, and another organization sees none of it`() async throws {
        try await with { test, _ async throws in
            let reanalyses = test.store.reanalyses
            let (begun, _) = try await reanalyses.begin(
                ReanalysisRequest(filter: EventQuery(), limits: ReanalysisLimits(events: 3)), of: organization)
            #expect(begun.progress.events == 3)
            try await reanalyses.pause(begun.id, of: organization, reason: "by hand")
            #expect(try await step(test) == nil)
            try await reanalyses.resume(begun.id, of: organization)
            #expect(try await step(test) != nil)
            let other = try await test.makeOrganization("other")
            await #expect(throws: StoreError.self) { try await reanalyses.cancel(begun.id, of: other) }
            await #expect(throws: StoreError.self) { _ = try await reanalyses.reanalysis(begun.id, of: other) }
            #expect(try await reanalyses.reanalyses(of: other, limit: 10, before: nil).isEmpty)
            try await reanalyses.cancel(begun.id, of: organization)
            #expect(try await step(test) == nil)
            await #expect(throws: StoreError.self) { try await reanalyses.resume(begun.id, of: organization) }
            try await reanalyses.discard(begun.id, of: organization)
            #expect(try await reanalyses.reanalysis(begun.id, of: organization).state == .discarded)
        }
    }

    @Test func `it pauses by itself when its tokens are spent`() async throws {
        try await with { test, records async throws in
            let reanalyses = test.store.reanalyses
            let (begun, _) = try await reanalyses.begin(
                ReanalysisRequest(filter: EventQuery(), limits: ReanalysisLimits(tokens: 150)), of: organization)
            for _ in 0..<2 {
                guard case .judge = try await reanalyses.task(for: records[0].id, in: begun.id, of: organization) else {
                    Issue.record("it waits too early")
                    return
                }
                #expect(try await step(test) != nil)
            }
            guard case .wait = try await reanalyses.task(for: records[0].id, in: begun.id, of: organization) else {
                Issue.record("it does not wait")
                return
            }
            let paused = try await reanalyses.reanalysis(begun.id, of: organization)
            #expect(paused.state == .paused && paused.reason == "tokens")
        }
    }

    @Test func `a job that is given up is a failed event, and the rest completes it`() async throws {
        try await with { test, _ async throws in
            let (begun, _) = try await test.store.reanalyses.begin(
                ReanalysisRequest(filter: EventQuery()), of: organization)
            let lease = try #require(
                try await test.store.jobs.claim(kinds: ["reanalyze_event"], limit: 1, owner: "w", leaseSeconds: 30)
                    .first)
            #expect(try await test.store.jobs.discard(lease, error: "hopeless"))
            while try await step(test) != nil {}
            let done = try await test.store.reanalyses.reanalysis(begun.id, of: organization)
            #expect(done.state == .completed && done.progress.failed == 1 && done.progress.done == 3)
        }
    }
}
