internal import Domain
internal import FoundationEssentials
internal import PostgresKit
internal import Synchronization

/// Tells waiting workers of new jobs: those of this process at once, those of others by `NOTIFY`, which is sent only where
/// another process said that it waits, and not more often than every few milliseconds; with the insert itself where that
/// is due, which saves a round trip.
///
/// No wake-up is lost: a worker says that it waits and then looks once more; an enqueuer commits and then looks who waits, or,
/// where those who waited were told with the insert, who has begun to meanwhile.
final class JobBell: Sendable {
    /// What this process was told of.
    let told = ToldJobs()
    private struct State {
        var ringing: Task<Void, Never>?
        /// Somebody rang since the last look at who waits.
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
    /// Longer than an insert takes.
    private static let insertSeconds = 5.0

    init(pool: Pool, wakeups: JobWakeups) {
        self.pool = pool
        self.wakeups = wakeups
    }

    /// Processes that wait, without the one that the parameter names: nobody where it is null.
    static func sleepers(_ parameter: String) -> String {
        "SELECT FROM job_sleepers WHERE until > clock_timestamp() AND id <> \(parameter)"
    }

    /// Names this process for an insert that is to notify, nil shortly after another notification.
    var nameForInsert: PostgresValue {
        state.withLock { $0.ringing == nil && !$0.isClosed ? .uuid(process) : .null }
    }

    /// To be called after the commit that made jobs runnable; `areTold` where that commit notified, `naming` what is new.
    /// Returns at once.
    func ring(areTold: Bool = false, naming jobs: NamedJobs? = nil) {
        told.heard(jobs)
        wakeups.wake()
        state.withLock { state in
            guard !state.isClosed else { return }
            if state.ringing != nil {
                state.again = true
            } else {
                state.ringing = Task { [weak self] in await self?.tell(areTold: areTold, naming: jobs) }
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

    private func tell(areTold: Bool, naming jobs: NamedJobs?) async {
        var seconds = JobSleeper.markSeconds
        var jobs = jobs
        if areTold {
            // Those who were told shall not share the processors with this. Whoever has begun to wait meanwhile waits no longer than
            // others between two rings.
            try? await Task.sleep(for: Self.gap)
            if !takeAgain() { seconds = Self.insertSeconds }
            jobs = nil
        }
        while true {
            await notify(whoWaitsFor: seconds, of: jobs)
            if seconds == JobSleeper.markSeconds { try? await Task.sleep(for: Self.gap) }
            guard goesOn() else { return }
            seconds = JobSleeper.markSeconds
            jobs = nil
        }
    }

    private func takeAgain() -> Bool {
        state.withLock { state in
            defer { state.again = false }
            return state.again
        }
    }

    /// False ends the ringing.
    private func goesOn() -> Bool {
        state.withLock { state in
            let goesOn = state.again && !state.isClosed
            state.again = false
            if !goesOn { state.ringing = nil }
            return goesOn
        }
    }

    /// Tells those that have begun to wait in the last `seconds`.
    private func notify(whoWaitsFor seconds: Double, of jobs: NamedJobs?) async {
        // Where this fails, the poll of the others is near enough.
        _ = try? await pool.query(
            """
            SELECT pg_notify('\(Channel.jobs)', $3) WHERE EXISTS (
                \(Self.sleepers("$1")) AND until > clock_timestamp() + make_interval(secs => $2))
            """,
            [
                .uuid(process), .double(JobSleeper.markSeconds - seconds), .text(jobs?.payload ?? ""),
            ], prepare: true)
    }
}
