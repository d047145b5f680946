internal import PostgresKit
internal import Synchronization

/// Says in the database that this process waits for jobs, for as long as it finds none.
final class JobSleeper: Sendable {
    private struct State {
        var markedUntil: ContinuousClock.Instant?
        var lastIdle = ContinuousClock.now
    }

    private let pool: Pool
    private let bell: JobBell
    private let state = Mutex(State())

    /// How long a mark holds from when it was set.
    static let markSeconds = 60.0

    init(pool: Pool, bell: JobBell) {
        self.pool = pool
        self.bell = bell
    }

    /// A claim found nothing. True if the mark was set just now, and the caller must look again.
    func foundNothing() async throws -> Bool {
        let now = ContinuousClock.now
        let isMarked = state.withLock { state in
            state.lastIdle = now
            return state.markedUntil.map { $0 > now + .seconds(Self.markSeconds / 3) } ?? false
        }
        if isMarked { return false }
        try await pool.query(
            """
            INSERT INTO job_sleepers (id, until) VALUES ($1, clock_timestamp() + make_interval(secs => $2))
            ON CONFLICT (id) DO UPDATE SET until = excluded.until
            """, [.uuid(bell.process), .double(Self.markSeconds)], prepare: true)
        state.withLock { $0.markedUntil = now + .seconds(Self.markSeconds) }
        return true
    }

    /// A claim found work. After a second without idling the mark goes, so that enqueuers need not notify.
    func foundWork() async throws {
        let now = ContinuousClock.now
        let isOver = state.withLock { state in
            guard state.markedUntil != nil, now - state.lastIdle > .seconds(1) else { return false }
            state.markedUntil = nil
            return true
        }
        if isOver {
            try await pool.query("DELETE FROM job_sleepers WHERE id = $1", [.uuid(bell.process)], prepare: true)
        }
    }

    /// The mark may be lost: the server was away, and the table does not outlive its crash.
    func forget() { state.withLock { $0.markedUntil = nil } }
}
