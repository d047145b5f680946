internal import Domain
internal import FoundationEssentials
internal import PostgresKit
internal import Synchronization

/// Tells waiting workers of new jobs: those of this process at once, those of others by `NOTIFY`, which is sent only where
/// another process said that it waits, and not more often than every few milliseconds.
///
/// No wake-up is lost: a worker says that it waits and then looks once more; an enqueuer commits and then looks who waits.
final class JobBell: Sendable {
    private struct State {
        var ringing: Task<Void, Never>?
        var again = false
        var isClosed = false
    }

    /// Names this process among those that wait.
    let process = UUID()
    private let pool: Pool
    private let wakeups: JobWakeups
    private let state = Mutex(State())

    /// Between two notifications: short beside a round trip, long beside an insert.
    private static let gap = Duration.milliseconds(5)

    init(pool: Pool, wakeups: JobWakeups) {
        self.pool = pool
        self.wakeups = wakeups
    }

    /// To be called after the commit that made jobs runnable. Returns at once.
    func ring() {
        wakeups.wake()
        state.withLock { state in
            guard !state.isClosed else { return }
            if state.ringing != nil {
                state.again = true
            } else {
                state.ringing = Task { [weak self] in await self?.tell() }
            }
        }
    }

    func close() async {
        let task = state.withLock { state in
            state.isClosed = true
            return state.ringing
        }
        task?.cancel()
        await task?.value
    }

    private func tell() async {
        repeat {
            // Where this fails, the poll of the others is near enough.
            _ = try? await pool.query(
                """
                SELECT pg_notify('\(Channel.jobs)', '') WHERE EXISTS (
                    SELECT FROM job_sleepers WHERE until > clock_timestamp() AND id <> $1)
                """, [.uuid(process)], prepare: true)
            try? await Task.sleep(for: Self.gap)
        } while state.withLock { state in
            let goesOn = state.again && !state.isClosed
            state.again = false
            if !goesOn { state.ringing = nil }
            return goesOn
        }
    }
}
