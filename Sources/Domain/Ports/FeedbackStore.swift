/// What people said of events, and how the verdicts compare. `StoreError.notFound` where there is no such event.
package protocol FeedbackStore: Sendable {
    /// Keeps it, lets it count, and marks the event reviewed.
    func give(_ feedback: Feedback, of organization: Identifier<Organization>) async throws
    /// Takes back what the author says of the event, which is kept; what another said counts again. `notFound` where the
    /// author says nothing.
    func withdraw(
        _ author: Feedback.Author, from event: Identifier<Event>, of organization: Identifier<Organization>
    ) async throws
    /// All that was said, also what was taken back, newest first; at most `limit`.
    func history(
        of event: Identifier<Event>, in organization: Identifier<Organization>, limit: Int
    ) async throws -> [Feedback]
    /// The newest verdict of each analyzer and definition version on each event with feedback, compared with it. Throws
    /// `conflict` where that makes more groups than anyone can read.
    func accuracy(_ query: AccuracyQuery, of organization: Identifier<Organization>) async throws -> [Accuracy]
    /// What each analyzer said by definition version and camera, by complete days or weeks, each event once; re-analyses are
    /// left out. Throws `conflict` as `accuracy` does.
    func verdictCounts(
        _ query: DriftQuery, before now: WallTime, of organization: Identifier<Organization>
    ) async throws -> [Drift.Series]
}
