package import Domain
internal import Synchronization

/// The queue's rules in memory, held to the same suite as the real one (`PortConformance`).
package final class InMemoryJobQueue: JobQueue {
    private struct Entry {
        var job: Job
        var order: Int
        var runAt: WallTime
        var uniqueKey: String?
        var token: Identifier<Lease>?
        var expiresAt: WallTime?
        var expirations = 0
        var lastError: String?

        var isFinished: Bool { [.succeeded, .discarded, .cancelled].contains(job.state) }
    }

    private struct State {
        var entries: [Identifier<Job>: Entry] = [:]
        var inserted = 0
        var verdicts: [Verdict] = []
        var lastTurns: [JobPriority: Identifier<Organization>] = [:]
        var waiting: [Int: AsyncStream<Void>.Continuation] = [:]
        var nextWaiting = 0
    }

    private let now: @Sendable () -> WallTime
    private let state = Mutex(State())

    package init(now: @escaping @Sendable () -> WallTime) { self.now = now }

    // MARK: For tests

    /// Adds a job unless there is one with this `uniqueKey`; returns its id, or nil.
    @discardableResult
    package func enqueue(
        kind: String, payload: String = "{}", priority: JobPriority = .live, maximumAttempts: Int = 12,
        delaySeconds: Double = 0, uniqueKey: String? = nil
    ) -> Identifier<Job>? {
        let job = NewJob(
            id: .make(at: now()), organization: Organization.first, kind: kind, payload: payload, priority: priority,
            maximumAttempts: maximumAttempts, delaySeconds: delaySeconds, uniqueKey: uniqueKey)
        return insert([job]).first
    }

    private func insert(_ jobs: [NewJob]) -> Set<Identifier<Job>> {
        let now = now()
        let inserted = state.withLock { state in
            var inserted: Set<Identifier<Job>> = []
            for new in jobs where state.entries[new.id] == nil {
                if let key = new.uniqueKey,
                    state.entries.values.contains(where: { $0.uniqueKey == key && !$0.isFinished })
                {
                    continue
                }
                let job = Job(
                    id: new.id, organization: new.organization, kind: new.kind, payload: new.payload,
                    state: new.delaySeconds > 0 ? .scheduled : .available, attempt: 0,
                    maximumAttempts: new.maximumAttempts, priority: new.priority)
                state.inserted += 1
                state.entries[job.id] = Entry(
                    job: job, order: state.inserted, runAt: now.advanced(bySeconds: max(0, new.delaySeconds)),
                    uniqueKey: new.uniqueKey)
                inserted.insert(job.id)
            }
            return inserted
        }
        if !inserted.isEmpty { wake() }
        return inserted
    }

    /// What was completed with, in order.
    package var verdicts: [Verdict] { state.withLock { $0.verdicts } }

    package func job(_ id: Identifier<Job>) -> Job? { state.withLock { $0.entries[id]?.job } }

    package func lastError(of id: Identifier<Job>) -> String? { state.withLock { $0.entries[id]?.lastError } }

    // MARK: JobQueue

    @discardableResult
    package func enqueue(_ jobs: [NewJob]) async throws -> Set<Identifier<Job>> { insert(jobs) }

    package func claim(
        kinds: [String], limit: Int, owner: String, leaseSeconds: Double, leastUrgent: JobPriority
    ) async throws -> [Lease] {
        let now = now()
        return state.withLock { state in
            var candidates: [Entry] = []
            for (id, entry) in state.entries
            where kinds.contains(entry.job.kind) && entry.job.priority <= leastUrgent {
                switch entry.job.state {
                case .available, .scheduled, .retryable:
                    if entry.runAt <= now { candidates.append(entry) }
                case .leased:
                    guard let expiresAt = entry.expiresAt, expiresAt <= now else { continue }
                    var expired = entry
                    expired.expirations += 1
                    if entry.job.attempt < entry.job.maximumAttempts {
                        candidates.append(expired)
                    } else {
                        expired.job.state = .discarded
                        expired.token = nil
                        expired.lastError = "the lease expired \(expired.expirations) times"
                        state.entries[id] = expired
                    }
                case .succeeded, .discarded, .cancelled: continue
                }
            }
            return Self.inTurn(candidates, after: state.lastTurns).prefix(max(0, limit)).map { candidate in
                var entry = candidate
                let token = Identifier<Lease>.make(at: now)
                entry.job.state = .leased
                entry.job.attempt += 1
                entry.token = token
                entry.expiresAt = now.advanced(bySeconds: leaseSeconds)
                state.entries[entry.job.id] = entry
                state.lastTurns[entry.job.priority] = entry.job.organization
                return Lease(job: entry.job, token: token)
            }
        }
    }

    package func renew(_ leases: [Lease], leaseSeconds: Double) async throws -> Set<Identifier<Lease>> {
        let now = now()
        return Set(
            leases.filter { lease in
                change(lease) { $0.expiresAt = now.advanced(bySeconds: leaseSeconds) }
            }.map(\.token))
    }

    package func complete(_ completions: [JobCompletion]) async throws -> Set<Identifier<Lease>> {
        var written: Set<Identifier<Lease>> = []
        for completion in completions {
            let isHeld = change(completion.lease) { entry in
                entry.job.state = .succeeded
                entry.token = nil
            }
            guard isHeld else { continue }
            written.insert(completion.lease.token)
            if let verdict = completion.verdict { state.withLock { $0.verdicts.append(verdict) } }
        }
        return written
    }

    package func retry(_ lease: Lease, error: String, delaySeconds: Double) async throws -> Bool {
        let now = now()
        return change(lease) { entry in
            entry.job.state = entry.job.attempt >= entry.job.maximumAttempts ? .discarded : .retryable
            entry.runAt = now.advanced(bySeconds: max(0, delaySeconds))
            entry.lastError = error
            entry.token = nil
        }
    }

    package func discard(_ lease: Lease, error: String) async throws -> Bool {
        change(lease) { entry in
            entry.job.state = .discarded
            entry.lastError = error
            entry.token = nil
        }
    }

    package func release(_ leases: [Lease], delaySeconds: Double) async throws {
        let now = now()
        for lease in leases {
            _ = change(lease) { entry in
                entry.job.state = delaySeconds > 0 ? .scheduled : .available
                entry.job.attempt -= 1
                entry.runAt = now.advanced(bySeconds: max(0, delaySeconds))
                entry.token = nil
            }
        }
        wake()
    }

    package func cancel(_ job: Identifier<Job>, of organization: Identifier<Organization>) async throws -> Bool {
        state.withLock { state in
            guard var entry = state.entries[job], entry.job.organization == organization, !entry.isFinished else {
                return false
            }
            entry.job.state = .cancelled
            entry.token = nil
            state.entries[job] = entry
            return true
        }
    }

    package func revive(_ job: Identifier<Job>, of organization: Identifier<Organization>) async throws -> Bool {
        let now = now()
        let isDone = state.withLock { state in
            guard var entry = state.entries[job], entry.job.organization == organization,
                entry.job.state != .succeeded, entry.job.state != .leased
            else { return false }
            if let key = entry.uniqueKey, entry.isFinished,
                state.entries.values.contains(where: { $0.uniqueKey == key && !$0.isFinished })
            {
                return false
            }
            entry.job.state = .available
            entry.job.attempt = 0
            entry.runAt = now
            state.entries[job] = entry
            return true
        }
        if isDone { wake() }
        return isDone
    }

    package func forget(finishedBeforeDays days: Double) async throws {
        // Nothing here knows when it finished.
    }

    package func wakes() async throws -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let number = state.withLock { state in
            state.nextWaiting += 1
            state.waiting[state.nextWaiting] = continuation
            return state.nextWaiting
        }
        continuation.onTermination = { [weak self] _ in self?.state.withLock { $0.waiting[number] = nil } }
        continuation.yield()
        return stream
    }

    package func counts() async throws -> [Job.State: Int] {
        state.withLock { state in
            state.entries.values.reduce(into: [:]) { $0[$1.job.state, default: 0] += 1 }
        }
    }

    // MARK: Inside

    /// By priority; within one the organizations in turn, each with its oldest, beginning after who had the last turn.
    private static func inTurn(
        _ entries: [Entry], after last: [JobPriority: Identifier<Organization>]
    ) -> [Entry] {
        struct Place: Comparable {
            var priority: JobPriority
            var turn: Int
            var isBefore: Bool
            var organization: Identifier<Organization>

            static func < (left: Self, right: Self) -> Bool {
                (left.priority, left.turn, left.isBefore ? 1 : 0, left.organization)
                    < (right.priority, right.turn, right.isBefore ? 1 : 0, right.organization)
            }
        }
        var places: [(place: Place, entry: Entry)] = []
        for group in Dictionary(grouping: entries, by: { $0.job.priority }).values {
            for mine in Dictionary(grouping: group, by: { $0.job.organization }).values {
                for (turn, entry) in mine.sorted(by: { ($0.runAt, $0.order) < ($1.runAt, $1.order) }).enumerated() {
                    let organization = entry.job.organization
                    places.append(
                        (
                            Place(
                                priority: entry.job.priority, turn: turn,
                                isBefore: last[entry.job.priority].map { organization <= $0 } ?? false,
                                organization: organization), entry
                        ))
                }
            }
        }
        return places.sorted { $0.place < $1.place }.map(\.entry)
    }

    /// False, and nothing done, where the lease is not the job's present one (I4).
    private func change(_ lease: Lease, _ body: (inout Entry) -> Void) -> Bool {
        state.withLock { state in
            guard var entry = state.entries[lease.job.id], entry.job.state == .leased, entry.token == lease.token else {
                return false
            }
            body(&entry)
            state.entries[lease.job.id] = entry
            return true
        }
    }

    private func wake() {
        let waiting = state.withLock { Array($0.waiting.values) }
        for continuation in waiting { continuation.yield() }
    }
}
