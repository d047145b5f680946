import Domain
import Foundation
import Glibc
import Logging
import PostgresKit
import Store
import TestSupport
import Testing

extension EndToEnd {
    /// Re-analysis with real worker processes, one of them killed. `make proof` is the full size.
    @Suite(.serialized, .enabled(if: TestDatabase.isAvailable, "needs an installed PostgreSQL server"))
    struct ReanalysisTests {
        static let events = max(40, Int(ProcessInfo.processInfo.environment["TEST_EVENTS"] ?? "") ?? 200)
        private static let organization = Organization.first

        /// What the model says depends on the event's time and on the words, as a model's answer would.
        private static func answer(_ request: String) -> (text: String, promptTokens: Int, completionTokens: Int) {
            let time = request.ranges(of: "moved at: ").first.map { request[$0.upperBound...].prefix(24) } ?? ""
            let sum = time.utf8.reduce(0) { $0 + Int($1) }
            let isSecond = request.contains("Only foxes.")
            let state =
                isSecond
                ? (sum % 7 == 0 ? "uncertain" : sum % 2 == 0 ? "normal" : "abnormal")
                : sum % 3 == 0 ? "normal" : "abnormal"
            return (
                #"{"summary":"s","reason":"r","labels":[],"state":"\#(state)","confidence":0.8}"#, 300 + sum % 50,
                (isSecond ? 44 : 40) + sum % 5
            )
        }

        @Test(.timeLimit(.minutes(60)))
        func `a re-analysis that is paused and whose worker is killed judges each event once, as the dry run said`()
            async throws
        {
            let folder = try TestFolder.make()
            TestFolder.atExitOfProcess(
                """
                pid=$(head -n 1 "$1/postgres/data/postmaster.pid") && kill -QUIT "$pid"
                while [ -n "$pid" ] && readlink "/proc/$pid/cwd"; do sleep 0.1; done
                rm -rf "$1"
                """, [folder])
            let vision = try FakeVisionServer([.answers(Self.answer)])
            defer { vision.stop() }
            let cluster = EmbeddedCluster(
                dataDirectory: folder, options: .init(roles: [Store.applicationRole]),
                logger: Logger(label: "test.cluster"))
            let connection = try await cluster.start()
            let pool = Pool(ConnectionSettings(connection + " options='-c vedette.duty=migration'"), size: 2)
            let store = try await Store.open(connectionString: connection, logger: Logger(label: "test.store"))
            try await Self.prepare(store, pool, folder: folder, model: vision.baseURL)
            var started = 0
            func startWorker() throws -> WorkerProcess {
                started += 1
                return try WorkerProcess(
                    settingsFile: folder + "/vedette.yaml", leaseSeconds: 4, concurrency: 4,
                    logPath: "\(folder)/worker-\(started).log")
            }
            var workers = [try startWorker(), try startWorker()]
            defer { for worker in workers { worker.kill() } }
            try await Self.wait("all to be judged", workers) { try await Self.number("FROM jobs", pool) == 0 }
            let begunWith = vision.requestCount
            #expect(begunWith == Self.events)

            // Other words, and what judging by them would take.
            let second = try await store.judging.define(
                normal: "Only foxes.", labels: ["person"], of: Self.organization)
            let request = ReanalysisRequest(filter: EventQuery(), definitionVersion: second.version)
            let reanalyses = store.reanalyses
            let estimate = try await reanalyses.estimate(request, of: Self.organization)
            let (begun, _) = try await reanalyses.begin(request, of: Self.organization)
            func done() async throws -> Int {
                try await reanalyses.reanalysis(begun.id, of: Self.organization).progress.done
            }
            // Paused after a quarter: what runs ends, and then nothing is asked.
            try await Self.wait("a quarter", workers) { try await done() >= Self.events / 4 }
            try await reanalyses.pause(begun.id, of: Self.organization, reason: "by hand")
            try await Self.wait("what runs", workers) {
                try await Self.number("FROM jobs WHERE state = 'leased'", pool) == 0
            }
            let atPause = (requests: vision.requestCount, done: try await done())
            #expect(atPause.requests == begunWith + atPause.done && atPause.done < Self.events)
            // A live event meanwhile is judged at once by those who wait.
            try await Self.addEvents(1, from: Self.events, pool, store)
            try await Self.wait("the live event", workers) {
                try await Self.number("FROM events WHERE analysis = 'done'", pool) == Self.events + 1
            }
            #expect(vision.requestCount == atPause.requests + 1)
            #expect(try await done() == atPause.done)
            try await reanalyses.resume(begun.id, of: Self.organization)
            // Killed in the middle.
            try await Self.wait("a half", workers) { try await done() >= Self.events / 2 }
            workers.removeFirst().kill()
            // Another live event goes before the rest of the batch.
            try await Self.addEvents(1, from: Self.events + 1, pool, store)
            try await Self.wait("the second live event", workers) {
                try await Self.number("FROM events WHERE analysis = 'done'", pool) == Self.events + 2
            }
            workers.append(try startWorker())
            try await Self.wait("the end", workers) {
                try await reanalyses.reanalysis(begun.id, of: Self.organization).state == .completed
            }

            // Each event was judged once, and took what the dry run said.
            let ended = try await reanalyses.reanalysis(begun.id, of: Self.organization)
            #expect(ended.progress.done == Self.events && ended.progress.failed == 0)
            #expect(estimate.events == Self.events)
            let (tokens, money) = (try #require(estimate.tokens), try #require(estimate.money))
            #expect(abs(tokens - Double(ended.progress.tokens)) <= 0.2 * Double(ended.progress.tokens))
            #expect(abs(money - ended.progress.money) <= 0.2 * ended.progress.money)
            let new = "FROM verdicts WHERE definition_version = \(second.version)"
            #expect(
                try await Self.number("\(new) AND id IN (SELECT new_verdict_id FROM reanalysis_items)", pool)
                    == Self.events)
            #expect(
                try await Self.number(
                    "(SELECT event_id \(new) GROUP BY event_id HAVING count(*) <> 1)", pool, of: "FROM") == 0)
            let sums = try #require(
                try await pool.query(
                    """
                    SELECT sum(prompt_tokens + completion_tokens)::bigint AS tokens, sum(cost)::float8 AS money FROM verdicts
                    WHERE id IN (SELECT new_verdict_id FROM reanalysis_items)
                    """
                ).first)
            #expect(try sums.get("tokens", as: Int.self) == ended.progress.tokens)
            #expect(abs(try sums.get("money", as: Double.self) - ended.progress.money) < 1e-9)

            // The diff is what SQL finds by itself, and promotion moves all pointers.
            let found = try await pool.query(
                """
                SELECT a.state AS old, b.state AS new, count(*) AS number FROM verdicts a JOIN verdicts b USING (event_id)
                WHERE a.definition_version = 1 AND b.definition_version = \(second.version)
                GROUP BY a.state, b.state ORDER BY a.state, b.state
                """
            ).map {
                "\(try $0.get("old", as: String.self)) \(try $0.get("new", as: String.self)) \(try $0.get("number", as: Int.self))"
            }
            let changes = try await reanalyses.changes(of: begun.id, in: Self.organization)
            #expect(
                changes.map { "\($0.old?.rawValue ?? "-") \($0.new?.rawValue ?? "-") \($0.events)" }.sorted()
                    == found.sorted())
            #expect(changes.count == 6)
            let current = "FROM events e JOIN verdicts v ON v.id = e.current_verdict_id WHERE v.definition_version = "
            #expect(try await Self.number(current + "1", pool) == Self.events)
            try await reanalyses.promote(begun.id, of: Self.organization)
            #expect(try await Self.number(current + "1", pool) == 0)
            #expect(try await Self.number(current + "\(second.version)", pool) == Self.events + 2)
            #expect(
                try await Self.number(
                    """
                    FROM events e JOIN reanalysis_items i ON i.event_id = e.id
                    WHERE e.current_verdict_id IS DISTINCT FROM i.new_verdict_id
                    """, pool) == 0)
            let between = try await Self.number(
                """
                FROM verdicts v JOIN reanalysis_items i ON i.new_verdict_id = v.id,
                    (SELECT max(e.created_at) AS begun, max(v.created_at) AS ended FROM events e
                        JOIN verdicts v ON v.event_id = e.id WHERE e.id NOT IN (SELECT event_id FROM reanalysis_items)) live
                WHERE v.created_at BETWEEN live.begun AND live.ended
                """, pool)
            print(
                """
                verdicts of the batch while the second live event waited and was judged: \(between);
                events \(Self.events), estimated \(Int(tokens)) tokens and \(money), took \(ended.progress.tokens) and \
                \(ended.progress.money); requests \(vision.requestCount - begunWith - 2)
                """)
            for worker in workers { worker.kill() }
            await store.close()
            await pool.close()
            try await cluster.stop()
            try? FileManager.default.removeItem(atPath: folder)
        }

        // MARK: Helpers

        private static func prepare(_ store: Store, _ pool: Pool, folder: String, model: String) async throws {
            let now = WallTime(secondsSinceEpoch: Date().timeIntervalSince1970)
            let analyzer = try await store.judging.put(
                Analyzer(
                    id: .make(at: now), organization: organization, name: "fake", kind: .openai, baseURL: model,
                    model: "fake-vlm", budget: AnalyzerBudget(promptPrice: 2, completionPrice: 8)))
            try await store.judging.put(
                Policy(id: .make(at: now), mode: .single, analyzers: [analyzer]), of: organization)
            _ = try await store.judging.define(normal: "Nobody.", labels: ["person"], of: organization)
            try await store.cameras.insert(
                Camera(
                    id: .make(at: now), organization: organization, site: Site.first, name: "gate", enabled: true,
                    settings: CameraSettings(url: "rtsp://127.0.0.1/gate"), revision: 1))
            try FileManager.default.createDirectory(atPath: folder + "/media", withIntermediateDirectories: true)
            try Data([0xFF, 0xD8, 0xFF, 0xD9]).write(to: URL(fileURLWithPath: folder + "/media/picture.jpg"))
            try Data("data_dir: \(folder)\nlog_level: info\n".utf8)
                .write(to: URL(fileURLWithPath: folder + "/vedette.yaml"))
            try await addEvents(events, from: 0, pool, store)
        }

        /// Events a minute and some milliseconds apart, with their jobs.
        private static func addEvents(_ count: Int, from first: Int, _ pool: Pool, _ store: Store) async throws {
            let ids = try await pool.query(
                """
                WITH made AS (
                    INSERT INTO events (id, organization_id, site_id, camera_id, kind, state, triggered_at, started_at, ended_at,
                        score, analysis, evidence, clip_path, clip_starts_at, clip_duration_seconds,
                        clip_size_bytes, clip_sha256, clip_codec, clip_width_pixels, clip_height_pixels, clip_has_audio, clip_video_units)
                    SELECT gen_random_uuid(), organization_id, site_id, id, 'motion', 'ready', at, at, at, 0.3, 'pending',
                        '[["picture.jpg", 1, 64, 48, 100, null]]',
                        'x', at, 10, 1000, repeat('ab', 32), 'h264', 1, 1, false, 1
                    FROM cameras, generate_series(\(first), \(first + count - 1)) number,
                        LATERAL (SELECT timestamptz '2026-05-01 10:00Z' + number * interval '61.037 seconds' AS at) t
                    RETURNING id, organization_id, triggered_at
                )
                SELECT id FROM made
                """
            ).map { try $0.get("id", as: String.self) }
            let now = WallTime(secondsSinceEpoch: Date().timeIntervalSince1970)
            for start in stride(from: 0, to: ids.count, by: 1000) {
                try await store.jobs.enqueue(
                    ids[start..<min(start + 1000, ids.count)].map { event in
                        NewJob(
                            id: .make(at: now), organization: organization, kind: "judge_event",
                            payload: "{\"event_id\": \"\(event)\"}", uniqueKey: "judge_event:\(event)")
                    })
            }
        }

        private static func number(_ from: String, _ pool: Pool, of prefix: String = "") async throws -> Int {
            let source = prefix.isEmpty ? from : "\(prefix) \(from) found"
            return try await pool.query("SELECT count(*) AS number \(source)").first?.get("number") ?? -1
        }

        /// Other processes give no signal of this; they are asked.
        private static func wait(
            _ what: String, _ workers: [WorkerProcess], until condition: () async throws -> Bool
        ) async throws {
            let deadline = ContinuousClock.now.advanced(by: .seconds(900 + events))
            while try await !condition() {
                guard ContinuousClock.now < deadline else {
                    let logs = workers.map { String($0.log.suffix(2000)) }.joined(separator: "\n---\n")
                    throw VedetteProcess.Failure(description: "waited for \(what)\n\(logs)")
                }
                try await Task.sleep(for: .milliseconds(50))
            }
        }
    }
}
