import Domain
import Foundation
import Glibc
import Logging
import PostgresKit
import Store
import TestSupport
import Testing

extension EndToEnd {
    /// I4 with real processes. `TEST_WORKERS=8 TEST_JOBS=20000 make test` is the full size.
    @Suite(.serialized, .enabled(if: TestDatabase.isAvailable, "needs an installed PostgreSQL server"))
    struct WorkerKillTests {
        private static func number(_ name: String, _ otherwise: Int) -> Int {
            Int(ProcessInfo.processInfo.environment[name] ?? "") ?? otherwise
        }
        static let workers = max(2, number("TEST_WORKERS", 3))
        static let jobs = number("TEST_JOBS", 600)

        @Test(.timeLimit(.minutes(30)))
        func `with workers killed, one frozen, and the database crashed twice, each job is done exactly once`()
            async throws
        {
            let folder = try TestFolder.make()
            TestFolder.atExitOfProcess(
                """
                pid=$(head -n 1 "$1/postgres/data/postmaster.pid") && kill -QUIT "$pid"
                while [ -n "$pid" ] && readlink "/proc/$pid/cwd"; do sleep 0.1; done
                rm -rf "$1"
                """, [folder])
            let vision = try FakeVisionServer([.slow(seconds: 0.02)])
            defer { vision.stop() }
            let cluster = EmbeddedCluster(
                dataDirectory: folder, options: .init(roles: [Store.applicationRole]),
                logger: Logger(label: "test.cluster"))
            let connection = try await cluster.start()
            let pool = Pool(ConnectionSettings(connection + " options='-c vedette.duty=migration'"), size: 2)
            try await Self.prepare(connection, pool, folder: folder, model: vision.baseURL)
            var workers: [WorkerProcess] = []
            defer { for worker in workers { worker.kill() } }
            var started = 0
            func startWorker() throws {
                started += 1
                workers.append(
                    try WorkerProcess(
                        settingsFile: folder + "/vedette.yaml", leaseSeconds: 4, concurrency: 4,
                        logPath: "\(folder)/worker-\(started).log"))
            }
            for _ in 0..<Self.workers { try startWorker() }

            // A request that arrives is the signal: some worker is in the middle of a job. Blows fall along the way.
            let kills = Self.workers * 2
            var blows = (1...kills).map { Self.jobs * $0 / (kills + 2) }
            let freeze = blows.remove(at: 1)
            let crashes = [blows.remove(at: blows.count / 2), blows.removeLast()]
            var frozen: WorkerProcess?
            var seen = 0
            for await _ in vision.arrivals {
                seen += 1
                if seen == freeze {
                    frozen = workers.removeFirst()
                    frozen?.signal(SIGSTOP)
                    try startWorker()
                }
                if crashes.contains(seen), let postmaster = await cluster.process {
                    Glibc.kill(postmaster, SIGKILL)
                    _ = try await cluster.start()
                }
                if blows.contains(seen) {
                    workers.remove(at: Int.random(in: workers.indices)).kill()
                    try startWorker()
                }
                if seen >= Self.jobs * (kills + 1) / (kills + 2) { break }
            }
            let stale = try #require(frozen)
            defer { stale.kill() }
            try await Self.wait("the frozen worker's jobs to run elsewhere", workers) {
                try await Self.count("FROM jobs WHERE lease_owner LIKE '%-\(stale.id)'", pool) == 0
            }
            // It believes that its jobs are still its own, and writes what came of them.
            stale.signal(SIGCONT)
            try await Self.wait("all jobs to end", workers + [stale]) { try await Self.count("FROM jobs", pool) == 0 }
            try await Self.wait("the woken worker to notice", [stale]) { stale.log.contains("a lease was lost") }

            #expect(try await Self.count("FROM job_history WHERE state = 'succeeded'", pool) == Self.jobs)
            #expect(try await Self.count("FROM job_history WHERE state <> 'succeeded'", pool) == 0)
            #expect(try await Self.count("FROM verdicts", pool) == Self.jobs, "no verdict is lost or doubled")
            let judged = """
                FROM events e WHERE analysis = 'done'
                    AND (SELECT array_agg(v.id) FROM verdicts v WHERE v.event_id = e.id) = ARRAY[e.current_verdict_id]
                """
            #expect(try await Self.count(judged, pool) == Self.jobs, "each event has the one verdict of its job")
            let again = try await Self.count("FROM job_history WHERE expirations > 0", pool)
            #expect(again > 0, "nothing was in hand at any kill, so nothing was tested")
            print("workers \(Self.workers), killed \(blows.count), jobs \(Self.jobs), run again \(again)")
            for worker in workers + [stale] { worker.kill() }
            await pool.close()
            try await cluster.stop()
            try? FileManager.default.removeItem(atPath: folder)
        }

        /// Events with one small picture each, an analyzer at `model`, and a job for each event.
        private static func prepare(_ connection: String, _ pool: Pool, folder: String, model: String) async throws {
            let now = WallTime(secondsSinceEpoch: Date().timeIntervalSince1970)
            let store = try await Store.open(connectionString: connection, logger: Logger(label: "test.store"))
            let analyzer = try await store.judging.put(
                Analyzer(
                    id: .make(at: now), organization: Organization.first, name: "fake", kind: .openai,
                    baseURL: model, model: "fake-vlm"))
            try await store.judging.put(
                Policy(id: .make(at: now), mode: .single, analyzers: [analyzer]), of: Organization.first)
            _ = try await store.judging.define(normal: "Nobody.", labels: ["person"], of: Organization.first)
            try await store.cameras.insert(
                Camera(
                    id: .make(at: now), organization: Organization.first, site: Site.first, name: "gate",
                    enabled: true, settings: CameraSettings(url: "rtsp://127.0.0.1/gate"), revision: 1))
            try await pool.query(
                """
                INSERT INTO events (id, organization_id, site_id, camera_id, kind, state, triggered_at, started_at, ended_at,
                    score, analysis, evidence, clip_path, clip_starts_at, clip_duration_seconds,
                    clip_size_bytes, clip_sha256, clip_codec, clip_width_pixels, clip_height_pixels, clip_has_audio, clip_video_units)
                SELECT gen_random_uuid(), organization_id, site_id, id, 'motion', 'ready', now(), now(), now(), 0.3, 'pending',
                    '[["picture.jpg", 1, 64, 48, 100, null]]',
                    'x', now(), 10, 1000, repeat('ab', 32), 'h264', 1, 1, false, 1
                FROM cameras, generate_series(1, \(jobs))
                """)
            try FileManager.default.createDirectory(atPath: folder + "/media", withIntermediateDirectories: true)
            // The model is a stand-in and does not look; the worker reads and sends whatever is there.
            try Data([0xFF, 0xD8, 0xFF, 0xD9]).write(to: URL(fileURLWithPath: folder + "/media/picture.jpg"))
            try Data("data_dir: \(folder)\nlog_level: info\n".utf8)
                .write(to: URL(fileURLWithPath: folder + "/vedette.yaml"))
            let events = try await pool.query("SELECT id FROM events").map { try $0.get("id", as: String.self) }
            for start in stride(from: 0, to: events.count, by: 1000) {
                try await store.jobs.enqueue(
                    events[start..<min(start + 1000, events.count)].map { event in
                        NewJob(
                            id: .make(at: now), organization: Organization.first, kind: "judge_event",
                            payload: "{\"event_id\": \"\(event)\"}", uniqueKey: "judge_event:\(event)")
                    })
            }
            await store.close()
        }

        private static func count(_ from: String, _ pool: Pool) async throws -> Int {
            try await pool.query("SELECT count(*) AS number \(from)").first?.get("number") ?? -1
        }

        /// Other processes give no signal of this; they are asked.
        private static func wait(
            _ what: String, _ workers: [WorkerProcess], until condition: () async throws -> Bool
        ) async throws {
            let deadline = ContinuousClock.now.advanced(by: .seconds(60 + jobs / 20))
            while try await !condition() {
                guard ContinuousClock.now < deadline else {
                    let logs = workers.map { String($0.log.suffix(2000)) }.joined(separator: "\n---\n")
                    throw VedetteProcess.Failure(description: "waited for \(what)\n\(logs)")
                }
                try await Task.sleep(for: .milliseconds(100))
            }
        }
    }
}
