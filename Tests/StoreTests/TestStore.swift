import Domain
import Logging
import PostgresKit
import TestSupport

@testable import Store

/// A migrated database of its own with a store on it.
struct TestStore: Sendable {
    let store: Store
    let database: TestDatabase
    /// For looking behind the ports.
    let pool: Pool
    /// Set for the statements of the queue.
    let queuePool: Pool
    let listener: Listener

    static let logger = Logger(label: "test.store")

    static func with(_ body: (TestStore) async throws -> Void) async throws {
        try await TestDatabase.with { database async throws in
            let store = try await Store.open(connectionString: database.connectionString, logger: logger)
            let settings = ConnectionSettings(database.inspectionString)
            var queueSettings = settings
            queueSettings.session = PostgresJobQueue.session
            let made = TestStore(
                store: store, database: database, pool: Pool(settings, size: 8),
                queuePool: Pool(queueSettings, size: 8),
                listener: Listener(settings, channels: Channel.all, logger: logger))
            do {
                try await body(made)
                await made.close()
            } catch {
                await made.close()
                throw error
            }
        }
    }

    private func close() async {
        await store.close()
        await listener.close()
        await queuePool.close()
        await pool.close()
    }

    // MARK: Rows to work with

    func makeOrganization(_ name: String) async throws -> Identifier<Organization> {
        let id = Identifier<Organization>.make(at: .now)
        try await pool.query("INSERT INTO organizations (id, name) VALUES ($1, $2)", [.id(id), .text(name)])
        return id
    }

    func makeCamera(_ name: String = "gate") async throws -> Camera {
        let camera = Camera(
            id: .make(at: .now), organization: Organization.first, site: Site.first, name: name, enabled: true,
            settings: CameraSettings(url: "rtsp://user:secret@127.0.0.1:8554/\(name)"), revision: 1)
        try await store.cameras.insert(camera)
        return camera
    }

    @discardableResult
    func configureJudging() async throws -> Identifier<Analyzer> {
        let analyzer = try await store.judging.put(
            Analyzer(
                id: .make(at: .now), organization: Organization.first, name: "local", kind: .embedded))
        try await store.judging.put(
            Policy(id: .make(at: .now), mode: .single, analyzers: [analyzer]), of: Organization.first)
        _ = try await store.judging.define(
            normal: "The yard is empty.", labels: ["person", "vehicle"], of: Organization.first)
        return analyzer
    }

    static func record(_ camera: Camera, secondsAgo: Double = 60) -> EventRecord {
        // Whole microseconds, which is what the database keeps.
        let trigger = WallTime(
            nanosecondsSinceEpoch: WallTime.now.advanced(bySeconds: -secondsAgo).nanosecondsSinceEpoch / 1000 * 1000)
        let id = Identifier<Event>.make(at: trigger)
        let box = Box(x: 0.1, y: 0.2, width: 0.05, height: 0.25)
        return EventRecord(
            id: id, organization: camera.organization, site: camera.site, camera: camera.id, kind: .motion,
            state: .ready,
            triggeredAt: trigger, startedAt: trigger.advanced(bySeconds: -0.25),
            endedAt: trigger.advanced(bySeconds: 8),
            score: 0.31, boxes: [TimedBox(box: box, atSeconds: 5.25)],
            clip: ClipRecord(
                path: "clips/\(id).mp4", startsAt: trigger.advanced(bySeconds: -5), durationSeconds: 17.5,
                sizeBytes: 6_510_034, sha256: String(repeating: "ab", count: 32), codec: .h264, widthPixels: 1920,
                heightPixels: 1080, hasAudio: false, videoUnits: 262),
            thumbnailPath: "clips/\(id).jpg",
            evidence: [
                EvidenceRecord(
                    path: "clips/\(id)-0.jpg", atSeconds: 5.25, widthPixels: 768, heightPixels: 432, sizeBytes: 40_000,
                    box: box),
                EvidenceRecord(
                    path: "clips/\(id)-1.jpg", atSeconds: 9, widthPixels: 768, heightPixels: 432, sizeBytes: 41_000,
                    box: nil),
            ], continues: nil)
    }

    static func verdict(
        _ event: Identifier<Event>, _ state: Verdict.State = .abnormal, labels: [String] = ["person"],
        confidence: Double = 0.9, summary: String = "A person walks in."
    ) -> Verdict {
        Verdict(
            id: .make(at: .now), event: event, definitionVersion: 1, analyzer: "local",
            judgement: Judgement(
                state: state, confidence: confidence, labels: labels, summary: summary, reason: "not normal",
                model: "yolox-nano", latencySeconds: 0.125, promptTokens: nil, completionTokens: 7, promptHash: nil),
            createdAt: WallTime(nanosecondsSinceEpoch: WallTime.now.nanosecondsSinceEpoch / 1000 * 1000))
    }
}

extension TestStore {
    static func export(of event: EventRecord) -> Export {
        Export(
            id: .make(at: .now), organization: event.organization, content: .events([event.id]), format: .zip,
            keepsGaps: false, cameras: [event.camera], author: "anna", job: .make(at: .now), createdAt: .now)
    }

    static func feedback(
        _ event: Identifier<Event>, _ state: Verdict.State = .normal, labels: [String] = [], by author: String = "anna"
    ) -> Feedback {
        Feedback(
            id: .make(at: .now), event: event, verdict: nil, author: .init(key: "user:\(author)", name: author),
            state: state, labels: labels, note: nil, createdAt: .now)
    }

    /// Rows in the tables of budgets and re-analyses.
    static func fillJudging(_ store: TestStore, event: Identifier<Event>) async throws {
        let analyzer = try await store.pool.query("SELECT id FROM analyzers LIMIT 1").first?.id("id", of: Analyzer.self)
        guard let analyzer else { return }
        let organization = PostgresValue.id(Organization.first)
        try await store.pool.query(
            "INSERT INTO analyzer_budgets (analyzer_id, organization_id) VALUES ($1, $2)",
            [.id(analyzer), organization])
        try await store.pool.query(
            """
            INSERT INTO analyzer_requests (id, organization_id, analyzer_id, begun_at, expires_at, tokens, money)
            VALUES (gen_random_uuid(), $1, $2, now(), now(), 0, 0)
            """, [organization, .id(analyzer)])
        try await store.pool.query(
            """
            WITH made AS (
                INSERT INTO reanalyses (id, organization_id, state, request, request_hash, definition_version, policy,
                    analyzer_ids, created_at)
                VALUES (gen_random_uuid(), $1, 'running', '{}', '', 1, 'single', '{}', now()) RETURNING id
            )
            INSERT INTO reanalysis_items (reanalysis_id, event_id, organization_id) SELECT id, $2, $1 FROM made
            """, [organization, .id(event)])
    }

    /// A kept picture.
    static func fillPictures(_ store: TestStore, camera: Identifier<Camera>) async throws {
        _ = try await store.store.definitions.keep(
            ReferencePicture(id: .make(at: .now), camera: camera, jpeg: [0xff, 0xd8], widthPixels: 1, heightPixels: 1),
            of: Organization.first)
    }

    /// Rows in the tables of people and keys.
    static func fillAccess(_ store: TestStore) async throws {
        let access = store.store.access
        let user = User(
            id: .make(at: .now), organization: Organization.first, name: "anna", role: .administrator,
            grants: CameraGrants(sites: [Site.first]), createdAt: .now)
        try await access.insert(user, passwordHash: "x")
        try await access.insert(
            APIKey(
                id: .make(at: .now), organization: Organization.first, name: "key", prefix: "vdk_1", role: .viewer,
                createdAt: .now), hash: [1])
        _ = try await access.openSession(
            for: Principal(
                actor: .user(user.id), organization: Organization.first, name: "anna", role: .administrator),
            tokens: SessionTokens(
                accessHash: [2], accessExpiresAt: WallTime.now.advanced(bySeconds: 60), refreshHash: [3],
                refreshExpiresAt: WallTime.now.advanced(bySeconds: 60)), at: .now)
        try await access.record(
            AuditEntry(
                id: .make(at: .now), organization: Organization.first, at: .now, actorKind: "user", actorName: "anna",
                action: "sign-in", path: "/", status: 200, address: "127.0.0.1", requestID: "1"))
        _ = try await access.begin(
            IdempotentRequest(organization: Organization.first, actor: "anna", key: "k", fingerprint: [4]))
        try await store.pool.query(
            "INSERT INTO event_tombstones (organization_id, event_id, deleted_at) VALUES ($1, $2, now())",
            [.id(Organization.first), .id(Identifier<Event>.make(at: .now))])
    }
}
