package import Domain
internal import Synchronization

/// The queue's rules in memory, held to the same suite as the real one (`PortConformance`).
package final class InMemoryJobQueue: JobQueue {
    private struct Entry {
        var job: Job
        var priority: Int
        var order: Int
        var runAt: WallTime
        var token: Identifier<Lease>?
        var expiresAt: WallTime?
        var expirations = 0
        var lastError: String?
    }

    private struct State {
        var entries: [Identifier<Job>: Entry] = [:]
        var uniqueKeys: Set<String> = []
        var inserted = 0
        var verdicts: [Verdict] = []
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
        kind: String, payload: String = "{}", priority: Int = 0, maximumAttempts: Int = 12, delaySeconds: Double = 0,
        uniqueKey: String? = nil
    ) -> Identifier<Job>? {
        let now = now()
        let id = state.withLock { state -> Identifier<Job>? in
            if let uniqueKey, !state.uniqueKeys.insert(uniqueKey).inserted { return nil }
            let job = Job(
                id: .make(at: now), organization: Organization.first, kind: kind, payload: payload,
                state: delaySeconds > 0 ? .scheduled : .available, attempt: 0, maximumAttempts: maximumAttempts)
            state.inserted += 1
            state.entries[job.id] = Entry(
                job: job, priority: priority, order: state.inserted,
                runAt: now.advanced(bySeconds: max(0, delaySeconds)))
            return job.id
        }
        if id != nil { wake() }
        return id
    }

    /// What was completed with, in order.
    package var verdicts: [Verdict] { state.withLock { $0.verdicts } }

    package func job(_ id: Identifier<Job>) -> Job? { state.withLock { $0.entries[id]?.job } }

    package func lastError(of id: Identifier<Job>) -> String? { state.withLock { $0.entries[id]?.lastError } }

    // MARK: JobQueue

    package func claim(kinds: [String], limit: Int, owner: String, leaseSeconds: Double) async throws -> [Lease] {
        let now = now()
        return state.withLock { state in
            var candidates: [Entry] = []
            for (id, entry) in state.entries where kinds.contains(entry.job.kind) {
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
            candidates.sort { ($0.priority, $0.runAt, $0.order) < ($1.priority, $1.runAt, $1.order) }
            return candidates.prefix(max(0, limit)).map { candidate in
                var entry = candidate
                let token = Identifier<Lease>.make(at: now)
                entry.job.state = .leased
                entry.job.attempt += 1
                entry.token = token
                entry.expiresAt = now.advanced(bySeconds: leaseSeconds)
                state.entries[entry.job.id] = entry
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

    package func complete(_ lease: Lease, verdict: Verdict?) async throws -> Bool {
        let isHeld = change(lease) { entry in
            entry.job.state = .succeeded
            entry.token = nil
        }
        if isHeld, let verdict { state.withLock { $0.verdicts.append(verdict) } }
        return isHeld
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

    package func release(_ leases: [Lease]) async throws {
        let now = now()
        for lease in leases {
            _ = change(lease) { entry in
                entry.job.state = .available
                entry.job.attempt -= 1
                entry.runAt = now
                entry.token = nil
            }
        }
        wake()
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
