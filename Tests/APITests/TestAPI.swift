import Domain
import Foundation
import Hummingbird
import HummingbirdTesting
import Logging
import PostgresKit
import Store
import Synchronization
import TestSupport
import Testing

@testable import API

/// The machine's clock, moved forward and stopped by tests.
final class TestClock: WallClock {
    private let ahead = Mutex(0.0)
    private let stopped = Mutex<Double?>(nil)
    var now: WallTime {
        WallTime(secondsSinceEpoch: stopped.withLock { $0 } ?? Date().timeIntervalSince1970)
            .advanced(bySeconds: ahead.withLock { $0 })
    }
    func stop() { stopped.withLock { $0 = Date().timeIntervalSince1970 } }
    func advance(_ seconds: Double) { ahead.withLock { $0 += seconds } }
}

/// No camera runs here.
struct NoCameras: CameraMonitor, CameraTriggers {
    func trigger(
        _ trigger: Trigger, on camera: Identifier<Camera>
    ) async throws(TriggerRefusal) -> TriggerReceipt { throw .notConnected(nil) }

    func status(of camera: Identifier<Camera>) -> CameraStatus? { nil }
    func live(
        of camera: Identifier<Camera>, _ wish: LiveWish, onTooSlow: @escaping @Sendable () -> Void
    ) async throws -> (any LiveView)? { nil }
    func snapshot(of camera: Identifier<Camera>, longestSidePixels: Int) async throws -> Still? { nil }
}

/// The API over a real database, with two organizations that look alike.
struct TestAPI: Sendable {
    /// One organization with a camera, an event, and somebody of each role.
    struct Tenant: Sendable {
        var organization: Identifier<Organization>
        var site: Identifier<Site>
        var camera: Camera
        var event: EventRecord
        var reanalysis: Identifier<Reanalysis>
        /// Of the event.
        var job: Identifier<Job>
        /// Of the camera.
        var definition: Identifier<Definition>
        var analyzer: Identifier<Analyzer>
        /// Of the camera.
        var policy: Identifier<Policy>
        /// Of the event; it waits.
        var export: Identifier<Export>
        var exportJob: Identifier<Job>
        var users: [Role: User] = [:]
        /// Access keys by role.
        var keys: [Role: String] = [:]
        var keyIDs: [Role: Identifier<APIKey>] = [:]
    }

    /// Cheap, because a test signs in many times.
    static let hasher = PasswordHasher(cost: .init(log2Rounds: 4, blockSize: 8, parallelism: 1))
    static let password = "a long enough password"

    let client: any TestClientProtocol
    let store: Store
    /// Sees everything.
    let pool: Pool
    let clock: TestClock
    let accounts: Accounts
    let own: Tenant
    let other: Tenant
    /// The media folder, which is that of exports too.
    let media: String

    static func dependencies(
        _ store: Store, media: String, logger: Logger, clock: TestClock = TestClock(),
        requestsPerSecond: Double = 10_000, monitor: any CameraMonitor = NoCameras(),
        triggers: any CameraTriggers = NoCameras(), recordingReader: any RecordingReader = PlannedBytes()
    ) -> APIDependencies {
        APIDependencies(
            accounts: Accounts(store: store.access, clock: clock, hasher: hasher, logger: logger),
            limits: RequestLimits(perSecond: requestsPerSecond, clock: clock), cameras: store.cameras,
            monitor: monitor, triggers: triggers, prober: NoProber(), events: store.events,
            reanalyses: store.reanalyses, feedback: store.feedback, recordings: store.recordings,
            recordingReader: recordingReader, activity: store.activity,
            desk: store.desk, jobs: store.jobs,
            definitions: store.definitions, judges: store.judges, trial: StoreTrial(judging: store.judging),
            exports: store.exports, exportFolder: PlainFolder(path: media), exportPath: media,
            readMedia: { path in FileManager.default.contents(atPath: media + "/" + path).map { Array($0) } },
            hub: EventHub(events: store.events, logger: logger),
            mediaFolder: media,
            deleteEvent: { id, organization in
                _ = try await store.events.beginDeleting(id, of: organization)
                try await store.events.finishDeleting(id, of: organization)
            }, checks: { [("database", await store.isReachable())] }, analyzers: { _ in [] }, clock: clock,
            version: "test")
    }

    static func with(
        requestsPerSecond: Double = 10_000, monitor: any CameraMonitor = NoCameras(),
        triggers: any CameraTriggers = NoCameras(), network: NetworkRules = NetworkRules(),
        over: TestingSetup = .router,
        _ body: @Sendable @escaping (TestAPI) async throws -> Void
    ) async throws {
        try await TestDatabase.with { database async throws in
            let logger = Logger(label: "test.api")
            let store = try await Store.open(connectionString: database.connectionString, logger: logger)
            let pool = Pool(ConnectionSettings(database.inspectionString), size: 1)
            let media = "/tmp/vedette-api-\(UUID().uuidString.prefix(8))"
            defer { try? FileManager.default.removeItem(atPath: media) }
            do {
                let clock = TestClock()
                var dependencies = dependencies(
                    store, media: media, logger: logger, clock: clock, requestsPerSecond: requestsPerSecond,
                    monitor: monitor, triggers: triggers)
                dependencies.network = network
                let accounts = dependencies.accounts
                let second = Identifier<Organization>.make(at: clock.now)
                try await pool.query(
                    "INSERT INTO organizations (id, name) VALUES ($1, 'second')", [.uuid(second.uuid)])
                let own = try await tenant(Organization.first, "own", store, pool, media, clock)
                let other = try await tenant(second, "other", store, pool, media, clock)
                let router = APIRouter.make(dependencies)
                try await Application(router: router, logger: logger).test(over) { client in
                    try await body(
                        TestAPI(
                            client: client, store: store, pool: pool, clock: clock, accounts: accounts,
                            own: own, other: other, media: media))
                }
            } catch {
                await store.close()
                await pool.close()
                throw error
            }
            await store.close()
            await pool.close()
        }
    }

    private static func tenant(
        _ organization: Identifier<Organization>, _ name: String, _ store: Store, _ pool: Pool, _ media: String,
        _ clock: TestClock
    ) async throws -> Tenant {
        let now = clock.now
        let site = Site(id: .make(at: now), organization: organization, name: "\(name) site", timeZone: "UTC")
        try await store.cameras.put(site)
        let camera = Camera(
            id: .make(at: now), organization: organization, site: site.id, name: "\(name)-gate", enabled: true,
            settings: CameraSettings(url: "rtsp://owner:hunter2@127.0.0.1/\(name)"), revision: 1)
        try await store.cameras.insert(camera)
        let reanalysis = Identifier<Reanalysis>.make(at: now)
        try await pool.query(
            """
            INSERT INTO reanalyses (id, organization_id, state, request, request_hash, definition_version, policy,
                analyzer_ids, created_at)
            VALUES ($1, $2, 'running', '{}', '', 1, 'single', '{}', now())
            """, [.uuid(reanalysis.uuid), .uuid(organization.uuid)])
        let event = try await event(camera, store, media, now)
        // Without a policy there is none of the hand-over.
        let job = NewJob(
            id: .make(at: now), organization: organization, kind: "judge_event",
            payload: try JudgePayload(event: event.id, choice: JudgingChoice()).text,
            uniqueKey: "judge_event:\(event.id)")
        try await store.jobs.enqueue([job])
        let definition = Identifier<Definition>.make(at: now)
        try await pool.query(
            "INSERT INTO definitions (id, organization_id, name, camera_id) VALUES ($1, $2, $3, $4)",
            [.uuid(definition.uuid), .uuid(organization.uuid), .text("\(camera.name) words"), .uuid(camera.id.uuid)])
        try await pool.query(
            """
            INSERT INTO definition_versions (id, organization_id, definition_id, version, normal, labels)
            VALUES (gen_random_uuid(), $1, $2, 1, 'only cats', '{}')
            """, [.uuid(organization.uuid), .uuid(definition.uuid)])
        let analyzer = Analyzer(
            id: .make(at: now), organization: organization, name: "\(name) judge", kind: .openai,
            baseURL: "http://127.0.0.1:1/v1")
        try await store.judges.insert(analyzer)
        let policy = Policy(id: .make(at: now), mode: .single, analyzers: [analyzer.id])
        try await store.judges.insert(
            StoredPolicy(
                policy: policy, organization: organization, name: "\(name) policy", place: .camera(camera.id),
                revision: 1))
        var tenant = Tenant(
            organization: organization, site: site.id, camera: camera, event: event, reanalysis: reanalysis,
            job: job.id, definition: definition, analyzer: analyzer.id, policy: policy.id, export: .make(at: now),
            exportJob: .make(at: now))
        try await store.exports.insert(
            Export(
                id: tenant.export, organization: organization, content: .events([event.id]), format: .zip,
                keepsGaps: false, cameras: [camera.id], author: "\(name)-operator", job: tenant.exportJob,
                createdAt: now)
        )
        for role in Role.allCases {
            let user = User(
                id: .make(at: now), organization: organization, name: "\(name)-\(role.rawValue)", role: role,
                createdAt: now)
            try await store.access.insert(user, passwordHash: try await hasher.hash(password))
            tenant.users[role] = user
            let secret = "vdk_" + Secrets.make()
            let key = APIKey(
                id: .make(at: now), organization: organization, name: "\(role.rawValue) key",
                prefix: String(secret.prefix(10)), role: role, createdAt: now)
            try await store.access.insert(key, hash: Secrets.hash(secret))
            tenant.keys[role] = secret
            tenant.keyIDs[role] = key.id
        }
        return tenant
    }

    /// An event of the camera with a clip of 1,000 bytes.
    static func event(_ camera: Camera, _ store: Store, _ media: String, _ time: WallTime) async throws -> EventRecord {
        let id = Identifier<Event>.make(at: time)
        try FileManager.default.createDirectory(atPath: "\(media)/\(id)", withIntermediateDirectories: true)
        for file in ["clip.mp4", "evidence-1.jpg", "thumbnail.jpg"] {
            try Data(repeating: 7, count: 1000).write(to: URL(fileURLWithPath: "\(media)/\(id)/\(file)"))
        }
        let record = EventRecord(
            id: id, organization: camera.organization, site: camera.site, camera: camera.id, kind: .motion,
            state: .ready, triggeredAt: time, startedAt: time, endedAt: time.advanced(bySeconds: 7), score: 0.31,
            boxes: [],
            clip: ClipRecord(
                path: "\(id)/clip.mp4", startsAt: time, durationSeconds: 17.4, sizeBytes: 1000,
                sha256: String(repeating: "ab", count: 32), codec: .h264, widthPixels: 1920, heightPixels: 1080,
                hasAudio: false, videoUnits: 261), thumbnailPath: "\(id)/thumbnail.jpg",
            evidence: [
                EvidenceRecord(
                    path: "\(id)/evidence-1.jpg", atSeconds: 5.3, widthPixels: 768, heightPixels: 432, sizeBytes: 3,
                    box: nil)
            ], continues: nil)
        try await store.events.handOver(record)
        return record
    }

    // MARK: Requests

    func send(
        _ method: HTTPRequest.Method, _ path: String, key: String? = nil, headers: HTTPFields = [:],
        _ body: String? = nil
    ) async throws -> TestResponse {
        var headers = headers
        if let key { headers[.authorization] = "Bearer \(key)" }
        return try await client.execute(
            uri: path, method: method, headers: headers, body: body.map { ByteBuffer(string: $0) })
    }

    static func object(_ response: TestResponse) throws -> [String: Any] {
        try #require(
            try JSONSerialization.jsonObject(with: Data(response.body.readableBytesView)) as? [String: Any],
            "\(response.status) \(String(buffer: response.body))")
    }

    /// The digest of all rows of a tenant in all tables but the audit log, which is to grow, and key use times.
    func digest(of organization: Identifier<Organization>) async throws -> String {
        var text = ""
        for table in [
            "organizations", "sites", "cameras", "segments", "exports", "events", "verdicts",
            "jobs",
            "event_feedback", "users",
            "user_grants",
            "sessions", "definitions", "definition_versions", "analyzers", "policies", "policy_analyzers",
        ] {
            let column = table == "organizations" ? "id" : "organization_id"
            text +=
                try await pool.query(
                    "SELECT coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '') AS digest FROM \(table) t WHERE \(column) = $1",
                    [.uuid(organization.uuid)]
                ).first?.get("digest") ?? ""
        }
        text +=
            try await pool.query(
                """
                SELECT coalesce(string_agg(id::text || revoked_at::text, '|' ORDER BY id), '') AS digest FROM api_keys
                WHERE organization_id = $1
                """, [.uuid(organization.uuid)]
            ).first?.get("digest") ?? ""
        return text
    }
}

/// A folder in which nothing is made.
struct PlainFolder: ExportFolder {
    var path: String
    func begin(_ id: Identifier<Export>, _ format: Export.Format) async throws -> any ExportFile {
        throw ClipError("nothing is made here")
    }
    func refusal(ofBytes bytes: Int64) async -> String? { nil }
    func remove(_ file: String) async { try? FileManager.default.removeItem(atPath: path + "/" + file) }
    func settled() async -> Set<String> { [] }
}

/// Says what it would judge by, as a verdict.
struct StoreTrial: TrialJudge {
    let judging: any JudgingStore

    func judge(
        _ event: Identifier<Event>, as choice: JudgingChoice, of organization: Identifier<Organization>
    ) async throws -> Verdict {
        let task = try await judging.task(for: event, as: choice, of: organization)
        if task.definition.labels == ["trouble"] { throw JudgeError(.discard, "no such model") }
        return Verdict(
            id: .make(at: task.event.record.triggeredAt), event: event, definitionVersion: task.definition.version,
            analyzer: task.analyzers[0].name,
            judgement: Judgement(
                state: .normal, confidence: 0.5, labels: [], summary: task.definition.normal,
                reason: task.definition.questions.joined(), model: "m", latencySeconds: 1, promptTokens: 10,
                completionTokens: 1), createdAt: task.event.record.triggeredAt, cost: 0.5)
    }

    func preview(
        _ event: Identifier<Event>, as choice: JudgingChoice, of organization: Identifier<Organization>
    ) async throws -> [AnalyzerPreview] {
        let task = try await judging.task(for: event, as: choice, of: organization)
        return [
            AnalyzerPreview(
                analyzer: task.analyzers[0].name,
                prompt: PromptPreview(
                    url: "http://h/v1", body: Array("{\"b\":1,\"a\":[]}".utf8), promptHash: "00",
                    expectedPromptTokens: 7))
        ]
    }

    func test(_ analyzer: Analyzer) async throws -> Judgement {
        if analyzer.model == "gone" { throw JudgeError(.discard, "there is no model \"gone\"") }
        return Judgement(
            state: .abnormal, confidence: 0.9, labels: ["square"], summary: "A square.", reason: "r", model: "m",
            latencySeconds: 0.25, promptTokens: 400, completionTokens: 20)
    }
}

/// Answers by the address, as a camera at it would.
struct NoProber: CameraProber {
    func probe(_ location: Domain.SourceLocation) async throws(SourceError) -> CameraFindings {
        guard location.url.hasSuffix("/gate") else {
            throw SourceError(.notFound, "camera:554 has no stream of that path.")
        }
        var findings = CameraFindings(
            codec: .h265, widthPixels: 1920, heightPixels: 1080, announcedFramesPerSecond: nil, hasAudio: true)
        findings.framesPerSecond = 14.96
        findings.measuredSeconds = location.timeoutSeconds
        findings.picture = Still(jpeg: [255, 216], widthPixels: 1, heightPixels: 1)
        return findings
    }
}
