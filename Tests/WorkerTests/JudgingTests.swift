import CurlKit
import Domain
import Foundation
import Logging
import PostgresKit
import Store
import TestSupport
import Testing
import VisionModels

@testable import Worker

struct TestClock: WallClock {
    var now: WallTime { WallTime(secondsSinceEpoch: Date().timeIntervalSince1970) }
}

/// Workers on a real queue, asking a fake model server over HTTP.
@Suite(.enabled(if: TestDatabase.isAvailable, "needs an installed PostgreSQL server"))
struct JudgingTests {
    let logger = Logger(label: "test.judging")
    let organization = Organization.first

    struct Site: Sendable {
        var store: Store
        var pool: Pool
        var connectionString: String
        var server: FakeVisionServer
        var client: HTTPClient
        var camera: Camera
    }

    func with(
        _ script: [FakeVisionBehaviour], budget: AnalyzerBudget = AnalyzerBudget(), mode: Policy.Mode = .single,
        _ body: (Site) async throws -> Void
    ) async throws {
        try await TestDatabase.with { database async throws in
            let store = try await Store.open(connectionString: database.connectionString, logger: logger)
            let pool = Pool(ConnectionSettings(database.inspectionString), size: 2)
            let server = try FakeVisionServer(script)
            do {
                var ids: [Identifier<Analyzer>] = []
                for name in ["one", "two"].prefix(mode.analyzerCount) {
                    ids.append(
                        try await store.judging.put(
                            Analyzer(
                                id: .make(at: TestClock().now), organization: organization, name: name, kind: .openai,
                                baseURL: server.baseURL, model: "fake", budget: budget)))
                }
                try await store.judging.put(
                    Policy(id: .make(at: TestClock().now), mode: mode, analyzers: ids), of: organization)
                _ = try await store.judging.define(normal: "empty", labels: ["person"], of: organization)
                let camera = Camera(
                    id: .make(at: TestClock().now), organization: organization, site: Domain.Site.first, name: "gate",
                    enabled: true, settings: CameraSettings(url: "rtsp://127.0.0.1/gate"), revision: 1)
                try await store.cameras.insert(camera)
                try await body(
                    Site(
                        store: store, pool: pool, connectionString: database.connectionString, server: server,
                        client: try HTTPClient(), camera: camera))
            } catch {
                server.stop()
                await pool.close()
                await store.close()
                throw error
            }
            server.stop()
            await pool.close()
            await store.close()
        }
    }

    func addEvents(_ count: Int, _ site: Site) async throws -> [Identifier<Event>] {
        var ids: [Identifier<Event>] = []
        for index in 0..<count {
            let time = TestClock().now.advanced(bySeconds: Double(index - count) - 60)
            let id = Identifier<Event>.make(at: time)
            try await site.store.events.handOver(
                EventRecord(
                    id: id, organization: organization, site: site.camera.site, camera: site.camera.id, kind: .motion,
                    state: .ready, triggeredAt: time, startedAt: time, endedAt: time.advanced(bySeconds: 5), score: 0.3,
                    boxes: [],
                    clip: ClipRecord(
                        path: "\(id)/clip.mp4", startsAt: time, durationSeconds: 9, sizeBytes: 9,
                        sha256: String(repeating: "ab", count: 32), codec: .h264, widthPixels: 64, heightPixels: 64,
                        hasAudio: false, videoUnits: 9), thumbnailPath: nil,
                    evidence: [
                        EvidenceRecord(
                            path: "\(id)/1.jpg", atSeconds: 1, widthPixels: 64, heightPixels: 64, sizeBytes: 9, box: nil
                        )
                    ], continues: nil))
            ids.append(id)
        }
        return ids
    }

    /// Workers of as many processes as there are, each with a store of its own, until `isDone`. `meter` takes the place of the
    /// stores' own.
    func work(
        _ count: Int, _ site: Site, meter: (any AnalyzerMeter)? = nil, until isDone: () async throws -> Bool
    ) async throws {
        let workers = Task { [logger] in
            await withTaskGroup(of: Void.self) { group in
                for number in 0..<count {
                    group.addTask {
                        let store = Store(ConnectionSettings(site.connectionString), logger: logger)
                        let judge = EventJudge(
                            store: store.judging, reanalyses: store.reanalyses, meter: meter ?? store.meter,
                            readMedia: { _ in [0xff, 0xd8, 0xff] },
                            makeModel: { (analyzer) async throws(JudgeError) in
                                try OpenAICompatibleModel(
                                    analyzer, client: site.client, logger: logger, now: { TestClock().now })
                            }, clock: TestClock())
                        await JobRunner(
                            queue: store.jobs, kinds: EventJudge.kinds,
                            configuration: .init(
                                concurrency: 3, owner: "worker \(number)", leaseSeconds: 3600, pollSeconds: 0.1,
                                prefetch: 2),
                            logger: logger, handle: judge.handle
                        ).run()
                        await store.close()
                    }
                }
            }
        }
        do {
            while try await !isDone() { try await Task.sleep(for: .milliseconds(50)) }
        } catch {
            workers.cancel()
            await workers.value
            throw error
        }
        workers.cancel()
        await workers.value
    }

    func number(_ sql: String, _ site: Site) async throws -> Int {
        try await site.pool.query("SELECT (\(sql)) AS number").first?.get("number") ?? -1
    }

    @Test func `four workers together keep to the requests of a minute, and the tokens counted are the server's`()
        async throws
    {
        try await with([.good], budget: AnalyzerBudget(requestsPerMinute: 6)) { site async throws in
            _ = try await addEvents(15, site)
            try await work(4, site) {
                let counts = try await site.store.jobs.counts()
                return counts[.succeeded] == 6 && counts[.scheduled] == 9
            }
            #expect(site.server.requests.count == 6)
            #expect(try await number("SELECT day_tokens FROM analyzer_budgets", site) == 6 * 366)
            #expect(try await number("SELECT count(*) FROM verdicts", site) == 6)
            // Waiting is no failed attempt.
            #expect(try await number("SELECT max(attempt) FROM jobs", site) == 0)
        }
    }

    @Test func `a consensus asks both and keeps both opinions`() async throws {
        let normal = """
            {"summary":"Nothing.","reason":"Empty.","labels":[],"state":"normal","confidence":0.8}
            """
        try await with([.good, .content(normal)], mode: .consensus) { site async throws in
            let event = try #require(try await addEvents(1, site).first)
            try await work(1, site) { try await site.store.jobs.counts()[.succeeded] == 1 }
            let verdict = try #require(try await site.store.events.verdicts(of: event, in: organization).first)
            #expect(verdict.judgement.state == .uncertain)
            #expect(verdict.policy == .consensus)
            #expect(verdict.opinions.map(\.analyzer) == ["one", "two"])
            #expect(Set(verdict.opinions.compactMap(\.judgement?.state)) == [.normal, .abnormal])
            #expect(verdict.judgement.promptTokens == 642)
        }
    }

    @Test func `a re-analysis judges each event once, in any number of workers, and counts only when promoted`()
        async throws
    {
        try await with([.good], budget: AnalyzerBudget(promptPrice: 1, completionPrice: 1)) { site async throws in
            let events = try await addEvents(12, site)
            try await work(2, site) { try await site.store.jobs.counts()[.succeeded] == 12 }
            let before = try await site.store.events.event(events[0], of: organization).verdict
            let version = try await site.store.judging.define(normal: "other words", labels: ["cat"], of: organization)
            let request = ReanalysisRequest(filter: EventQuery(), definitionVersion: version.version)
            let estimate = try await site.store.reanalyses.estimate(request, of: organization)
            #expect(estimate.events == 12 && estimate.tokens == 12 * 366)
            let (begun, isNew) = try await site.store.reanalyses.begin(request, of: organization)
            #expect(isNew)
            let again = try await site.store.reanalyses.begin(request, of: organization)
            #expect(!again.isNew && again.reanalysis.id == begun.id)
            // Stopped in the middle, and begun again by other workers.
            try await work(3, site) {
                try await site.store.reanalyses.reanalysis(begun.id, of: organization).progress.done >= 3
            }
            try await site.store.reanalyses.pause(begun.id, of: organization, reason: "by hand")
            try await site.store.reanalyses.resume(begun.id, of: organization)
            try await work(2, site) {
                try await site.store.reanalyses.reanalysis(begun.id, of: organization).state == .completed
            }
            let done = try await site.store.reanalyses.reanalysis(begun.id, of: organization)
            #expect(done.progress.done == 12 && done.progress.failed == 0 && done.progress.tokens == 12 * 366)
            #expect(try await number("SELECT count(*) FROM verdicts", site) == 24)
            #expect(
                try await number(
                    "SELECT max(n) FROM (SELECT count(*) AS n FROM verdicts GROUP BY event_id) v", site) == 2)
            #expect(try await site.store.events.event(events[0], of: organization).verdict == before)
            let changes = try await site.store.reanalyses.changes(of: begun.id, in: organization)
            #expect(changes == [ReanalysisChange(old: .abnormal, new: .abnormal, events: 12)])
            try await site.store.reanalyses.promote(begun.id, of: organization)
            try await site.store.reanalyses.promote(begun.id, of: organization)
            for event in events {
                let verdict = try await site.store.events.event(event, of: organization).verdict
                #expect(verdict?.definitionVersion == version.version)
                #expect(verdict?.judgement.labels == ["cat"])
            }
        }
    }

    @Test func `a trial is judged with a draft's words and examples within the budget, and stores nothing`()
        async throws
    {
        try await with([.good], budget: AnalyzerBudget(requestsPerMinute: 2)) { site async throws in
            let event = try #require(try await addEvents(1, site).first)
            let judge = EventJudge(
                store: site.store.judging, reanalyses: site.store.reanalyses, meter: site.store.meter,
                readMedia: { _ in [0xff, 0xd8, 0xff] },
                makeModel: { (analyzer) async throws(JudgeError) in
                    try OpenAICompatibleModel(
                        analyzer, client: site.client, logger: Logger(label: "test"), now: { TestClock().now })
                }, clock: TestClock(), testPicture: { [0xff, 0xd8] })
            let picture = try await site.store.definitions.keep(
                ReferencePicture(
                    id: .make(at: TestClock().now), camera: site.camera.id, jpeg: [1, 2, 3], widthPixels: 8,
                    heightPixels: 6), of: organization)
            let choice = JudgingChoice(
                draft: DefinitionParts(
                    normal: "Only foxes.", labels: ["fox"],
                    examples: [DefinitionExample(picture: picture, caption: "a fox")]))
            let preview = try #require(try await judge.preview(event, as: choice, of: organization).first?.prompt)
            #expect(site.server.requests.isEmpty)
            #expect(String(decoding: preview.body, as: UTF8.self).contains("<example 1, 8 x 6, JPEG of 3 bytes>"))
            let verdict = try await judge.judge(event, as: choice, of: organization)
            #expect(verdict.judgement.labels == ["fox"] && verdict.definitionVersion == 0)
            #expect(verdict.definition == nil)
            let asked = try #require(site.server.requests.first).text
            #expect(asked.contains("Only foxes.") && asked.contains(Data([1, 2, 3]).base64EncodedString()))
            #expect(try await number("SELECT count(*) FROM verdicts", site) == 0)
            #expect(try await number("SELECT day_tokens FROM analyzer_budgets", site) == 366)
            let analyzer = try #require(try await site.store.judging.analyzers(of: organization).first)
            #expect(try await judge.test(analyzer).state == .abnormal)
            // Two requests were allowed in this minute.
            let refused = await #expect(throws: JudgeError.self) {
                _ = try await judge.judge(event, as: choice, of: organization)
            }
            #expect(refused?.detail.contains("requests of the minute") == true)
            #expect(site.server.requests.count == 2)
        }
    }

    @Test func `a camera's words judge its events, and the verdict names their version`() async throws {
        try await with([.good]) { site async throws in
            _ = try await site.store.definitions.create(
                name: "gate", scope: .camera(site.camera.id), parts: DefinitionParts(labels: ["owl"]), author: "anna",
                of: organization)
            let event = try #require(try await addEvents(1, site).first)
            try await work(1, site) { try await site.store.jobs.counts()[.succeeded] == 1 }
            let verdict = try #require(try await site.store.events.verdicts(of: event, in: organization).first)
            #expect(verdict.judgement.labels == ["owl"])
            #expect(try #require(site.server.requests.first).text.contains("empty"), "the organization's words")
            #expect(
                try await number(
                    """
                    SELECT count(*) FROM verdicts v JOIN definition_versions d ON d.id = v.definition_version_id
                    WHERE d.labels = '{owl}' AND d.version = v.definition_version
                    """, site) == 1)
        }
    }
}
