import API
import Clips
import Domain
import Hummingbird
import HummingbirdCore
import Ingest
import Logging
import Motion
import NIOCore
import ServiceLifecycle
import Settings
import Spool
import Store
import WebUI
import Worker

/// The composition root: wires ports to adapters and runs the services in the order in which they must stop.
struct Vedette: Sendable {
    private let settings: VedetteSettings
    private let database: Database
    private let store: Store
    private let logger: Logger
    private let clock = SystemClock()
    private let layout: SpoolLayout
    private let handOver: HandOver
    private let recovery: SpoolRecovery
    private let segments: SegmentServices
    private let exporting: ExportServices
    private let ingest: IngestService
    private let activity: ActivityLog
    private let hub: EventHub
    private let judges: JudgeFactory
    private let eventJudge: EventJudge
    private let api: APIDependencies
    private let tls: TLSFiles?
    private let startedAt: WallTime
    /// Password of the user `admin`, where this start made that user: shown once.
    let firstPassword: String?

    init(
        settings: VedetteSettings, extraCameras: [VedetteSettings.CameraEntry], token: AdminTokenFile,
        database: Database, logger: Logger
    ) async throws {
        self.settings = settings
        self.logger = logger
        // What is wrong with these is told before anything is recorded.
        tls = try settings.network.tls.map {
            try TLSFiles(certificate: $0.certificate, key: $0.key, logger: logger)
        }
        let network = try NetworkRules(settings.network, clock: clock)
        startedAt = clock.now
        self.database = database
        let store = database.store
        self.store = store
        try await SiteSetup(cameras: store.cameras, judging: store.judging, clock: clock).apply(
            settings, extraCameras: extraCameras)

        let layout = SpoolLayout(dataFolder: settings.dataDirectory)
        self.layout = layout
        handOver = HandOver(layout: layout, store: store.events, logger: logger)
        let spool = DiskSpool(layout: layout, handOver: handOver, logger: logger)
        let clips = MP4ClipWriterOpener()
        recovery = SpoolRecovery(spool: spool, clips: clips, logger: logger)
        // Before anything records: what a crash left is settled, and its events wait for the hand-over.
        let (report, toHandOver) = try await recovery.settleSpool()
        for id in toHandOver { await handOver.submit(id) }
        if report != SpoolRecovery.Report() {
            logger.notice(
                "settled the spool after an unclean stop",
                metadata: [
                    "recovered": "\(report.recovered)", "resumed": "\(report.resumed)", "removed": "\(report.removed)",
                ])
        }
        let segments = try await SegmentServices(layout: layout, store: store.recordings, clips: clips, logger: logger)
        self.segments = segments
        let decoders = await DecoderCatalogue.survey(settings.decoder)
        for finding in decoders.findings {
            guard case .failed(let reason) = finding.outcome else { continue }
            logger.warning(
                "a decoder is not used", metadata: ["decoder": "\(finding.kind.element)", "reason": "\(reason)"])
        }
        let activity = ActivityLog(
            store: store.activity, clock: clock, keepDays: settings.activityDays, logger: logger)
        self.activity = activity
        let encoders = EncoderChoice(await EncoderCatalogue.survey().usable)
        ingest = IngestService(
            store: store.cameras,
            ports: IngestPorts(
                sources: CameraOpener(clock: clock, encoders: encoders), decoders: GStreamerDecoderOpener(decoders),
                clips: clips,
                live: LiveFragmentsOpener(), spool: spool, stills: JPEGStillEncoder(),
                makeDetector: { try MotionAnalyzer(zones: $0.zones) },
                makeGate: { ZonedGate($0) }, clock: clock, segments: segments.spool,
                segmentSeconds: settings.segmentSeconds, activity: activity,
                transcoding: LiveTranscoding(
                    opener: GStreamerTranscoderOpener(decoders, encoders: encoders, clock: clock),
                    places: TranscodePlaces(most: settings.liveTranscodes))), logger: logger)
        hub = EventHub(events: store.events, logger: logger)
        judges = try JudgeFactory(
            modelFolders: settings.modelsDirectory.map { [$0] } ?? [], clock: clock, logger: logger)
        let judges = self.judges
        let eventJudge = EventJudge(
            store: store.judging, reanalyses: store.reanalyses, meter: store.meter,
            readMedia: { DurableFile.read(layout.mediaFolder + "/" + $0) },
            makeModel: { (analyzer) async throws(JudgeError) in try await judges.model(for: analyzer) }, clock: clock,
            testPicture: { TestPicture.jpeg() },
            sampler: MediaFrameSampler(
                mediaFolder: layout.mediaFolder, decoders: GStreamerDecoderOpener(decoders),
                encoder: JPEGStillEncoder()),
            recordings: store.recordings)
        self.eventJudge = eventJudge
        let removal = MediaRemoval(layout: layout, store: store.events)
        let names = settings.policyAnalyzers
        let exporting = try ExportServices(settings, layout: layout, store: store, clock: clock, logger: logger)
        self.exporting = exporting
        let accounts = Accounts(store: store.access, clock: clock, logger: logger)
        firstPassword = try await accounts.begin(adminToken: token.token, organization: Organization.first)
        api = APIDependencies(
            accounts: accounts, limits: RequestLimits(clock: clock), cameras: store.cameras, monitor: ingest,
            triggers: ingest,
            prober: CameraProbe(
                sources: CameraOpener(clock: clock, encoders: encoders), decoders: GStreamerDecoderOpener(decoders),
                stills: JPEGStillEncoder(), pictureSidePixels: 640),
            events: store.events, reanalyses: store.reanalyses, feedback: store.feedback,
            recordings: store.recordings, recordingReader: RecordingAssembler(mediaFolder: layout.mediaFolder),
            activity: store.activity,
            desk: store.desk, jobs: store.jobs, definitions: store.definitions, judges: store.judges,
            trial: eventJudge,
            exports: store.exports, exportFolder: exporting.folder, exportPath: exporting.path,
            readMedia: { DurableFile.read(layout.mediaFolder + "/" + $0) }, hub: hub,
            mediaFolder: layout.mediaFolder,
            deleteEvent: { try await removal.delete($0, of: $1) },
            checks: { [("database", await store.isReachable())] },
            analyzers: { organization in
                guard let analyzers = try? await store.judging.analyzers(of: organization) else { return [] }
                // Those in use come first.
                return await judges.statuses(
                    of: analyzers.sorted {
                        (names.contains($0.name) ? 0 : 1, $0.name) < (names.contains($1.name) ? 0 : 1, $1.name)
                    })
            }, clock: clock, version: VedetteVersion.text, network: network)
    }

    /// Runs until a signal says stop; returns when everything has been finished and handed over.
    func run(announce: @escaping @Sendable (_ page: String) -> Void) async throws {
        let host = settings.listenHost
        let scheme = tls == nil ? "http" : "https"
        let page = host.contains(":") ? "\(scheme)://[\(host)]" : "\(scheme)://\(host)"
        var serverLogger = logger
        serverLogger.logLevel = max(logger.logLevel, .notice)
        let router = APIRouter.make(api)
        WebUI.add(to: router)
        // Who sends a request's headers or body byte by byte is cut off, and headers end somewhere.
        let channel = HTTP1Channel.Configuration(
            additionalChannelHandlers: [BodyDeadline()],
            idleTimeout: .seconds(60),
            httpDecoderConfiguration: .init(
                maxHeaderFieldSize: 16 << 10, maxHeaderListSize: 32 << 10, maxHeaderFieldCount: 100))
        let server = Application(
            router: router, server: tls?.server(channel) ?? .http1(configuration: channel),
            configuration: .init(
                address: .hostname(host, port: settings.listenPort), serverName: nil,
                availableConnectionsDelegate: .maximum(
                    DescriptorLimit.connections(of: DescriptorLimit.raise()), logger: serverLogger)),
            onServerRunning: { channel in announce("\(page):\(channel.localAddress?.port ?? 0)") },
            logger: serverLogger)
        let worker = JobRunner(
            queue: store.jobs, kinds: EventJudge.kinds,
            configuration: .init(
                concurrency: settings.workerConcurrency, owner: "vedette-\(ProcessName.current)"), logger: logger,
            handle: eventJudge.handle)
        let ingest = self.ingest
        let hub = self.hub
        let handOver = self.handOver
        let segments = self.segments
        let activity = self.activity
        let exporting = self.exporting
        let database = self.database
        let tls = self.tls
        // Stopped in reverse: first nobody is let in, then cameras finish their clips, then the rest.
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [
                    .init(service: UntilStopped("database") { await database.keepRunning() }),
                    .init(service: UntilStopped("memory") { await FreedMemory.returnNowAndThen() }),
                    .init(service: UntilStopped("hand-over") { await handOver.run() }),
                    .init(service: UntilStopped("segment hand-over") { await segments.handOver.run() }),
                    .init(service: UntilStopped("activity") { await activity.run() }),
                    .init(service: UntilStopped("worker") { await worker.run() }),
                    .init(service: UntilStopped("exports") { await exporting.run() }),
                    .init(service: UntilStopped("settling") { await settleMedia() }),
                    .init(service: UntilStopped("event stream") { try await hub.run() }),
                    .init(service: UntilStopped("ingest") { try await ingest.run() }),
                    .init(
                        service: UntilStopped("certificate") {
                            if let tls { await tls.run() } else { await UntilStopped.forever() }
                        }),
                    .init(service: server),
                ], gracefulShutdownSignals: [.sigint, .sigterm], logger: serverLogger))
        try await group.run()
        // Events that finished while the services stopped.
        await handOver.drain()
        await segments.handOver.drain()
        await activity.write(all: true)
    }

    private func settleMedia() async {
        do {
            let report = try await recovery.settleMedia(store: store.events, startedAt: startedAt)
            try await segments.settleMedia(startedAt: startedAt)
            if report.removed > 0 {
                logger.notice("removed media without an event", metadata: ["folders": "\(report.removed)"])
            }
        } catch {
            logger.warning(
                "files and rows could not be compared; the next start tries again", metadata: ["error": "\(error)"])
        }
        await UntilStopped.forever()
    }
}

/// A service whose work ends by cancellation when the process is asked to stop.
struct UntilStopped: Service {
    private let name: String
    private let body: @Sendable () async throws -> Void

    init(_ name: String, _ body: @escaping @Sendable () async throws -> Void) {
        self.name = name
        self.body = body
    }

    /// A service that returns would end the group; for one that has nothing more to do.
    static func forever() async { try? await Task.sleep(for: .seconds(86_400 * 365)) }

    func run() async throws {
        try await cancelWhenGracefulShutdown { [body] in try await body() }
    }
}
