/// A row is not there, or belongs to someone else, or a write came too late.
package enum StoreError: Error, Sendable, Hashable {
    case notFound(String)
    /// The row changed since it was read (`If-Match`).
    case conflict(String)
    /// A unique name is taken.
    case duplicate(String)
    /// The database cannot be reached; says what was tried, without credentials.
    case unavailable(String)
}

/// Cameras and sites of one organization.
package protocol CameraStore: Sendable {
    func sites(of organization: Identifier<Organization>) async throws -> [Site]
    /// Creates or updates by id.
    func put(_ site: Site) async throws
    /// By name, then id.
    func cameras(of organization: Identifier<Organization>) async throws -> [Camera]
    func camera(_ id: Identifier<Camera>, of organization: Identifier<Organization>) async throws -> Camera
    func insert(_ camera: Camera) async throws
    /// Writes if the stored revision is `camera.revision`, and returns the new revision; else `conflict`.
    func update(_ camera: Camera) async throws -> Int64
    /// Marks it deleted: no longer listed or ingested; its events keep its name. Throws `conflict` where another revision than the given
    /// one is stored.
    func delete(
        _ id: Identifier<Camera>, of organization: Identifier<Organization>, ifRevision revision: Int64?
    ) async throws
    /// Every enabled or disabled camera of every organization, for ingest.
    func camerasToIngest() async throws -> [Camera]
    /// Yields once at once and then whenever cameras changed; a reconnect of the listener yields too.
    func changes() async throws -> AsyncStream<Void>
}

/// Events and what hangs on them.
package protocol EventStore: Sendable {
    /// I3: event, clip, evidence and first job in one transaction; repeating it changes nothing.
    func handOver(_ record: EventRecord) async throws
    func event(_ id: Identifier<Event>, of organization: Identifier<Organization>) async throws -> EventDetail
    func events(_ query: EventQuery, of organization: Identifier<Organization>) async throws -> [EventDetail]
    /// All, newest first.
    func verdicts(of event: Identifier<Event>, in organization: Identifier<Organization>) async throws -> [Verdict]
    /// Reviewed, starred, note: nil leaves as it is; the inner nil clears the note. Throws `conflict` where the event has
    /// another `changedAt` than is given.
    func annotate(
        _ id: Identifier<Event>, of organization: Identifier<Organization>, reviewed: Bool?, starred: Bool?,
        note: String??, ifChangedAt: WallTime?
    ) async throws
    /// I5, first step: the row turns `deleting` and is hidden; `finishDeleting` follows when the files are gone.
    func beginDeleting(_ id: Identifier<Event>, of organization: Identifier<Organization>) async throws -> EventRecord
    func finishDeleting(_ id: Identifier<Event>, of organization: Identifier<Organization>) async throws
    /// Events whose deletion a crash cut short.
    func deleting() async throws -> [EventRecord]
    /// Which of these ids have an event row, whatever its state: for the check at start (I2).
    func existing(_ ids: [Identifier<Event>]) async throws -> Set<Identifier<Event>>
    /// Ids of events that were inserted or changed (also by other processes), as they happen.
    func changes() async throws -> AsyncStream<EventChange>
    /// What changed since `time`, oldest first, at most `limit`: for who was away. Deletions are known for
    /// `EventChange.deletionMemorySeconds`.
    func changes(
        since time: WallTime, of organization: Identifier<Organization>, limit: Int
    ) async throws -> [EventChange]
}

extension EventStore {
    /// Whatever was changed meanwhile.
    package func annotate(
        _ id: Identifier<Event>, of organization: Identifier<Organization>, reviewed: Bool?, starred: Bool?,
        note: String??
    ) async throws {
        try await annotate(
            id, of: organization, reviewed: reviewed, starred: starred, note: note, ifChangedAt: nil)
    }
}

/// Something happened to an event.
package struct EventChange: Sendable, Hashable {
    package enum Kind: String, Sendable { case created, updated, deleted }
    package var kind: Kind
    package var event: Identifier<Event>
    package var organization: Identifier<Organization>
    /// By the store's clock; whole microseconds.
    package var at: WallTime

    package static let deletionMemorySeconds = 7 * 86_400.0

    package init(kind: Kind, event: Identifier<Event>, organization: Identifier<Organization>, at: WallTime) {
        self.kind = kind
        self.event = event
        self.organization = organization
        self.at = at
    }
}

/// Everything a worker needs for one event.
package struct JudgeTask: Sendable {
    package var event: EventDetail
    package var definition: DefinitionVersion
    package var policy: Policy
    package var analyzers: [Analyzer]
    /// Of the event's camera, as they are now.
    package var zones: [Zone]
    /// The pictures that the definition's examples name.
    package var references: [ReferencePicture]
    package var frames: FramePolicy

    package init(
        event: EventDetail, definition: DefinitionVersion, policy: Policy, analyzers: [Analyzer], zones: [Zone] = [],
        references: [ReferencePicture] = [], frames: FramePolicy = .evidence
    ) {
        self.event = event
        self.definition = definition
        self.policy = policy
        self.analyzers = analyzers
        self.zones = zones
        self.references = references
        self.frames = frames
    }
}

/// What people configured about judging; written from the settings file at start.
package protocol JudgingStore: Sendable {
    /// Creates or updates by name; returns the stored id.
    func put(_ analyzer: Analyzer) async throws -> Identifier<Analyzer>
    /// By name.
    func analyzers(of organization: Identifier<Organization>) async throws -> [Analyzer]
    /// Leaves all analyzers but these, which the settings file has, to be changed over the API.
    func keep(analyzers names: [String], of organization: Identifier<Organization>) async throws
    /// The organization's default policy.
    func put(_ policy: Policy, of organization: Identifier<Organization>) async throws
    /// A new version of the organization's definition if the words or labels differ from those that were put here last, else
    /// nothing: what was written over the API since stands. Returns the newest.
    func define(normal: String, labels: [String], of organization: Identifier<Organization>) async throws
        -> DefinitionVersion
    /// Throws `conflict` where the choice's mode and analyzers do not fit.
    func task(
        for event: Identifier<Event>, as choice: JudgingChoice, of organization: Identifier<Organization>
    ) async throws -> JudgeTask
}

extension JudgingStore {
    /// As its camera's settings say.
    package func task(
        for event: Identifier<Event>, of organization: Identifier<Organization>
    ) async throws -> JudgeTask { try await task(for: event, as: JudgingChoice(), of: organization) }
}
