import Domain
import Logging
import PortConformance
import PostgresKit
import Synchronization
import Testing
import TestSupport

@testable import Store

/// A clock that tests move.
final class ManualClock: Sendable {
    private let time = Mutex(WallTime(secondsSinceEpoch: 1_777_629_600))
    var now: WallTime { time.withLock { $0 } }
    func advance(_ seconds: Double) { time.withLock { $0 = $0.advanced(bySeconds: seconds) } }
}

struct JobQueueTests {
    @Test(arguments: JobQueueConformance.cases)
    func `the queue in memory conforms`(conformance: JobQueueConformance.Case) async throws {
        let clock = ManualClock()
        let other = Identifier<Organization>.make(at: .now)
        try await conformance.run(
            JobQueueFixture(
                queue: InMemoryJobQueue { clock.now }, organizations: [Organization.first, other],
                now: { clock.now }, advance: { clock.advance($0) }))
    }

    @Test(.enabled(if: TestDatabase.isAvailable), arguments: JobQueueConformance.cases)
    func `the queue in PostgreSQL conforms`(conformance: JobQueueConformance.Case) async throws {
        try await TestStore.with { store async throws in
            let clock = ManualClock()
            let queue = PostgresJobQueue(
                pool: store.queuePool, listener: store.listener, pollSeconds: 600, now: { clock.now })
            try await conformance.run(
                JobQueueFixture(
                    queue: queue, organizations: [Organization.first, try await store.makeOrganization("other")],
                    now: { clock.now }, advance: { clock.advance($0) }))
        }
    }

    @Test(.enabled(if: TestDatabase.isAvailable))
    func `eight connections claim 500 jobs exactly once`() async throws {
        try await TestStore.with { store async throws in
            let queue = PostgresJobQueue(pool: store.queuePool, listener: store.listener, pollSeconds: 600)
            var ids: Set<Identifier<Job>> = []
            let jobs = (0..<500).map { _ in
                NewJob(id: .make(at: .now), organization: Organization.first, kind: "a")
            }
            ids = try await queue.enqueue(jobs)
            let claimed = try await withThrowingTaskGroup(of: [Identifier<Job>].self) { group in
                for worker in 0..<8 {
                    group.addTask {
                        var mine: [Identifier<Job>] = []
                        while true {
                            let leases = try await queue.claim(
                                kinds: ["a"], limit: 5, owner: "\(worker)", leaseSeconds: 60)
                            if leases.isEmpty { return mine }
                            mine += leases.map(\.job.id)
                        }
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(claimed.count == 500)
            #expect(Set(claimed) == ids)
        }
    }

    @Test(.enabled(if: TestDatabase.isAvailable))
    func `a retry of this process wakes its workers when it falls due`() async throws {
        try await TestStore.with { store async throws in
            let queue = PostgresJobQueue(pool: store.queuePool, listener: store.listener, pollSeconds: 600)
            try await queue.enqueue([NewJob(id: .make(at: .now), organization: Organization.first, kind: "a")])
            let lease = try #require(
                try await queue.claim(kinds: ["a"], limit: 1, owner: "w", leaseSeconds: 30).first)
            var wakes = try await queue.wakes().makeAsyncIterator()
            #expect(try await queue.retry(lease, error: "again", delaySeconds: 0.3))
            var again: [Lease] = []
            while again.isEmpty, await wakes.next() != nil {
                again = try await queue.claim(kinds: ["a"], limit: 1, owner: "w", leaseSeconds: 30)
            }
            #expect(again.first?.job.attempt == 2)
        }
    }
}
