/// What runs first: lower numbers, always. Within one priority the organizations take turns.
package struct JobPriority: RawRepresentable, Sendable, Hashable, Comparable {
    package var rawValue: Int

    package init(rawValue: Int) { self.rawValue = rawValue }

    /// Something happens now.
    package static let live = JobPriority(rawValue: 0)
    /// Somebody waits for the answer.
    package static let interactive = JobPriority(rawValue: 50)
    /// Nobody waits; never in the way of the others.
    package static let batch = JobPriority(rawValue: 100)

    /// Any job is at least as urgent.
    package static let leastUrgent = JobPriority(rawValue: Int(Int32.max))

    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// Jobs that are held back, let go and cancelled together.
package enum JobBatch {}

/// A job to be queued.
package struct NewJob: Sendable, Hashable {
    package var id: Identifier<Job>
    package var organization: Identifier<Organization>
    package var kind: String
    /// JSON text.
    package var payload: String
    package var priority: JobPriority
    /// Runs after which it is discarded; at least 1.
    package var maximumAttempts: Int
    /// Above 0 it is scheduled.
    package var delaySeconds: Double
    /// Not inserted while an unfinished job has the same key.
    package var uniqueKey: String?
    package var batch: Identifier<JobBatch>?

    package init(
        id: Identifier<Job>, organization: Identifier<Organization>, kind: String, payload: String = "{}",
        priority: JobPriority = .live, maximumAttempts: Int = 12, delaySeconds: Double = 0, uniqueKey: String? = nil,
        batch: Identifier<JobBatch>? = nil
    ) {
        self.id = id
        self.organization = organization
        self.kind = kind
        self.payload = payload
        self.priority = priority
        self.maximumAttempts = maximumAttempts
        self.delaySeconds = delaySeconds
        self.uniqueKey = uniqueKey
        self.batch = batch
    }
}

/// The end of a job that succeeded, with what came of it.
package struct JobCompletion: Sendable, Hashable {
    package var lease: Lease
    package var verdict: Verdict?

    package init(lease: Lease, verdict: Verdict? = nil) {
        self.lease = lease
        self.verdict = verdict
    }
}
