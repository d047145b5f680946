/// The queue as one organization's people see it. A user with grants sees only jobs of events that were granted.
/// `StoreError.notFound` where there is no such job or event.
package protocol JobDesk: Sendable {
    func jobs(_ query: JobListQuery, of organization: Identifier<Organization>) async throws -> [JobRecord]
    func job(_ id: Identifier<Job>, of organization: Identifier<Organization>) async throws -> JobRecord
    /// Of jobs that wait or run, and of those that finished in the last day.
    func depths(of organization: Identifier<Organization>) async throws -> [JobDepth]
    /// Queues the event to be judged now, before batch work; its verdict becomes the current one. The same wish while its job
    /// waits brings that forward instead. Throws `conflict` where the choice cannot be followed, and `duplicate` where the
    /// event's unfinished job was asked otherwise.
    func ask(
        _ event: Identifier<Event>, as choice: JudgingChoice, of organization: Identifier<Organization>
    ) async throws -> (job: Identifier<Job>, isNew: Bool)
}
