/// A job with all that is known of it, for people.
package struct JobRecord: Sendable, Hashable {
    /// A run that failed.
    package struct Failure: Sendable, Hashable {
        /// 1 is the first run.
        package var attempt: Int
        package var at: WallTime
        package var error: String

        package init(attempt: Int, at: WallTime, error: String) {
            self.attempt = attempt
            self.at = at
            self.error = error
        }
    }

    package var job: Job
    /// What it is about, where its payload says so.
    package var event: Identifier<Event>?
    package var batch: Identifier<JobBatch>?
    /// When it may run; nil while it is held back.
    package var runAt: WallTime?
    /// Leases that ran out: its worker ended or hung.
    package var expirations: Int
    /// The worker that has it, or had it last.
    package var worker: String?
    package var leaseExpiresAt: WallTime?
    package var createdAt: WallTime
    /// Nil while it waits or runs.
    package var finishedAt: WallTime?
    /// Why the last run failed, or why it was given up.
    package var lastError: String?
    /// Oldest first; without the one that ended it.
    package var failures: [Failure]

    package init(
        job: Job, event: Identifier<Event>?, batch: Identifier<JobBatch>?, runAt: WallTime?, expirations: Int,
        worker: String?, leaseExpiresAt: WallTime?, createdAt: WallTime, finishedAt: WallTime?, lastError: String?,
        failures: [Failure]
    ) {
        self.job = job
        self.event = event
        self.batch = batch
        self.runAt = runAt
        self.expirations = expirations
        self.worker = worker
        self.leaseExpiresAt = leaseExpiresAt
        self.createdAt = createdAt
        self.finishedAt = finishedAt
        self.lastError = lastError
        self.failures = failures
    }
}

/// Which jobs are listed: unfinished ones first, the newest before the others; then finished ones, the last that ended first.
package struct JobListQuery: Sendable, Hashable {
    /// Behind this job.
    package struct Position: Sendable, Hashable {
        package var isFinished: Bool
        /// Of a finished job its end, else its making.
        package var at: WallTime
        package var id: Identifier<Job>

        package init(isFinished: Bool, at: WallTime, id: Identifier<Job>) {
            self.isFinished = isFinished
            self.at = at
            self.id = id
        }
    }

    package var states: Set<Job.State>?
    package var kind: String?
    package var camera: Identifier<Camera>?
    package var event: Identifier<Event>?
    package var limit = 50
    package var after: Position?

    package init() {}
}

extension JobRecord {
    /// Where a list goes on after this one.
    package var position: JobListQuery.Position {
        JobListQuery.Position(isFinished: finishedAt != nil, at: finishedAt ?? createdAt, id: job.id)
    }
}

/// How many jobs of one kind, priority and state there are.
package struct JobDepth: Sendable, Hashable {
    package var kind: String
    package var priority: JobPriority
    package var state: Job.State
    package var count: Int
    /// Seconds since the oldest of them was made; nil for finished ones.
    package var oldestSeconds: Double?

    package init(kind: String, priority: JobPriority, state: Job.State, count: Int, oldestSeconds: Double?) {
        self.kind = kind
        self.priority = priority
        self.state = state
        self.count = count
        self.oldestSeconds = oldestSeconds
    }
}
