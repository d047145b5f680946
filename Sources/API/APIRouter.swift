import Domain
import Hummingbird

/// Everything the API is made of, as ports.
package struct APIDependencies: Sendable {
    package var accounts: Accounts
    package var limits: RequestLimits
    package var cameras: any CameraStore
    package var monitor: any CameraMonitor
    package var triggers: any CameraTriggers
    package var prober: any CameraProber
    package var events: any EventStore
    package var reanalyses: any ReanalysisStore
    package var feedback: any FeedbackStore
    package var activity: any ActivityStore
    package var recordings: any RecordingStore
    package var recordingReader: any RecordingReader
    package var desk: any JobDesk
    package var jobs: any JobQueue
    package var definitions: any DefinitionStore
    package var judges: any JudgeStore
    package var trial: any TrialJudge
    package var exports: any ExportStore
    package var exportFolder: any ExportFolder
    /// Path of the folder that `exportFolder` is about.
    package var exportPath: String
    /// The bytes of a path under the media folder; nil where it is not there.
    package var readMedia: @Sendable (String) async -> [UInt8]?
    package var hub: EventHub
    package var mediaFolder: String
    package var deleteEvent: @Sendable (Identifier<Event>, Identifier<Organization>) async throws -> Void
    package var checks: @Sendable () async -> [(name: String, ok: Bool)]
    package var analyzers: @Sendable (Identifier<Organization>) async -> [AnalyzerStatus]
    package var clock: any WallClock
    package var version: String
    package var network: NetworkRules

    package init(
        accounts: Accounts, limits: RequestLimits, cameras: any CameraStore, monitor: any CameraMonitor,
        triggers: any CameraTriggers, prober: any CameraProber, events: any EventStore, reanalyses: any ReanalysisStore,
        feedback: any FeedbackStore, recordings: any RecordingStore, recordingReader: any RecordingReader,
        activity: any ActivityStore,
        desk: any JobDesk, jobs: any JobQueue, definitions: any DefinitionStore,
        judges: any JudgeStore, trial: any TrialJudge,
        exports: any ExportStore, exportFolder: any ExportFolder, exportPath: String,
        readMedia: @escaping @Sendable (String) async -> [UInt8]?, hub: EventHub, mediaFolder: String,
        deleteEvent: @escaping @Sendable (Identifier<Event>, Identifier<Organization>) async throws -> Void,
        checks: @escaping @Sendable () async -> [(name: String, ok: Bool)],
        analyzers: @escaping @Sendable (Identifier<Organization>) async -> [AnalyzerStatus], clock: any WallClock,
        version: String, network: NetworkRules = NetworkRules()
    ) {
        self.accounts = accounts
        self.limits = limits
        self.cameras = cameras
        self.monitor = monitor
        self.triggers = triggers
        self.prober = prober
        self.events = events
        self.reanalyses = reanalyses
        self.feedback = feedback
        self.activity = activity
        self.recordings = recordings
        self.recordingReader = recordingReader
        self.desk = desk
        self.jobs = jobs
        self.definitions = definitions
        self.judges = judges
        self.trial = trial
        self.exports = exports
        self.exportFolder = exportFolder
        self.exportPath = exportPath
        self.readMedia = readMedia
        self.hub = hub
        self.mediaFolder = mediaFolder
        self.deleteEvent = deleteEvent
        self.checks = checks
        self.analyzers = analyzers
        self.clock = clock
        self.version = version
        self.network = network
    }
}

/// Builds the router of the whole surface; the caller adds the page's files behind it.
package enum APIRouter {
    package static func make(_ dependencies: APIDependencies) -> Router<VedetteContext> {
        let router = Router(context: VedetteContext.self, options: [.autoGenerateHeadEndpoints])
        router.add(middleware: CORSMiddleware(origins: dependencies.network.corsOrigins))
        router.add(middleware: EnvelopeMiddleware())
        router.add(middleware: PeerMiddleware(rules: dependencies.network.peers))
        router.add(middleware: TokenLinkMiddleware(accounts: dependencies.accounts))

        let session = SessionRoutes(accounts: dependencies.accounts)
        let system = SystemRoutes(
            version: dependencies.version, openAPI: OpenAPIDocument.bytes, checks: dependencies.checks)
        session.addPublic(to: router)
        system.addPublic(to: router)
        OIDCRoutes(provider: dependencies.network.oidc, accounts: dependencies.accounts, limits: dependencies.limits)
            .add(to: router)

        let signedIn = router.group()
            .add(middleware: AccessMiddleware(accounts: dependencies.accounts, limits: dependencies.limits))
            .add(middleware: IdempotencyMiddleware(store: dependencies.accounts.store))
        session.addPrivate(to: signedIn)
        system.addPrivate(to: signedIn)
        UserRoutes(accounts: dependencies.accounts, clock: dependencies.clock).add(to: signedIn)
        KeyRoutes(accounts: dependencies.accounts, clock: dependencies.clock).add(to: signedIn)
        CameraRoutes(
            cameras: dependencies.cameras, monitor: dependencies.monitor, prober: dependencies.prober,
            clock: dependencies.clock
        )
        .add(to: signedIn)
        LiveRoute(
            cameras: dependencies.cameras, monitor: dependencies.monitor, accounts: dependencies.accounts,
            seats: LiveSeats()
        ).add(to: signedIn)
        TriggerRoute(cameras: dependencies.cameras, triggers: dependencies.triggers).add(to: signedIn)
        RecordingRoutes(
            cameras: dependencies.cameras, recordings: dependencies.recordings, reader: dependencies.recordingReader,
            seats: LiveSeats(thing: "recordings", most: 16, mostOfOne: 4), clock: dependencies.clock
        ).add(to: signedIn)
        ActivityRoutes(cameras: dependencies.cameras, activity: dependencies.activity, clock: dependencies.clock)
            .add(to: signedIn)
        ZoneRoutes(cameras: dependencies.cameras).add(to: signedIn)
        // Before the routes by id, which would take "stream" for one.
        EventStreamRoute(hub: dependencies.hub, accounts: dependencies.accounts, clock: dependencies.clock)
            .add(to: signedIn)
        EventRoutes(
            events: dependencies.events, media: MediaResponder(mediaFolder: dependencies.mediaFolder),
            deleteEvent: dependencies.deleteEvent
        ).add(to: signedIn)
        FeedbackRoutes(feedback: dependencies.feedback, events: dependencies.events, clock: dependencies.clock)
            .add(to: signedIn)
        AccuracyRoute(feedback: dependencies.feedback).add(to: signedIn)
        DriftRoute(feedback: dependencies.feedback, clock: dependencies.clock).add(to: signedIn)
        MetricsRoute(
            desk: dependencies.desk, judges: dependencies.judges, version: dependencies.version,
            clock: dependencies.clock
        ).add(to: signedIn)
        ReanalysisRoutes(reanalyses: dependencies.reanalyses, events: dependencies.events).add(to: signedIn)
        let reader = DefinitionReader(
            definitions: dependencies.definitions, events: dependencies.events, readMedia: dependencies.readMedia,
            clock: dependencies.clock)
        // Before the routes by id, which would take "test" for one.
        TrialRoutes(trial: dependencies.trial, events: dependencies.events, reader: reader).add(to: signedIn)
        DefinitionRoutes(definitions: dependencies.definitions, reader: reader).add(to: signedIn)
        AnalyzerRoutes(
            judges: dependencies.judges, trial: dependencies.trial, statuses: dependencies.analyzers,
            clock: dependencies.clock
        ).add(to: signedIn)
        PolicyRoutes(judges: dependencies.judges, clock: dependencies.clock).add(to: signedIn)
        ExportRoutes(
            exports: dependencies.exports, cameras: dependencies.cameras, events: dependencies.events,
            recordings: dependencies.recordings, media: MediaResponder(mediaFolder: dependencies.exportPath),
            removeFile: { [folder = dependencies.exportFolder] in await folder.remove($0) }, clock: dependencies.clock
        ).add(to: signedIn)
        JobRoutes(desk: dependencies.desk, queue: dependencies.jobs).add(to: signedIn)
        return router
    }
}
