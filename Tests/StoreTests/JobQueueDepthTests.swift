import Domain
import Logging
import PostgresKit
import Synchronization
import Testing
import TestSupport

@testable import Store

/// How often each job was completed.
private final class Tally: Sendable {
    private let counts = Mutex<[Identifier<Job>: Int]>([:])

    var count: Int { counts.withLock { $0.count } }
    var isEachOnce: Bool { counts.withLock { $0.values.allSatisfy { $0 == 1 } } }
    func add(_ jobs: [Identifier<Job>]) {
        counts.withLock { counts in for job in jobs { counts[job, default: 0] += 1 } }
    }
}

/// What the queue does that needs the real one.
@Suite(.enabled(if: TestDatabase.isAvailable, "needs an installed PostgreSQL server"))
struct JobQueueDepthTests {
    private func job(
        _ kind: String = "a", of organization: Identifier<Organization> = Organization.first,
        priority: JobPriority = .live, batch: Identifier<JobBatch>? = nil, maximumAttempts: Int = 12
    ) -> NewJob {
        NewJob(
            id: .make(at: .now), organization: organization, kind: kind, priority: priority,
            maximumAttempts: maximumAttempts, batch: batch)
    }

    @Test
    func `another organization's live job is claimed before 100,000 batch jobs, and its batch jobs every second time`()
        async throws
    {
        try await TestStore.with { test async throws in
            let queue = PostgresJobQueue(pool: test.queuePool, listener: test.listener, pollSeconds: 600)
            let other = try await test.makeOrganization("small")
            // In parts: a starved machine does not make them all within a statement's time.
            for _ in 0..<10 {
                try await test.pool.query(
                    """
                    INSERT INTO jobs (id, organization_id, kind, payload, priority, state, run_at, max_attempts, created_at)
                    SELECT gen_random_uuid(), $1, 'a', '{}', 100, 'available', now(), 3, now()
                    FROM generate_series(1, 10000)
                    """, [.id(Organization.first)])
            }
            let small = (0..<5).map { _ in job(of: other, priority: .batch) }
            let live = job(of: other)
            try await queue.enqueue(small + [live])
            var order: [Lease] = []
            for _ in 0..<11 {
                order += try await queue.claim(kinds: ["a"], limit: 1, owner: "w", leaseSeconds: 60)
            }
            #expect(order.first?.job.id == live.id)
            let turns = order.dropFirst().map { $0.job.organization == other }
            #expect(turns.filter { $0 }.count == 5)
            #expect(zip(turns, turns.dropFirst()).allSatisfy { $0 != $1 })
            // By index: a claim reads a few dozen rows, not the 100,000.
            let plan = try await test.queuePool.withTransaction { connection in
                try connection.run(
                    "EXPLAIN (ANALYZE, FORMAT JSON) "
                        + JobStatements(hooks: []).claim.replacing("$1", with: "NULL").replacing(
                            "$2", with: "'{a}'"
                        ).replacing("$3", with: "1").replacing("$4", with: "'w'").replacing("$5", with: "60.0")
                        .replacing(
                            "$6", with: "'{}'"
                        ).replacing("$7", with: "'{}'").replacing("$8", with: "100")
                ).first?.get("QUERY PLAN", as: String.self) ?? ""
            }
            let largest = plan.split(separator: "\"Actual Rows\": ").dropFirst().compactMap {
                Int($0.prefix { $0.isNumber })
            }.max()
            #expect(try #require(largest) < 100, "\(plan)")
        }
    }

    @Test(.timeLimit(.minutes(10))) func `whoever kills workers at random, each job ends once`() async throws {
        try await TestStore.with { test async throws in
            let count = 400
            let setup = PostgresJobQueue(pool: test.queuePool, listener: test.listener, pollSeconds: 600)
            // None is given up, however often a busy machine lets its lease run out.
            try await setup.enqueue((0..<count).map { _ in job(maximumAttempts: 1000) })
            // The queue's clock runs a thousand times as fast, so that leases of the killed run out soon.
            let start = ContinuousClock.now
            let epoch = WallTime.now
            let clock: @Sendable () -> WallTime? = {
                epoch.advanced(bySeconds: (ContinuousClock.now - start) / .seconds(1) * 1000)
            }
            let completed = Tally()
            let settings = test.queuePool.settings
            try await withThrowingTaskGroup(of: Void.self) { group in
                for worker in 0..<8 {
                    group.addTask {
                        var generator = SystemRandomNumberGenerator()
                        while completed.count < count {
                            // A worker: a connection of its own, killed with what it holds.
                            let pool = Pool(settings, size: 1)
                            let queue = PostgresJobQueue(
                                pool: pool, listener: test.listener, pollSeconds: 600, now: clock)
                            for _ in 0..<Int.random(in: 1...12, using: &generator) {
                                let leases = try await queue.claim(
                                    kinds: ["a"], limit: 3, owner: "\(worker)", leaseSeconds: 100)
                                if Int.random(in: 0..<8, using: &generator) == 0 { break }
                                let written = try await queue.complete(leases.map { JobCompletion(lease: $0) })
                                completed.add(leases.filter { written.contains($0.token) }.map(\.job.id))
                                if leases.isEmpty { try await Task.sleep(for: .milliseconds(20)) }
                            }
                            await pool.close()
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(completed.count == count)
            #expect(completed.isEachOnce)
            let rows = try await test.pool.query(
                """
                SELECT (SELECT count(*) FROM jobs) AS left, count(*) AS ended, count(DISTINCT id) AS jobs
                FROM job_history WHERE state = 'succeeded'
                """)
            let row = try #require(rows.first)
            #expect(try row.get("left", as: Int.self) == 0)
            #expect(try row.get("ended", as: Int.self) == count)
            #expect(try row.get("jobs", as: Int.self) == count)
        }
    }

    @Test func `a notification is sent only when another process waits`() async throws {
        try await TestStore.with { test async throws in
            let enqueuer = PostgresJobQueue(pool: test.queuePool, listener: test.listener, pollSeconds: 600)
            let worker = PostgresJobQueue(pool: test.queuePool, listener: test.listener, pollSeconds: 600)
            let listener = Listener(test.pool.settings, channels: Channel.all, logger: TestStore.logger)
            var heard = await listener.subscribe().makeAsyncIterator()
            #expect(await heard.next() == .resync)
            try await enqueuer.enqueue([job()])
            // Nobody waits. What follows on the same channel is the first thing heard.
            try await test.pool.query("SELECT pg_sleep(0.1), pg_notify('\(Channel.jobs)', 'mark')")
            #expect(await heard.next() == .notification(channel: Channel.jobs, payload: "mark"))
            let claimed = try await worker.claim(kinds: ["a"], limit: 5, owner: "w", leaseSeconds: 60)
            #expect(claimed.count == 1)
            #expect(try await worker.claim(kinds: ["a"], limit: 5, owner: "w", leaseSeconds: 60).isEmpty)
            let told = job()
            // One that has told nobody of anything in the last milliseconds.
            let other = PostgresJobQueue(pool: test.queuePool, listener: test.listener, pollSeconds: 600)
            try await other.enqueue([told])
            #expect(await heard.next() == .notification(channel: Channel.jobs, payload: "\(told.id) a"))
            await listener.close()
        }
    }

    @Test func `who waits takes by name what it has places for, and otherwise looks for work in the queue's order`() {
        let told = ToldJobs()
        let ids = (0..<3).map { _ in job().id }
        func hear(_ ids: [Identifier<Job>], _ kind: String = "a") { told.heard(NamedJobs(kind: kind, ids: ids)) }
        hear([ids[0]])
        #expect(told.take(4, of: ["a"]).isEmpty, "nobody waited")
        told.foundNothing(of: ["a"])
        hear([ids[0]])
        hear([ids[0], ids[1]])
        hear([ids[2]], "b")
        #expect(told.take(2, of: ["a"]) == [ids[0], ids[1]])
        hear([ids[2]])
        #expect(told.take(2, of: ["a"]).isEmpty, "the wait was over")
        told.foundNothing(of: ["a"])
        hear(ids)
        #expect(told.take(2, of: ["a"]).isEmpty, "there is something to choose")
        told.foundNothing(of: ["a"])
        hear([ids[0]])
        told.heard(nil)
        #expect(told.take(2, of: ["a"]).isEmpty, "there are others without names")
    }

    @Test func `a job that was named and taken by another is not waited for`() async throws {
        try await TestStore.with { test async throws in
            let waiting = PostgresJobQueue(pool: test.queuePool, listener: test.listener, pollSeconds: 600)
            let other = PostgresJobQueue(pool: test.queuePool, listener: test.listener, pollSeconds: 600)
            #expect(try await waiting.claim(kinds: ["a"], limit: 5, owner: "w", leaseSeconds: 60).isEmpty)
            let (named, unnamed) = (job(), job())
            try await waiting.enqueue([named])
            #expect(try await other.claim(kinds: ["a"], limit: 5, owner: "o", leaseSeconds: 60).count == 1)
            try await other.enqueue([unnamed])
            let claimed = try await waiting.claim(kinds: ["a"], limit: 5, owner: "w", leaseSeconds: 60)
            #expect(claimed.map(\.job.id) == [unnamed.id])
        }
    }

    @Test func `names of jobs survive a notification, and no other payload is taken for one`() throws {
        let named = try #require(NamedJobs([job(), job()]))
        #expect(NamedJobs(payload: named.payload) == named)
        for payload in ["", "mark", " a", "x,y a", "\(job().id)"] { #expect(NamedJobs(payload: payload) == nil) }
        #expect(NamedJobs([]) == nil)
        #expect(NamedJobs((0..<9).map { _ in job() }) == nil)
        #expect(NamedJobs([job(priority: .batch)]) == nil)
        #expect(NamedJobs([job("a"), job("b")]) == nil)
    }

    @Test func `a batch is held back, let go and cancelled as one`() async throws {
        try await TestStore.with { test async throws in
            let queue = PostgresJobQueue(pool: test.queuePool, listener: test.listener, pollSeconds: 600)
            let batch = Identifier<JobBatch>.make(at: .now)
            try await queue.enqueue((0..<10).map { _ in job(priority: .batch, batch: batch) } + [job("b")])
            let first = try await queue.claim(kinds: ["a"], limit: 2, owner: "w", leaseSeconds: 60)
            try await test.pool.query(JobStatements.hold, [.id(batch)])
            #expect(try await queue.claim(kinds: ["a"], limit: 9, owner: "w", leaseSeconds: 60).isEmpty)
            #expect(try await queue.complete(first[0], verdict: nil))
            try await test.pool.query(JobStatements.letGo, [.id(batch)])
            let second = try await queue.claim(kinds: ["a"], limit: 3, owner: "w", leaseSeconds: 60)
            #expect(second.count == 3)
            try await test.pool.query(JobStatements.cancelBatch, [.id(batch), .id(Organization.first)])
            #expect(try await queue.complete(second[0], verdict: nil) == false)
            #expect(try await queue.counts() == [.available: 1, .succeeded: 1, .cancelled: 9])
        }
    }

    @Test func `finished jobs leave the hot table, and whole months of them are dropped`() async throws {
        try await TestStore.with { test async throws in
            let time = ManualClock()  // begins on 2026-05-01
            let queue = PostgresJobQueue(
                pool: test.queuePool, listener: test.listener, pollSeconds: 600, now: { time.now })
            for _ in 0..<3 {
                try await queue.forget(finishedBeforeDays: 40)
                try await queue.enqueue([job()])
                let lease = try #require(
                    try await queue.claim(kinds: ["a"], limit: 1, owner: "w", leaseSeconds: 60).first)
                #expect(try await queue.complete(lease, verdict: nil))
                time.advance(31 * 86_400)
            }
            let rows = try await test.pool.query(
                "SELECT tableoid::regclass::text AS part FROM job_history ORDER BY finished_at")
            #expect(try rows.map { try $0.get("part", as: String.self) }.last == "job_history_2026_07")
            try await queue.forget(finishedBeforeDays: 40)
            // May ended before the 40 days, June did not.
            let left = try await test.pool.query("SELECT count(*) AS number FROM job_history").first
            #expect(try left?.get("number", as: Int.self) == 2)
            #expect(try await test.pool.query("SELECT FROM jobs").isEmpty)
        }
    }
}
