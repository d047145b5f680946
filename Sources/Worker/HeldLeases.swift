import Domain
import Synchronization

/// The leases that a worker holds: of jobs that run, and of those fetched ahead.
final class HeldLeases: Sendable {
    private struct State {
        var leases: [Identifier<Lease>: Lease] = [:]
        var started: [Identifier<Lease>: JobPriority] = [:]
        var observers: [Identifier<Lease>: AsyncStream<Void>.Continuation] = [:]
    }

    private let state = Mutex(State())

    /// Jobs that run.
    var running: Int { state.withLock { $0.started.count } }
    /// Of them, those for which nobody waits.
    var runningInBatches: Int { state.withLock { $0.started.values.count { $0 >= .batch } } }
    var all: [Lease] { state.withLock { Array($0.leases.values) } }

    func isHeld(_ lease: Lease) -> Bool { state.withLock { $0.leases[lease.token] != nil } }
    func insert(_ lease: Lease) { state.withLock { $0.leases[lease.token] = lease } }

    /// False where the lease was lost before the job could begin.
    func start(_ lease: Lease) -> Bool {
        state.withLock { state in
            guard state.leases[lease.token] != nil else { return false }
            state.started[lease.token] = lease.job.priority
            return true
        }
    }

    /// Tells `continuation` when the lease is lost, also when it is by now.
    func observe(_ lease: Lease, _ continuation: AsyncStream<Void>.Continuation) {
        let isLost = state.withLock { state in
            state.observers[lease.token] = continuation
            return state.leases[lease.token] == nil
        }
        if isLost { continuation.yield() }
    }

    func lose(_ lease: Lease) {
        let observer = state.withLock { state in
            state.leases[lease.token] = nil
            return state.observers[lease.token]
        }
        observer?.yield()
    }

    func remove(_ lease: Lease) {
        state.withLock { state in
            state.leases[lease.token] = nil
            state.started[lease.token] = nil
            state.observers[lease.token] = nil
        }
    }
}
