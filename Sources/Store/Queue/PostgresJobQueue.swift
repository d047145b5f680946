package import Domain
internal import FoundationEssentials
package import PostgresKit
internal import Synchronization

/// The queue in PostgreSQL. Each method is one statement, so that a job and what came of it change together or not at all
/// (I4). How it works and why: `docs/design/queue.md`.
package struct PostgresJobQueue: JobQueue {
    private let pool: Pool
    private let listener: Listener
    private let wakeups: JobWakeups
    private let bell: JobBell
    private let sleeper: JobSleeper
    private let statements: JobStatementsByKind
    private let turns = Turns()
    private let burials = Burials()
    private let now: @Sendable () -> WallTime?

    /// What sessions for these statements are set to. Tables that are empty in one minute and full in the next lead the
    /// planner astray, and every statement here has an index made for it. Planning them costs ten times what running them
    /// does, so it is done once for each session. Such a session does nothing but the queue's work
    /// across tenants, so it has the duty for as long as it lasts, without a transaction around each statement (I7).
    package static let session = [
        "enable_seqscan": "off", "enable_bitmapscan": "off", "jit": "off",
        "plan_cache_mode": "force_generic_plan", "vedette.duty": "'\(Duty.queue.rawValue)'",
    ]

    /// The organization that had the last turn, of each priority.
    private final class Turns: Sendable {
        private let last = Mutex<[JobPriority: Identifier<Organization>]>([:])

        var all: [(JobPriority, Identifier<Organization>)] { last.withLock { $0.map { ($0.key, $0.value) } } }

        func took(_ leases: [Lease]) {
            last.withLock { last in
                for lease in leases { last[lease.job.priority] = lease.job.organization }
            }
        }
    }

    /// Since when claims of some kinds have found work without anybody having looked for jobs to give up.
    private final class Burials: Sendable {
        private static let afterSeconds = 1.0
        private let busySince = Mutex<[[String]: WallTime]>([:])

        func areDue(of kinds: [String], at time: WallTime) -> Bool {
            guard let since = busySince.withLock({ $0[kinds] }) else { return false }
            return abs(time.seconds(since: since)) >= Self.afterSeconds
        }

        func foundWork(of kinds: [String], at time: WallTime) {
            busySince.withLock { busySince in
                if busySince[kinds] == nil { busySince[kinds] = time }
            }
        }

        func areDone(of kinds: [String]) { busySince.withLock { $0[kinds] = nil } }
    }

    /// `pool` should be of sessions set as `session` says. `now` takes the place of the server's clock: for tests.
    package init(
        pool: Pool, listener: Listener, pollSeconds: Double, now: @escaping @Sendable () -> WallTime? = { nil }
    ) {
        let wakeups = JobWakeups(pollSeconds: pollSeconds)
        self.init(
            pool: pool, listener: listener, wakeups: wakeups, bell: JobBell(pool: pool, wakeups: wakeups), now: now)
    }

    init(
        pool: Pool, listener: Listener, wakeups: JobWakeups, bell: JobBell, hooks: [JobHooks] = [.judging, .exporting],
        now: @escaping @Sendable () -> WallTime? = { nil }
    ) {
        self.pool = pool
        self.listener = listener
        self.wakeups = wakeups
        self.bell = bell
        self.now = now
        sleeper = JobSleeper(pool: pool, bell: bell)
        statements = JobStatementsByKind(hooks: hooks)
    }

    private var clock: PostgresValue { .optional(now()) { .time($0) } }

    // MARK: Inserting

    @discardableResult
    package func enqueue(_ jobs: [NewJob]) async throws -> Set<Identifier<Job>> {
        guard !jobs.isEmpty else { return [] }
        let delays = jobs.map { Self.delay($0.delaySeconds) }
        let isDue = delays.contains(0)
        let named = NamedJobs(jobs)
        let values: [PostgresValue] =
            if jobs.count == 1 {
                [
                    .id(jobs[0].id), .id(jobs[0].organization), .text(jobs[0].kind), .json(jobs[0].payload),
                    .int(jobs[0].priority.rawValue), .int(max(1, jobs[0].maximumAttempts)), .double(delays[0]),
                    .optional(jobs[0].uniqueKey) { .text($0) }, .optional(jobs[0].batch) { .id($0) },
                ]
            } else {
                [
                    .ids(jobs.map(\.id)), .ids(jobs.map(\.organization)), .array(jobs.map(\.kind)),
                    .array(jobs.map(\.payload)), .array(jobs.map { String($0.priority.rawValue) }),
                    .array(jobs.map { String(max(1, $0.maximumAttempts)) }),
                    .array(delays.map { "\($0)" }), .array(jobs.map(\.uniqueKey)),
                    .array(jobs.map { $0.batch?.description }),
                ]
            }
        let rows = try await storing("jobs of kind \(jobs[0].kind)") {
            try await pool.query(
                jobs.count == 1 ? statements.all.insertOne : statements.all.insert,
                [clock] + values + [isDue ? bell.nameForInsert : .null, .text(named?.payload ?? "")], prepare: true)
        }
        for delay in Set(delays.filter { $0 > 0 }).prefix(16) { wakeups.wake(afterSeconds: delay) }
        if !rows.isEmpty, isDue {
            bell.ring(areTold: try rows.contains { try !$0.isNull("rung") }, naming: named)
        }
        return Set(try rows.map { try $0.id("id") })
    }

    // MARK: Leases

    package func claim(
        kinds: [String], limit: Int, owner: String, leaseSeconds: Double, leastUrgent: JobPriority
    ) async throws -> [Lease] {
        try await storing("jobs") {
            var attempts = 0
            let time = now() ?? .now
            let told = bell.told.take(limit, of: kinds)
            if !told.isEmpty {
                let leases = try await claimTold(told, kinds, owner, leaseSeconds, leastUrgent)
                guard leases.isEmpty else { return leases }
            }
            if burials.areDue(of: kinds, at: time) { try await bury(kinds) }
            while true {
                let (leases, areOthersFaster) = try await claimOnce(
                    kinds, max(0, limit), owner, leaseSeconds, leastUrgent)
                attempts += 1
                if leases.isEmpty, limit > 0, areOthersFaster, attempts < 10 { continue }
                if !leases.isEmpty {
                    burials.foundWork(of: kinds, at: time)
                    // Leases that are taken must reach the caller, whatever fails now: the mark runs out by itself.
                    try? await sleeper.foundWork()
                    return leases
                }
                // Who takes only what is urgent is not idle, and comes often.
                if leastUrgent >= .batch { try await bury(kinds) }
                guard limit > 0 else { return [] }
                bell.told.foundNothing(of: kinds)
                if try await sleeper.foundNothing() { continue }
                return []
            }
        }
    }

    /// Gives up jobs whose workers keep dying.
    private func bury(_ kinds: [String]) async throws {
        try await pool.query(statements.of(kinds).bury, [clock, .array(kinds)], prepare: true)
        burials.areDone(of: kinds)
    }

    private func claimOnce(
        _ kinds: [String], _ limit: Int, _ owner: String, _ leaseSeconds: Double, _ leastUrgent: JobPriority
    ) async throws -> (leases: [Lease], areOthersFaster: Bool) {
        let last = turns.all
        let rows = try await pool.query(
            statements.of(kinds).claim,
            [
                clock, .array(kinds), .int(limit), .text(owner.storable(limit: 200)),
                .double(Self.delay(leaseSeconds)), .array(last.map { String($0.0.rawValue) }), .ids(last.map(\.1)),
                .int(leastUrgent.rawValue),
            ], prepare: true)
        var leases: [Lease] = []
        for row in rows where try !row.isNull("id") { leases.append(try Self.lease(row)) }
        turns.took(leases)
        return (leases, leases.isEmpty && !rows.isEmpty)
    }

    /// Those of `jobs` that nobody else was faster to take.
    private func claimTold(
        _ jobs: [Identifier<Job>], _ kinds: [String], _ owner: String, _ leaseSeconds: Double,
        _ leastUrgent: JobPriority
    ) async throws -> [Lease] {
        let rows = try await pool.query(
            statements.of(kinds).claimTold,
            [
                clock, .array(kinds), .ids(jobs), .text(owner.storable(limit: 200)), .double(Self.delay(leaseSeconds)),
                .int(leastUrgent.rawValue),
            ], prepare: true)
        let leases = try rows.map(Self.lease)
        turns.took(leases)
        return leases
    }

    package func renew(_ leases: [Lease], leaseSeconds: Double) async throws -> Set<Identifier<Lease>> {
        guard !leases.isEmpty else { return [] }
        return try await storing("leases") {
            let rows = try await pool.query(
                statements.all.renew,
                [
                    clock, .ids(leases.map(\.job.id)), .ids(leases.map(\.token)), .double(Self.delay(leaseSeconds)),
                ], prepare: true)
            return Set(try rows.map { try $0.id("lease_token", of: Lease.self) })
        }
    }

    package func complete(_ completions: [JobCompletion]) async throws -> Set<Identifier<Lease>> {
        guard !completions.isEmpty else { return [] }
        return try await storing(completions.count == 1 ? "job \(completions[0].lease.job.id)" : "jobs") {
            let rows = try await pool.query(
                statements.of(completions.map(\.lease.job.kind)).complete,
                [
                    clock, .ids(completions.map(\.lease.job.id)), .ids(completions.map(\.lease.token)),
                    .array(try completions.map { try $0.verdict.map(VerdictDocument.text) }),
                ], prepare: true)
            return Set(try rows.map { try $0.id("lease_token", of: Lease.self) })
        }
    }

    package func retry(_ lease: Lease, error: String, delaySeconds: Double) async throws -> Bool {
        let delay = Self.delay(delaySeconds)
        let isHeld = try await fail(lease, error, isFinal: false, delaySeconds: delay)
        if isHeld { wakeups.wake(afterSeconds: delay) }
        return isHeld
    }

    package func discard(_ lease: Lease, error: String) async throws -> Bool {
        try await fail(lease, error, isFinal: true, delaySeconds: 0)
    }

    private func fail(_ lease: Lease, _ error: String, isFinal: Bool, delaySeconds: Double) async throws -> Bool {
        try await storing("job \(lease.job.id)") {
            let rows = try await pool.query(
                statements.of([lease.job.kind]).fail,
                [
                    clock, .id(lease.job.id), .id(lease.token), .text(error.storable(limit: 4000)), .bool(isFinal),
                    .double(delaySeconds),
                ], prepare: true)
            return !rows.isEmpty
        }
    }

    package func release(_ leases: [Lease], delaySeconds: Double) async throws {
        guard !leases.isEmpty else { return }
        let delay = Self.delay(delaySeconds)
        try await storing("leases") {
            try await pool.query(
                statements.of(leases.map(\.job.kind)).release,
                [clock, .ids(leases.map(\.job.id)), .ids(leases.map(\.token)), .double(delay)], prepare: true)
        }
        if delay > 0 { wakeups.wake(afterSeconds: delay) } else { bell.ring() }
    }

    // MARK: By hand

    package func cancel(_ job: Identifier<Job>, of organization: Identifier<Organization>) async throws -> Bool {
        try await storing("job \(job)") {
            try await !pool.query(statements.all.cancel, [clock, .id(job), .id(organization)], prepare: true).isEmpty
        }
    }

    package func revive(_ job: Identifier<Job>, of organization: Identifier<Organization>) async throws -> Bool {
        let isDone = try await storing("job \(job)") {
            try await !pool.query(statements.all.revive, [clock, .id(job), .id(organization)], prepare: true).isEmpty
        }
        if isDone { bell.ring() }
        return isDone
    }

    // MARK: Watching

    /// Yields at once, at each notification, when a retry of this process falls due, and every `pollSeconds`.
    package func wakes() async throws -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let wakeup = wakeups.add(continuation)
        let listener = self.listener
        let wakeups = self.wakeups
        let sleeper = self.sleeper
        let told = bell.told
        let number = await listener.observe { item in
            switch item {
            case .resync:
                sleeper.forget()
                told.heard(nil)
                continuation.yield()
            case .notification(channel: Channel.jobs, payload: let payload):
                told.heard(NamedJobs(payload: payload))
                continuation.yield()
            case .notification: break
            }
        } ending: {
            continuation.finish()
        }
        continuation.onTermination = { _ in
            listener.remove(number)
            wakeups.remove(wakeup)
        }
        continuation.yield()
        return stream
    }

    package func counts() async throws -> [Job.State: Int] {
        try await storing("jobs") {
            var counts: [Job.State: Int] = [:]
            let rows = try await pool.query(
                """
                SELECT state, count(*) AS number FROM jobs GROUP BY state
                UNION ALL
                SELECT state, count(*) FROM job_history
                WHERE finished_at > coalesce($1::timestamptz, clock_timestamp()) - interval '1 day' GROUP BY state
                """, [clock])
            for row in rows { counts[try row.word("state")] = try row.get("number") }
            return counts
        }
    }

    package func forget(finishedBeforeDays days: Double) async throws {
        try await storing("old jobs") {
            try await pool.query(
                """
                WITH clock AS (SELECT coalesce($1::timestamptz, clock_timestamp()) AS now)
                SELECT job_history_maintain(now, now - make_interval(secs => $2)) FROM clock
                """, [clock, .double(max(0, days) * 86_400)])
        }
    }

    // MARK: Values

    /// Seconds that an interval can hold: from 0 to a year.
    private static func delay(_ seconds: Double) -> Double { seconds.isFinite ? min(max(0, seconds), 31_536_000) : 0 }

    private static func lease(_ row: Row) throws -> Lease {
        Lease(
            job: Job(
                id: try row.id("id"), organization: try row.id("organization_id"), kind: try row.get("kind"),
                payload: try row.get("payload"), state: try row.word("state"), attempt: try row.get("attempt"),
                maximumAttempts: try row.get("max_attempts"), priority: JobPriority(rawValue: try row.get("priority"))),
            token: try row.id("lease_token"))
    }
}
