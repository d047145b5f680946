/// Analyzers and policies of one organization, for people. `StoreError.notFound` where there is no such one; `duplicate` where
/// a name or place is taken; `conflict` where the revision is not the stored one.
package protocol JudgeStore: Sendable {
    /// By name.
    func analyzers(of organization: Identifier<Organization>) async throws -> [StoredAnalyzer]
    func analyzer(
        _ id: Identifier<Analyzer>, of organization: Identifier<Organization>
    ) async throws -> StoredAnalyzer
    func insert(_ analyzer: Analyzer) async throws
    /// All but the kind; returns the new revision. Not of one that the settings file has.
    func update(_ analyzer: StoredAnalyzer) async throws -> Int64
    /// Throws `duplicate` while a policy or an unfinished re-analysis has it, and `conflict` where another revision than the given one is
    /// stored. Its verdicts stay.
    func deleteAnalyzer(
        _ id: Identifier<Analyzer>, of organization: Identifier<Organization>, ifRevision revision: Int64?
    ) async throws
    /// By name.
    func policies(of organization: Identifier<Organization>) async throws -> [StoredPolicy]
    func policy(_ id: Identifier<Policy>, of organization: Identifier<Organization>) async throws -> StoredPolicy
    func insert(_ policy: StoredPolicy) async throws
    /// Name, mode and analyzers; returns the new revision. Not of the settings file's.
    func update(_ policy: StoredPolicy) async throws -> Int64
    /// Throws `conflict` where another revision than the given one is stored.
    func deletePolicy(
        _ id: Identifier<Policy>, of organization: Identifier<Organization>, ifRevision revision: Int64?
    ) async throws
}

/// An analyzer with what it has used.
package struct StoredAnalyzer: Sendable, Hashable {
    package var analyzer: Analyzer
    /// Written at each start: only changed there.
    package var isFromSettings: Bool
    package var revision: Int64
    package var usage: AnalyzerUsage

    package init(analyzer: Analyzer, isFromSettings: Bool, revision: Int64, usage: AnalyzerUsage) {
        self.analyzer = analyzer
        self.isFromSettings = isFromSettings
        self.revision = revision
        self.usage = usage
    }
}

/// What an analyzer's budget and circuit breaker say.
package struct AnalyzerUsage: Sendable, Hashable {
    /// Finished requests of this UTC day.
    package var requestsToday: Int
    package var tokensToday: Int
    package var moneyToday: Double
    /// In a row.
    package var failures: Int
    /// Nothing is asked before; nil where nothing forbids it.
    package var blockedUntil: WallTime?

    package init(
        requestsToday: Int = 0, tokensToday: Int = 0, moneyToday: Double = 0, failures: Int = 0,
        blockedUntil: WallTime? = nil
    ) {
        self.requestsToday = requestsToday
        self.tokensToday = tokensToday
        self.moneyToday = moneyToday
        self.failures = failures
        self.blockedUntil = blockedUntil
    }
}

/// A policy with its place.
package struct StoredPolicy: Sendable, Hashable {
    /// Whose events it is for; nil for the organization's, which is of the settings file.
    package enum Place: Sendable, Hashable {
        case site(Identifier<Site>)
        case camera(Identifier<Camera>)
    }
    package var policy: Policy
    package var organization: Identifier<Organization>
    package var name: String
    package var place: Place?
    package var revision: Int64

    package init(
        policy: Policy, organization: Identifier<Organization>, name: String, place: Place?, revision: Int64
    ) {
        self.policy = policy
        self.organization = organization
        self.name = name
        self.place = place
        self.revision = revision
    }
}
