package import Domain
import Testing

/// An empty queue and what the suite needs besides the port.
package struct JobQueueFixture: Sendable {
    package var queue: any JobQueue
    /// Moves the queue's clock on.
    package var advance: @Sendable (_ seconds: Double) async throws -> Void
    /// The queue's clock.
    package var now: @Sendable () -> WallTime
    /// Other organizations that may have jobs, in ascending order.
    package var organizations: [Identifier<Organization>]

    package init(
        queue: any JobQueue, organizations: [Identifier<Organization>], now: @escaping @Sendable () -> WallTime,
        advance: @escaping @Sendable (_ seconds: Double) async throws -> Void
    ) {
        self.queue = queue
        self.organizations = organizations
        self.now = now
        self.advance = advance
    }
}

/// What every `JobQueue` must do. Run each of `cases` on a fixture of its own.
package enum JobQueueConformance {
    package struct Case: Sendable, CustomTestStringConvertible {
        package let name: String
        package let run: @Sendable (JobQueueFixture) async throws -> Void
        package var testDescription: String { name }
    }

    package static let cases: [Case] = [
        Case(name: "a job is claimed by one only") { fixture in
            let id = try await fixture.enqueue("a", 3)
            let first = try await fixture.queue.claim(kinds: ["a"], limit: 10, owner: "one", leaseSeconds: 30)
            let second = try await fixture.queue.claim(kinds: ["a"], limit: 10, owner: "two", leaseSeconds: 30)
            #expect(first.map(\.job.id) == [id])
            #expect(first.first?.job.state == .leased)
            #expect(first.first?.job.attempt == 1)
            #expect(first.first?.job.maximumAttempts == 3)
            #expect(second.isEmpty)
        },
        Case(name: "many claimers at once get each job exactly once") { fixture in
            var expected: Set<Identifier<Job>> = []
            for _ in 0..<40 { expected.insert(try await fixture.enqueue("a", 3)) }
            let queue = fixture.queue
            let claimed = try await withThrowingTaskGroup(of: [Identifier<Job>].self) { group in
                for worker in 0..<8 {
                    group.addTask {
                        var mine: [Identifier<Job>] = []
                        while true {
                            let leases = try await queue.claim(
                                kinds: ["a"], limit: 3, owner: "worker \(worker)", leaseSeconds: 30)
                            if leases.isEmpty { return mine }
                            for lease in leases {
                                #expect(try await queue.complete(lease, verdict: nil))
                                mine.append(lease.job.id)
                            }
                        }
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(claimed.count == expected.count)
            #expect(Set(claimed) == expected)
            #expect(try await queue.counts() == [.succeeded: 40])
        },
        Case(name: "only the kinds asked for are claimed, up to the limit, oldest first") { fixture in
            var ids: [Identifier<Job>] = []
            for _ in 0..<3 {
                ids.append(try await fixture.enqueue("a", 3))
                _ = try await fixture.enqueue("b", 3)
                try await fixture.advance(1)
            }
            #expect(try await fixture.queue.claim(kinds: ["c"], limit: 9, owner: "w", leaseSeconds: 30).isEmpty)
            #expect(try await fixture.queue.claim(kinds: ["a"], limit: 0, owner: "w", leaseSeconds: 30).isEmpty)
            let two = try await fixture.queue.claim(kinds: ["a"], limit: 2, owner: "w", leaseSeconds: 30)
            #expect(two.map(\.job.id) == Array(ids.prefix(2)))
            let rest = try await fixture.queue.claim(kinds: ["a", "b"], limit: 9, owner: "w", leaseSeconds: 30)
            #expect(rest.count == 4)
        },
        Case(name: "a lease that ran out is claimed anew and the old holder can do nothing") { fixture in
            _ = try await fixture.enqueue("a", 3)
            let old = try #require(try await fixture.claimOne())
            try await fixture.advance(31)
            let new = try #require(try await fixture.claimOne())
            #expect(new.job.id == old.job.id)
            #expect(new.token != old.token)
            #expect(new.job.attempt == 2)
            #expect(try await fixture.queue.complete(old, verdict: nil) == false)
            #expect(try await fixture.queue.retry(old, error: "late", delaySeconds: 0) == false)
            #expect(try await fixture.queue.discard(old, error: "late") == false)
            #expect(try await fixture.queue.renew([old], leaseSeconds: 30).isEmpty)
            try await fixture.queue.release([old])
            #expect(try await fixture.queue.counts() == [.leased: 1])
            #expect(try await fixture.queue.complete(new, verdict: nil))
            #expect(try await fixture.queue.complete(new, verdict: nil) == false)
            #expect(try await fixture.queue.counts() == [.succeeded: 1])
        },
        Case(name: "a renewed lease does not run out") { fixture in
            _ = try await fixture.enqueue("a", 3)
            let lease = try #require(try await fixture.claimOne())
            for _ in 0..<3 {
                try await fixture.advance(20)
                #expect(try await fixture.queue.renew([lease], leaseSeconds: 30) == [lease.token])
                #expect(try await fixture.claimOne() == nil)
            }
            #expect(try await fixture.queue.complete(lease, verdict: nil))
        },
        Case(name: "a failed job waits for its delay and is discarded after its last attempt") { fixture in
            _ = try await fixture.enqueue("a", 2)
            let first = try #require(try await fixture.claimOne())
            #expect(try await fixture.queue.retry(first, error: "first", delaySeconds: 10))
            #expect(try await fixture.queue.counts() == [.retryable: 1])
            try await fixture.advance(9)
            #expect(try await fixture.claimOne() == nil)
            try await fixture.advance(2)
            let second = try #require(try await fixture.claimOne())
            #expect(second.job.attempt == 2)
            #expect(try await fixture.queue.retry(second, error: "second", delaySeconds: 10))
            #expect(try await fixture.queue.counts() == [.discarded: 1])
            try await fixture.advance(1000)
            #expect(try await fixture.claimOne() == nil)
        },
        Case(name: "a discarded job never runs again") { fixture in
            _ = try await fixture.enqueue("a", 5)
            let lease = try #require(try await fixture.claimOne())
            #expect(try await fixture.queue.discard(lease, error: "hopeless"))
            try await fixture.advance(1000)
            #expect(try await fixture.claimOne() == nil)
            #expect(try await fixture.queue.counts() == [.discarded: 1])
        },
        Case(name: "a released job is available at once and its attempt is not counted") { fixture in
            _ = try await fixture.enqueue("a", 1)
            for _ in 0..<3 {
                let lease = try #require(try await fixture.claimOne())
                #expect(lease.job.attempt == 1)
                try await fixture.queue.release([lease])
                #expect(try await fixture.queue.counts() == [.available: 1])
            }
        },
        Case(name: "a job whose workers keep dying is discarded when its attempts are used up") { fixture in
            _ = try await fixture.enqueue("a", 2)
            for attempt in 1...2 {
                let lease = try #require(try await fixture.claimOne())
                #expect(lease.job.attempt == attempt)
                try await fixture.advance(31)
            }
            #expect(try await fixture.claimOne() == nil)
            #expect(try await fixture.queue.counts() == [.discarded: 1])
        },
        Case(name: "live runs before interactive before batch, whatever came first") { fixture in
            let batch = try await fixture.add(priority: .batch)
            let interactive = try await fixture.add(priority: .interactive)
            try await fixture.advance(1)
            let live = try await fixture.add(priority: .live)
            let order = try await fixture.queue.claim(kinds: ["a"], limit: 9, owner: "w", leaseSeconds: 30)
            #expect(order.map(\.job.id) == [live, interactive, batch])
            #expect(order.map(\.job.priority) == [.live, .interactive, .batch])
        },
        Case(name: "who takes only what is urgent finds it, and leaves the rest") { fixture in
            let batch = try await fixture.add(priority: .batch)
            let interactive = try await fixture.add(priority: .interactive)
            func claim(_ least: JobPriority) async throws -> [Identifier<Job>] {
                try await fixture.queue.claim(
                    kinds: ["a"], limit: 9, owner: "w", leaseSeconds: 30, leastUrgent: least
                ).map(\.job.id)
            }
            #expect(try await claim(.live) == [])
            #expect(try await claim(.interactive) == [interactive])
            #expect(try await claim(.interactive) == [])
            #expect(try await claim(.batch) == [batch])
            // Those whose lease ran out, too.
            try await fixture.advance(31)
            #expect(try await claim(.live) == [])
            #expect(try await claim(.interactive) == [interactive])
            #expect(try await claim(.batch) == [batch])
        },
        Case(name: "organizations take turns, one job each, however many one has") { fixture in
            let (one, two) = (fixture.organizations[0], fixture.organizations[1])
            for _ in 0..<30 { _ = try await fixture.add(of: one, priority: .batch) }
            try await fixture.advance(1)
            for _ in 0..<3 { _ = try await fixture.add(of: two, priority: .batch) }
            var order: [Identifier<Organization>] = []
            while let lease = try await fixture.claimOne() { order.append(lease.job.organization) }
            #expect(order.prefix(6).filter { $0 == two }.count == 3)
            #expect(order.count == 33)
            for _ in 0..<10 { _ = try await fixture.add(of: one) }
            for _ in 0..<2 { _ = try await fixture.add(of: two) }
            let together = try await fixture.queue.claim(kinds: ["a"], limit: 4, owner: "w", leaseSeconds: 30)
            #expect(together.filter { $0.job.organization == two }.count == 2)
        },
        Case(name: "a scheduled job waits for its time") { fixture in
            let id = try await fixture.add(delaySeconds: 60)
            #expect(try await fixture.queue.counts() == [.scheduled: 1])
            try await fixture.advance(59)
            #expect(try await fixture.claimOne() == nil)
            try await fixture.advance(2)
            #expect(try await fixture.claimOne()?.job.id == id)
        },
        Case(name: "a unique key keeps others out until its job has ended") { fixture in
            let first = try await fixture.queue.enqueue([fixture.make(uniqueKey: "k")])
            #expect(first.count == 1)
            #expect(try await fixture.queue.enqueue([fixture.make(uniqueKey: "k"), fixture.make()]).count == 1)
            let leases = try await fixture.queue.claim(kinds: ["a"], limit: 9, owner: "w", leaseSeconds: 30)
            #expect(try await fixture.queue.enqueue([fixture.make(uniqueKey: "k")]).isEmpty)
            #expect(try await fixture.queue.complete(leases.map { JobCompletion(lease: $0) }).count == 2)
            #expect(try await fixture.queue.enqueue([fixture.make(uniqueKey: "k")]).count == 1)
        },
        Case(name: "many are completed at once, and only those that are held") { fixture in
            for _ in 0..<5 { _ = try await fixture.add() }
            let leases = try await fixture.queue.claim(kinds: ["a"], limit: 5, owner: "w", leaseSeconds: 30)
            #expect(try await fixture.queue.complete(leases[0], verdict: nil))
            let written = try await fixture.queue.complete(leases.map { JobCompletion(lease: $0) })
            #expect(written == Set(leases.dropFirst().map(\.token)))
            #expect(try await fixture.queue.counts() == [.succeeded: 5])
        },
        Case(name: "a job that is released for later is not counted as failed") { fixture in
            let id = try await fixture.add(attempts: 1)
            let lease = try #require(try await fixture.claimOne())
            try await fixture.queue.release([lease], delaySeconds: 10)
            #expect(try await fixture.claimOne() == nil)
            try await fixture.advance(11)
            let again = try #require(try await fixture.claimOne())
            #expect(again.job.id == id && again.job.attempt == 1)
        },
        Case(name: "a cancelled job never runs, and one that runs loses its lease") { fixture in
            let organization = fixture.organizations[0]
            let waiting = try await fixture.add()
            #expect(try await fixture.queue.cancel(waiting, of: fixture.organizations[1]) == false)
            #expect(try await fixture.queue.cancel(waiting, of: organization))
            #expect(try await fixture.queue.cancel(waiting, of: organization) == false)
            #expect(try await fixture.claimOne() == nil)
            let running = try await fixture.add()
            let lease = try #require(try await fixture.claimOne())
            #expect(try await fixture.queue.cancel(running, of: organization))
            #expect(try await fixture.queue.renew([lease], leaseSeconds: 30).isEmpty)
            #expect(try await fixture.queue.complete(lease, verdict: nil) == false)
            #expect(try await fixture.queue.counts() == [.cancelled: 2])
        },
        Case(name: "a discarded job can be revived by hand, with all its attempts") { fixture in
            let organization = fixture.organizations[0]
            let id = try await fixture.add(attempts: 1)
            let lease = try #require(try await fixture.claimOne())
            #expect(try await fixture.queue.revive(id, of: organization) == false)
            #expect(try await fixture.queue.retry(lease, error: "no", delaySeconds: 1))
            #expect(try await fixture.queue.counts() == [.discarded: 1])
            #expect(try await fixture.queue.revive(id, of: fixture.organizations[1]) == false)
            #expect(try await fixture.queue.revive(id, of: organization))
            #expect(try await fixture.queue.counts() == [.available: 1])
            let again = try #require(try await fixture.claimOne())
            #expect(again.job.id == id && again.job.attempt == 1)
            #expect(try await fixture.queue.complete(again, verdict: nil))
            #expect(try await fixture.queue.revive(id, of: organization) == false)
        },
        Case(name: "a waiting job that is revived runs at once") { fixture in
            let id = try await fixture.add(delaySeconds: 600)
            #expect(try await fixture.queue.revive(id, of: fixture.organizations[0]))
            #expect(try await fixture.claimOne()?.job.id == id)
        },
        Case(name: "who waits is woken by a new job") { fixture in
            let wakes = try await fixture.queue.wakes()
            var iterator = wakes.makeAsyncIterator()
            // The first wake is for what was there before.
            _ = await iterator.next()
            let id = try await fixture.enqueue("a", 3)
            var leases: [Lease] = []
            while leases.isEmpty, await iterator.next() != nil {
                leases = try await fixture.queue.claim(kinds: ["a"], limit: 1, owner: "w", leaseSeconds: 30)
            }
            #expect(leases.map(\.job.id) == [id])
        },
    ]
}

extension JobQueueFixture {
    /// A job of kind `a`, of the first organization unless told.
    fileprivate func make(
        _ kind: String = "a", of organization: Identifier<Organization>? = nil, priority: JobPriority = .live,
        attempts: Int = 3, delaySeconds: Double = 0, uniqueKey: String? = nil
    ) -> NewJob {
        NewJob(
            id: .make(at: now()), organization: organization ?? organizations[0], kind: kind, priority: priority,
            maximumAttempts: attempts, delaySeconds: delaySeconds, uniqueKey: uniqueKey)
    }

    fileprivate func add(
        of organization: Identifier<Organization>? = nil, priority: JobPriority = .live, attempts: Int = 3,
        delaySeconds: Double = 0
    ) async throws -> Identifier<Job> {
        let job = make(of: organization, priority: priority, attempts: attempts, delaySeconds: delaySeconds)
        #expect(try await queue.enqueue([job]) == [job.id])
        return job.id
    }

    /// Adds a job of a kind with so many attempts, and returns its id.
    fileprivate func enqueue(_ kind: String, _ attempts: Int) async throws -> Identifier<Job> {
        let job = make(kind, attempts: attempts)
        #expect(try await queue.enqueue([job]) == [job.id])
        return job.id
    }

    /// Claims one job of kind `a` for 30 s.
    fileprivate func claimOne() async throws -> Lease? {
        try await queue.claim(kinds: ["a"], limit: 1, owner: "worker", leaseSeconds: 30).first
    }
}
