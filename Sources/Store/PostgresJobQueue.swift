package import Domain
internal import FoundationEssentials
package import PostgresKit

/// The queue in PostgreSQL. Each method is one statement, so that a job, the event it is about and the verdict change
/// together or not at all (I4).
package struct PostgresJobQueue: JobQueue {
    private let pool: Pool
    private let listener: Listener
    private let wakeups: JobWakeups
    private let now: @Sendable () -> WallTime?

    /// `now` takes the place of the server's clock where it returns a time: for tests.
    package init(
        pool: Pool, listener: Listener, pollSeconds: Double, now: @escaping @Sendable () -> WallTime? = { nil }
    ) {
        self.pool = pool.on(.queue)
        self.listener = listener
        wakeups = JobWakeups(pollSeconds: pollSeconds)
        self.now = now
    }

    private var clock: PostgresValue { .optional(now()) { .time($0) } }

    // MARK: Inserting

    /// Adds a job unless there is one with this `uniqueKey`; returns its id, or nil. `delaySeconds` above 0 schedules it.
    @discardableResult
    package func enqueue(
        kind: String, payload: String, of organization: Identifier<Organization> = Organization.first,
        priority: Int = 0, maximumAttempts: Int = 12, delaySeconds: Double = 0, uniqueKey: String? = nil
    ) async throws -> Identifier<Job>? {
        let id = Identifier<Job>.make(at: now() ?? .now)
        return try await storing("job of kind \(kind)") {
            let rows = try await pool.query(
                """
                WITH clock AS (SELECT coalesce($1::timestamptz, clock_timestamp()) AS now),
                job AS (
                    INSERT INTO jobs (id, organization_id, kind, payload, priority, state, run_at, max_attempts, unique_key,
                        created_at)
                    SELECT $2, $3, $4, $5, $6, CASE WHEN $7::double precision > 0 THEN 'scheduled' ELSE 'available' END,
                        now + make_interval(secs => $7), $8, $9, now
                    FROM clock
                    ON CONFLICT (unique_key) DO NOTHING
                    RETURNING kind
                )
                SELECT pg_notify('\(Channel.jobs)', kind) FROM job
                """,
                [
                    clock, .id(id), .id(organization), .text(kind), .json(payload), .int(priority),
                    .double(Self.delay(delaySeconds)), .int(maximumAttempts), .optional(uniqueKey) { .text($0) },
                ], prepare: true)
            if delaySeconds > 0 { wakeups.wake(afterSeconds: delaySeconds) }
            return rows.isEmpty ? nil : id
        }
    }

    // MARK: Leases

    package func claim(kinds: [String], limit: Int, owner: String, leaseSeconds: Double) async throws -> [Lease] {
        try await storing("jobs") {
            try await pool.query(
                JobStatements.claim,
                [
                    clock, .array(kinds), .int(max(0, limit)), .text(owner.storable(limit: 200)),
                    .double(Self.delay(leaseSeconds)),
                ], prepare: true
            ).map(Self.lease)
        }
    }

    package func renew(_ leases: [Lease], leaseSeconds: Double) async throws -> Set<Identifier<Lease>> {
        guard !leases.isEmpty else { return [] }
        return try await storing("leases") {
            let rows = try await pool.query(
                JobStatements.renew,
                [
                    clock, .ids(leases.map(\.job.id)), .ids(leases.map(\.token)), .double(Self.delay(leaseSeconds)),
                ], prepare: true)
            return Set(try rows.map { try $0.id("lease_token", of: Lease.self) })
        }
    }

    package func complete(_ lease: Lease, verdict: Verdict?) async throws -> Bool {
        let judgement = verdict?.judgement
        return try await storing("job \(lease.job.id)") {
            let rows = try await pool.query(
                JobStatements.complete,
                [
                    clock, .id(lease.job.id), .id(lease.token), .optional(verdict?.id) { .id($0) },
                    .optional(verdict?.event) { .id($0) }, .optional(verdict?.definitionVersion) { .int($0) },
                    .optional(verdict?.analyzer) { .text($0.storable(limit: 1000)) },
                    .optional(judgement?.state) { .text($0.rawValue) },
                    .optional(judgement?.confidence) { .double($0) },
                    .optional(judgement?.labels) { .array($0.map { $0.storable(limit: 1000) }) },
                    .optional(judgement?.summary) { .text($0.storable(limit: 20_000)) },
                    .optional(judgement?.reason) { .text($0.storable(limit: 20_000)) },
                    .optional(judgement?.model) { .text($0.storable(limit: 1000)) },
                    .optional(judgement?.latencySeconds) { .double($0.isFinite ? max(0, $0) : 0) },
                    .optional(judgement?.promptTokens) { .int(max(0, $0)) },
                    .optional(judgement?.completionTokens) { .int(max(0, $0)) },
                    .optional(judgement?.promptHash) { .text($0) }, .optional(verdict?.createdAt) { .time($0) },
                ], prepare: true)
            return !rows.isEmpty
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
                JobStatements.fail,
                [
                    clock, .id(lease.job.id), .id(lease.token), .text(error.storable(limit: 4000)), .bool(isFinal),
                    .double(delaySeconds),
                ], prepare: true)
            return !rows.isEmpty
        }
    }

    package func release(_ leases: [Lease]) async throws {
        guard !leases.isEmpty else { return }
        _ = try await storing("leases") {
            try await pool.query(
                JobStatements.release, [clock, .ids(leases.map(\.job.id)), .ids(leases.map(\.token))], prepare: true)
        }
    }

    // MARK: Watching

    /// Yields at once, at each notification, when a retry of this process falls due, and every `pollSeconds`.
    package func wakes() async throws -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let wakeup = wakeups.add(continuation)
        let listener = self.listener
        let wakeups = self.wakeups
        let number = await listener.observe { item in
            switch item {
            case .resync, .notification(channel: Channel.jobs, payload: _): continuation.yield()
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
            for row in try await pool.query("SELECT state, count(*) AS number FROM jobs GROUP BY state") {
                counts[try row.word("state")] = try row.get("number")
            }
            return counts
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
                maximumAttempts: try row.get("max_attempts")), token: try row.id("lease_token"))
    }
}
