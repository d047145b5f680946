import Domain
import Testing
import TestSupport

@testable import Store

@Suite(.enabled(if: TestDatabase.isAvailable, "needs an installed PostgreSQL server"))
struct JudgingStoreTests {
    private let organization = Organization.first

    @Test func `a definition gets a new version only when its words or labels change`() async throws {
        try await TestStore.with { test async throws in
            let judging = test.store.judging
            let first = try await judging.define(normal: "empty", labels: ["person"], of: organization)
            #expect(first.version == 1)
            #expect(try await judging.define(normal: "empty", labels: ["person"], of: organization) == first)
            let second = try await judging.define(normal: "empty", labels: ["person", "car"], of: organization)
            #expect(second.version == 2)
            #expect(second.definition == first.definition)
            // Back to the old words is a new version, because history is never rewritten.
            #expect(try await judging.define(normal: "empty", labels: ["person"], of: organization).version == 3)
        }
    }

    @Test func `versions that are made at the same time have no gap`() async throws {
        try await TestStore.with { test async throws in
            let judging = test.store.judging
            let organization = self.organization
            let versions = try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<6 {
                    group.addTask {
                        try await judging.define(normal: "\(number)", labels: [], of: organization).version
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(versions.sorted() == [1, 2, 3, 4, 5, 6])
        }
    }

    @Test func `an analyzer is known by its name, and a policy follows the last that was put`() async throws {
        try await TestStore.with { test async throws in
            let judging = test.store.judging
            let local = try await test.configureJudging()
            var remote = Analyzer(
                id: .make(at: .now), organization: organization, name: "vlm", kind: .openai,
                baseURL: "http://127.0.0.1:8081/v1", model: "qwen", apiKey: "secret", timeoutSeconds: 20)
            remote.id = try await judging.put(remote)
            remote.model = "other"
            var again = remote
            again.id = .make(at: .now)
            #expect(try await judging.put(again) == remote.id)
            #expect(remote.id != local)
            try await judging.put(
                Policy(id: .make(at: .now), mode: .single, analyzers: [remote.id]), of: organization)
            let record = TestStore.record(try await test.makeCamera())
            try await test.store.events.handOver(record)
            let task = try await judging.task(for: record.id, of: organization)
            #expect(task.analyzers == [remote])
            #expect(task.policy.analyzers == [remote.id])
        }
    }

    @Test func `a single policy takes exactly one analyzer, of its own organization`() async throws {
        try await TestStore.with { test async throws in
            let judging = test.store.judging
            for analyzers in [[], [Identifier<Analyzer>.make(at: .now)]] {
                await #expect(throws: StoreError.self) {
                    try await judging.put(
                        Policy(id: .make(at: .now), mode: .single, analyzers: analyzers), of: organization)
                }
            }
        }
    }

    @Test func `what cannot be judged says why`() async throws {
        try await TestStore.with { test async throws in
            let record = TestStore.record(try await test.makeCamera())
            await #expect(throws: StoreError.notFound("there is no event \(record.id)")) {
                try await test.store.judging.task(for: record.id, of: organization)
            }
            try await test.store.events.handOver(record)
            await #expect(throws: StoreError.notFound("the organization has no definition of what is normal")) {
                try await test.store.judging.task(for: record.id, of: organization)
            }
        }
    }
}
