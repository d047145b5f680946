/// Re-analyses of one organization's events. `StoreError.notFound` where there is no such re-analysis, `conflict` where its
/// state does not allow the change.
package protocol ReanalysisStore: Sendable {
    func estimate(
        _ request: ReanalysisRequest, of organization: Identifier<Organization>
    ) async throws -> ReanalysisEstimate
    /// Begins one, with a batch job for each event, all or nothing. The same request while one like it has not ended gives
    /// that one.
    func begin(
        _ request: ReanalysisRequest, of organization: Identifier<Organization>
    ) async throws -> (reanalysis: Reanalysis, isNew: Bool)
    func reanalysis(
        _ id: Identifier<Reanalysis>, of organization: Identifier<Organization>
    ) async throws -> Reanalysis
    /// Newest first, older than `before`.
    func reanalyses(
        of organization: Identifier<Organization>, limit: Int, before: Identifier<Reanalysis>?
    ) async throws -> [Reanalysis]
    /// `running` to `paused`. What runs is finished.
    func pause(_ id: Identifier<Reanalysis>, of organization: Identifier<Organization>, reason: String) async throws
    /// `paused` to `running`.
    func resume(_ id: Identifier<Reanalysis>, of organization: Identifier<Organization>) async throws
    /// `running` or `paused` to `cancelled`; what was answered stays to be looked at.
    func cancel(_ id: Identifier<Reanalysis>, of organization: Identifier<Organization>) async throws
    /// `completed` to `promoted`, and in the same act each of its verdicts becomes its event's current one (I9).
    func promote(_ id: Identifier<Reanalysis>, of organization: Identifier<Organization>) async throws
    /// `completed` or `cancelled` to `discarded`; its verdicts stay in the events' histories.
    func discard(_ id: Identifier<Reanalysis>, of organization: Identifier<Organization>) async throws
    func changes(
        of id: Identifier<Reanalysis>, in organization: Identifier<Organization>
    ) async throws -> [ReanalysisChange]
    /// Events of one cell, by id, after a position.
    func events(
        of id: Identifier<Reanalysis>, in organization: Identifier<Organization>, from old: Verdict.State?,
        to new: Verdict.State?, limit: Int, after: Identifier<Event>?
    ) async throws -> [Identifier<Event>]
    /// For workers; pauses the re-analysis when its budget is used up.
    func task(
        for event: Identifier<Event>, in id: Identifier<Reanalysis>, of organization: Identifier<Organization>
    ) async throws -> ReanalysisTask
}
