/// A batch of past events that are judged again. Its verdicts count only once it is promoted (I9).
package struct Reanalysis: Sendable, Hashable {
    package enum State: String, Sendable, CaseIterable {
        case running, paused
        /// Each event has an answer or failed.
        case completed
        case cancelled, promoted, discarded
    }
    package var id: Identifier<Reanalysis>
    package var organization: Identifier<Organization>
    package var state: State
    /// Why it is paused: `by hand`, `tokens`, `money`, `until`.
    package var reason: String?
    package var definitionVersion: Int
    package var policy: Policy.Mode
    /// Names, in order.
    package var analyzers: [String]
    package var frames: FramePolicy
    package var limits: ReanalysisLimits
    package var progress: ReanalysisProgress
    package var createdAt: WallTime
    package var finishedAt: WallTime?

    package init(
        id: Identifier<Reanalysis>, organization: Identifier<Organization>, state: State, reason: String?,
        definitionVersion: Int, policy: Policy.Mode, analyzers: [String], limits: ReanalysisLimits,
        progress: ReanalysisProgress, createdAt: WallTime, finishedAt: WallTime?, frames: FramePolicy = .evidence
    ) {
        self.id = id
        self.organization = organization
        self.state = state
        self.reason = reason
        self.definitionVersion = definitionVersion
        self.policy = policy
        self.analyzers = analyzers
        self.frames = frames
        self.limits = limits
        self.progress = progress
        self.createdAt = createdAt
        self.finishedAt = finishedAt
    }
}

/// What a re-analysis may use. Nil: no limit.
package struct ReanalysisLimits: Sendable, Hashable {
    /// The newest so many.
    package var events: Int?
    package var tokens: Int?
    package var money: Double?
    package var until: WallTime?

    package init(events: Int? = nil, tokens: Int? = nil, money: Double? = nil, until: WallTime? = nil) {
        self.events = events
        self.tokens = tokens
        self.money = money
        self.until = until
    }
}

/// How far it is.
package struct ReanalysisProgress: Sendable, Hashable {
    package var events: Int
    package var done: Int
    package var failed: Int
    package var tokens: Int
    package var money: Double
    /// Events answered in the last minute, by the second.
    package var eventsPerSecond: Double

    package init(events: Int, done: Int, failed: Int, tokens: Int, money: Double, eventsPerSecond: Double) {
        self.events = events
        self.done = done
        self.failed = failed
        self.tokens = tokens
        self.money = money
        self.eventsPerSecond = eventsPerSecond
    }

    package var left: Int { max(0, events - done - failed) }

    /// At the present rate; nil where that is 0.
    package var secondsLeft: Double? { left == 0 ? 0 : eventsPerSecond > 0 ? Double(left) / eventsPerSecond : nil }
}

/// What is to be judged again, and how.
package struct ReanalysisRequest: Sendable, Hashable {
    /// Limit and position are not looked at.
    package var filter: EventQuery
    /// Of the organization's definition; nil: the newest.
    package var definitionVersion: Int?
    /// Nil: the organization's policy.
    package var policy: Policy.Mode?
    /// Names of analyzers; nil: those of the organization's policy.
    package var analyzers: [String]?
    package var limits: ReanalysisLimits
    package var frames: FramePolicy

    package init(
        filter: EventQuery, definitionVersion: Int? = nil, policy: Policy.Mode? = nil, analyzers: [String]? = nil,
        limits: ReanalysisLimits = ReanalysisLimits(), frames: FramePolicy = .evidence
    ) {
        self.filter = filter
        self.definitionVersion = definitionVersion
        self.policy = policy
        self.analyzers = analyzers
        self.limits = limits
        self.frames = frames
    }
}

/// What a re-analysis would take, by the last verdicts of the same analyzers. Nil: they gave none yet.
package struct ReanalysisEstimate: Sendable, Hashable {
    package var events: Int
    /// With one job at a time.
    package var seconds: Double?
    package var tokens: Double?
    package var money: Double?

    package init(events: Int, seconds: Double?, tokens: Double?, money: Double?) {
        self.events = events
        self.seconds = seconds
        self.tokens = tokens
        self.money = money
    }
}

/// How many events went from one state to another; nil: no verdict.
package struct ReanalysisChange: Sendable, Hashable {
    package var old: Verdict.State?
    package var new: Verdict.State?
    package var events: Int

    package init(old: Verdict.State?, new: Verdict.State?, events: Int) {
        self.old = old
        self.new = new
        self.events = events
    }
}

/// What a worker needs for one event of a re-analysis.
package enum ReanalysisTask: Sendable {
    case judge(JudgeTask)
    /// It is paused, or its budget is used up by now.
    case wait
    /// It has ended.
    case over
}
