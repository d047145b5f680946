/// The queue. Every write of a lease holder carries the lease's token; a stale one changes nothing (I4).
package protocol JobQueue: Sendable {
    /// Adds jobs, all or (where it throws) none; returns those that are new: a job whose unique key an unfinished one has is
    /// left out.
    @discardableResult
    func enqueue(_ jobs: [NewJob]) async throws -> Set<Identifier<Job>>
    /// Takes up to `limit` runnable jobs of these kinds, and those whose lease ran out: lowest priority number first, then the
    /// organizations in turn, then the oldest. In the order in which they should run. None that is less urgent than `leastUrgent`.
    func claim(
        kinds: [String], limit: Int, owner: String, leaseSeconds: Double, leastUrgent: JobPriority
    ) async throws -> [Lease]
    /// Extends leases; returns the tokens still held.
    func renew(_ leases: [Lease], leaseSeconds: Double) async throws -> Set<Identifier<Lease>>
    /// Ends jobs, each with its verdict in the same transaction; returns the tokens that were still held. For the others
    /// nothing is written.
    func complete(_ completions: [JobCompletion]) async throws -> Set<Identifier<Lease>>
    /// Runs again after the delay, or is discarded when its attempts are used up; false when the lease was lost.
    func retry(_ lease: Lease, error: String, delaySeconds: Double) async throws -> Bool
    /// Gives up for good, with the reason; false when the lease was lost.
    func discard(_ lease: Lease, error: String) async throws -> Bool
    /// Neither a stop nor a wait for a budget is a failed attempt: the job is available again after the delay and the attempt
    /// is not counted.
    func release(_ leases: [Lease], delaySeconds: Double) async throws
    /// Ends a job that has not ended, even one that runs: its worker loses the lease. False where there is none.
    func cancel(_ job: Identifier<Job>, of organization: Identifier<Organization>) async throws -> Bool
    /// Makes a job that waits, was discarded or cancelled available now, with all its attempts. False where there is none, or
    /// an unfinished job has its unique key.
    func revive(_ job: Identifier<Job>, of organization: Identifier<Organization>) async throws -> Bool
    /// Yields when there may be something to claim (`NOTIFY`), never more often than it is read.
    func wakes() async throws -> AsyncStream<Void>
    /// Numbers by state, of unfinished jobs and those that finished in the last day, for status pages.
    func counts() async throws -> [Job.State: Int]
    /// Forgets jobs that finished longer ago, in whole months. To be called now and then.
    func forget(finishedBeforeDays days: Double) async throws
}

extension JobQueue {
    /// Of any priority.
    package func claim(kinds: [String], limit: Int, owner: String, leaseSeconds: Double) async throws -> [Lease] {
        try await claim(
            kinds: kinds, limit: limit, owner: owner, leaseSeconds: leaseSeconds, leastUrgent: .leastUrgent)
    }

    /// One job with its verdict; false (and nothing written) when the lease was lost.
    package func complete(_ lease: Lease, verdict: Verdict?) async throws -> Bool {
        try await complete([JobCompletion(lease: lease, verdict: verdict)]).contains(lease.token)
    }

    package func release(_ leases: [Lease]) async throws { try await release(leases, delaySeconds: 0) }
}
