import Domain
import PostgresKit
import Testing
import TestSupport

@testable import Store

@Suite(.enabled(if: TestDatabase.isAvailable, "needs an installed PostgreSQL server"))
struct FeedbackStoreTests {
    /// An event judged as `verdict` says.
    private func judged(
        _ store: TestStore, _ camera: Camera, _ state: Verdict.State, labels: [String] = [], confidence: Double = 0.9
    ) async throws -> Identifier<Event> {
        let record = TestStore.record(camera)
        try await store.store.events.handOver(record)
        let lease = try #require(
            try await store.store.jobs.claim(kinds: ["judge_event"], limit: 1, owner: "x", leaseSeconds: 60).first)
        let verdict = TestStore.verdict(record.id, state, labels: labels, confidence: confidence)
        #expect(try await store.store.jobs.complete(lease, verdict: verdict))
        return record.id
    }

    @Test func `the newest word counts, is kept when taken back, and then another's counts again`() async throws {
        try await TestStore.with { store async throws in
            let feedback = store.store.feedback
            let camera = try await store.makeCamera()
            try await store.configureJudging()
            let event = try await judged(store, camera, .abnormal)
            func counting() async throws -> Feedback? {
                try await store.store.events.event(event, of: Organization.first).feedback
            }
            #expect(try await counting() == nil)
            try await feedback.give(TestStore.feedback(event, .abnormal, by: "ben"), of: Organization.first)
            try await feedback.give(TestStore.feedback(event, .normal), of: Organization.first)
            try await feedback.give(
                TestStore.feedback(event, .uncertain, labels: ["dog"]), of: Organization.first)
            let now = try await counting()
            #expect(now?.state == .uncertain && now?.labels == ["dog"] && now?.author.name == "anna")
            #expect(try await store.store.events.event(event, of: Organization.first).reviewed)
            #expect(try await store.store.events.events(EventQuery(), of: Organization.first).first?.feedback == now)

            try await feedback.withdraw(.init(key: "user:anna", name: "anna"), from: event, of: Organization.first)
            #expect(try await counting()?.author.name == "ben", "not what anna said before")
            await #expect(throws: StoreError.self, "there is nothing more to take back") {
                try await feedback.withdraw(.init(key: "user:anna", name: "anna"), from: event, of: Organization.first)
            }
            try await feedback.withdraw(.init(key: "user:ben", name: "ben"), from: event, of: Organization.first)
            #expect(try await counting() == nil)
            let history = try await feedback.history(of: event, in: Organization.first, limit: 100)
            #expect(history.map(\.state) == [nil, nil, .uncertain, .normal, .abnormal])
            #expect(history.map(\.author.name) == ["ben", "anna", "anna", "anna", "ben"])
        }
    }

    @Test func `no feedback on an event of another organization or none`() async throws {
        try await TestStore.with { store async throws in
            let camera = try await store.makeCamera()
            try await store.configureJudging()
            let event = try await judged(store, camera, .abnormal)
            let other = try await store.makeOrganization("other")
            for (id, organization) in [(event, other), (Identifier<Event>.make(at: .now), Organization.first)] {
                await #expect(throws: StoreError.self) {
                    try await store.store.feedback.give(TestStore.feedback(id), of: organization)
                }
                await #expect(throws: StoreError.self) {
                    _ = try await store.store.feedback.history(of: id, in: organization, limit: 1)
                }
            }
            #expect(try await store.pool.query("SELECT FROM event_feedback").isEmpty)
        }
    }

    @Test func `accuracy compares each verdict with what people said, by definition version, analyzer and camera`()
        async throws
    {
        try await TestStore.with { store async throws in
            let feedback = store.store.feedback
            let gate = try await store.makeCamera()
            let yard = try await store.makeCamera("yard")
            try await store.configureJudging()
            let right = try await judged(store, gate, .abnormal, labels: ["person"], confidence: 0.95)
            let wrong = try await judged(store, yard, .abnormal, labels: ["person"], confidence: 1)
            let missed = try await judged(store, gate, .normal, confidence: 0.55)
            _ = try await judged(store, gate, .normal)
            let before = try await feedback.accuracy(AccuracyQuery(), of: Organization.first)
            #expect(before.isEmpty, "nobody has said anything")
            try await feedback.give(
                TestStore.feedback(right, .abnormal, labels: ["person"]), of: Organization.first)
            try await feedback.give(TestStore.feedback(wrong, .normal), of: Organization.first)
            try await feedback.give(
                TestStore.feedback(missed, .abnormal, labels: ["dog"]), of: Organization.first)
            // An older verdict of the same judge does not count beside the newer one.
            try await store.pool.query(
                """
                INSERT INTO verdicts SELECT (jsonb_populate_record(v, jsonb_build_object('id', gen_random_uuid(),
                    'state', 'normal', 'created_at', created_at - interval '1 hour'))).* FROM verdicts v WHERE event_id = $1
                """, [.id(right)])

            let all = try await feedback.accuracy(AccuracyQuery(), of: Organization.first)
            #expect(all.map(\.group.definitionVersion) == [1])
            #expect(all.map(\.group.analyzer) == ["local"])
            let definitions = try await store.pool.query("SELECT id::text FROM definitions")
            #expect(
                try all.map(\.group.definition?.description) == definitions.map { Optional(try $0.get("id") as String) }
            )
            let accuracy = try #require(all.first)
            #expect(accuracy.agreement == Proportion(1, of: 3))
            #expect(accuracy.precision == Proportion(1, of: 2))
            #expect(accuracy.recall == Proportion(1, of: 2))
            #expect(accuracy.calibration.map(\.lower) == [0.5, 0.9])
            #expect(accuracy.calibration.last?.right == Proportion(1, of: 2))
            #expect(abs((accuracy.calibration.last?.meanConfidence ?? 0) - 0.975) < 1e-9)
            #expect(accuracy.labels.map(\.label) == ["dog", "person"])
            #expect(accuracy.labels.last?.precision == Proportion(1, of: 2))
            #expect(accuracy.labels.last?.recall == Proportion(1, of: 1))
            #expect(accuracy.labels.first?.recall == Proportion(0, of: 1))

            var query = AccuracyQuery()
            query.byCamera = true
            query.byWeek = true
            let grouped = try await feedback.accuracy(query, of: Organization.first)
            #expect(Set(grouped.map(\.group.camera)) == [gate.id, yard.id])
            #expect(grouped.allSatisfy { $0.group.week?.count == 10 })
            query.camera = yard.id
            #expect(
                try await feedback.accuracy(query, of: Organization.first).map(\.precision) == [Proportion(0, of: 1)])
            query.to = WallTime.now.advanced(bySeconds: -3600)
            #expect(try await feedback.accuracy(query, of: Organization.first).isEmpty)
            let other = try await store.makeOrganization("other")
            #expect(try await feedback.accuracy(AccuracyQuery(), of: other).isEmpty)
        }
    }
}
