/// A unit of queued work. Its rules: `docs/design/queue.md`.
package struct Job: Sendable, Hashable {
    package enum State: String, Sendable, CaseIterable {
        case available, scheduled, leased, succeeded, retryable, discarded, cancelled

        package var isFinished: Bool { self == .succeeded || self == .discarded || self == .cancelled }
    }
    package var id: Identifier<Job>
    package var organization: Identifier<Organization>
    package var kind: String
    /// JSON text whose shape belongs to the kind.
    package var payload: String
    package var state: State
    /// 1 on the first run.
    package var attempt: Int
    package var maximumAttempts: Int
    package var priority: JobPriority

    package init(
        id: Identifier<Job>, organization: Identifier<Organization>, kind: String, payload: String, state: State,
        attempt: Int, maximumAttempts: Int, priority: JobPriority = .live
    ) {
        self.id = id
        self.organization = organization
        self.kind = kind
        self.payload = payload
        self.state = state
        self.attempt = attempt
        self.maximumAttempts = maximumAttempts
        self.priority = priority
    }
}

/// The right to work on a job and to complete it (I4).
package struct Lease: Sendable, Hashable {
    package var job: Job
    /// Fencing token: made new at each claim.
    package var token: Identifier<Lease>

    package init(job: Job, token: Identifier<Lease>) {
        self.job = job
        self.token = token
    }
}

/// When a failed job runs again: exponential with full jitter, 2 s doubling to 15 min; a server's `Retry-After` is a floor.
package struct RetryPolicy: Sendable, Hashable {
    package var firstSeconds: Double
    package var longestSeconds: Double

    package init(firstSeconds: Double = 2, longestSeconds: Double = 900) {
        self.firstSeconds = firstSeconds
        self.longestSeconds = longestSeconds
    }

    /// Seconds to wait after failed attempt number `attempt` (1 is the first); `random` is in 0..<1.
    package func delaySeconds(afterAttempt attempt: Int, retryAfterSeconds: Double?, random: Double) -> Double {
        let doublings = Double(min(max(attempt, 1) - 1, 30))
        var ceiling = firstSeconds
        for _ in 0..<Int(doublings) where ceiling < longestSeconds { ceiling *= 2 }
        ceiling = min(ceiling, longestSeconds)
        let jittered = ceiling * (0.5 + 0.5 * random)
        return max(jittered, min(retryAfterSeconds ?? 0, 3600))
    }
}
