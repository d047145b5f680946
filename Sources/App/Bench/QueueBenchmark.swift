import Domain
import Foundation
import Logging
import PostgresKit
import Store
import Synchronization
import Worker

/// Measures the job queue, and in the same run what it is compared with.
struct QueueBenchmark {
    struct Figure: Codable, Sendable {
        var name: String
        var value: Double
        var unit: String
        /// To what it is compared with; above 1 is better than that.
        var ratio: Double?
        var comparedWith: String?
        var note: String?
    }

    private static let batchSize = 50
    static let silent = Logger(label: "bench", factory: { _ in SwiftLogNoOpLogHandler() })
    /// As `vedette worker` has it.
    private static let pollSeconds = 1.0
    let connectionString: String
    private let folder: String
    private let clients: Int
    private let jobs: Int
    private let rounds: Int
    let store: Store
    let other: Store
    private let pool: Pool
    let floor: PgbenchFloor?

    /// Migrates the database. `folder` is for scripts and the peer.
    init(
        connectionString: String, folder: String, clients: Int, jobs: Int, rounds: Int, logger: Logger
    ) async throws {
        self.connectionString = connectionString
        self.folder = folder
        self.clients = clients
        self.jobs = jobs
        self.rounds = rounds
        let options = Store.Options(poolSize: 2, pollSeconds: Self.pollSeconds, queuePoolSize: clients)
        store = try await Store.open(connectionString: connectionString, options: options, logger: logger)
        // Has nothing in common with the first but the database: what it learns came by NOTIFY.
        other = Store(ConnectionSettings(connectionString), options: options, logger: logger)
        var maintenance = ConnectionSettings(connectionString, statementTimeoutSeconds: 0)
        maintenance.session = PostgresJobQueue.session
        pool = Pool(maintenance, size: 2)
        floor = PgbenchFloor.find(connectionString: connectionString, folder: folder, clients: clients)
    }

    func close() async {
        await other.close()
        await store.close()
        await pool.close()
    }

    func run(tell: (String) -> Void) async throws -> [Figure] {
        var figures: [Figure] = []
        var rates: [String: Double] = [:]
        func compare(_ name: String, ours: () async throws -> Double, script: String, factor: Int) async throws {
            tell(name)
            var mine = Samples()
            var theirs = Samples()
            // By turns, so that both see the same weather.
            for _ in 0..<rounds {
                mine.add(try await ours())
                if let floor {
                    theirs.add(try await floor.run(script, transactions: jobs / factor / clients) * Double(factor))
                }
                try await clear()
            }
            rates[name] = mine.median
            figures.append(
                Figure(
                    name: name, value: mine.median, unit: "jobs/s",
                    ratio: theirs.values.isEmpty ? nil : mine.median / theirs.median,
                    comparedWith: theirs.values.isEmpty ? nil : "pgbench, same SQL",
                    note: floor == nil ? "pgbench is not installed" : nil))
        }
        let organization = Organization.first.description
        let size = Self.batchSize
        try await warmUp()
        try await compare(
            "enqueue, one by one", ours: { try await enqueue(batch: 1) },
            script: PgbenchScripts.enqueue(count: 1, organization: organization), factor: 1)
        try await compare(
            "enqueue, \(size) at once", ours: { try await enqueue(batch: size) },
            script: PgbenchScripts.enqueue(count: size, organization: organization), factor: size)
        try await compare(
            "claim and complete, one by one", ours: { try await work(batch: 1) },
            script: PgbenchScripts.claimAndComplete(count: 1), factor: 1)
        try await compare(
            "claim and complete, \(size) at once", ours: { try await work(batch: size) },
            script: PgbenchScripts.claimAndComplete(count: size), factor: size)
        tell("run by a worker")
        var worker = Samples()
        for _ in 0..<rounds {
            worker.add(try await runByWorker())
            try await clear()
        }
        rates["run by a worker"] = worker.median
        figures.append(
            Figure(name: "run by one worker, \(clients) at a time", value: worker.median, unit: "jobs/s"))
        figures += try await latencies(tell: tell)

        tell("after SIGKILL of a worker")
        figures += try await afterKill(before: rates["claim and complete, one by one"] ?? 0)
        try await clear()

        tell("procrastinate")
        for (name, outcome) in await ProcrastinatePeer.run(
            connectionString: connectionString, folder: folder, clients: clients, jobs: min(jobs, 4000))
        {
            let ours = rates[name == "enqueue" ? "enqueue, one by one" : "run by a worker"] ?? 0
            switch outcome {
            case .rate(let rate):
                figures.append(
                    Figure(
                        name: "procrastinate: \(name)", value: rate, unit: "jobs/s", ratio: ours / rate,
                        comparedWith: name == "enqueue" ? "ours to it" : "our worker to its, as many at a time"))
            case .missing(let reason):
                figures.append(
                    Figure(name: "procrastinate: \(name)", value: 0, unit: "jobs/s", note: "skipped: \(reason)"))
            }
        }
        return figures
    }

    /// The same with and without a full history, by turns; `full` is another database of the same server.
    func compare(withHistoryOf full: QueueBenchmark, _ count: Int, tell: (String) -> Void) async throws -> [Figure] {
        tell("\(count) finished jobs")
        try await full.fillHistory(count)
        try await full.warmUp()
        var rates = (empty: Samples(), full: Samples())
        var latencies = (empty: Samples(), full: Samples())
        for _ in 0..<rounds {
            rates.empty.add(try await work(batch: 1))
            try await clear()
            rates.full.add(try await full.work(batch: 1))
            try await full.clear()
            latencies.empty.add(try await latency().starts.median)
            latencies.full.add(try await full.latency().starts.median)
        }
        return [
            Figure(
                name: "claim and complete, one by one, \(count) finished", value: rates.full.median, unit: "jobs/s",
                ratio: rates.full.median / rates.empty.median, comparedWith: "without them"),
            Figure(
                name: "insert to start, idle, p50, \(count) finished", value: latencies.full.median, unit: "ms",
                ratio: latencies.empty.median / latencies.full.median, comparedWith: "without them"),
        ]
    }

    // MARK: Parts

    func newJobs(_ count: Int) -> [NewJob] {
        let now = SystemClock().now
        return (0..<count).map { _ in
            NewJob(id: .make(at: now), organization: Organization.first, kind: PgbenchScripts.kind)
        }
    }

    func clear() async throws {
        try await pool.query("TRUNCATE jobs")
        try await pool.query("DELETE FROM job_history WHERE finished_at > clock_timestamp() - interval '1 hour'")
        try await pool.query("VACUUM (ANALYZE) job_history")
    }

    private func warmUp() async throws {
        _ = try await enqueue(batch: 1, count: jobs / 10)
        _ = try await work(batch: 1, count: jobs / 10)
        try await clear()
    }

    /// Runs `body` once for each client at the same time, and returns `count` per second.
    private func timed(_ count: Int, _ body: @escaping @Sendable (Int) async throws -> Void) async throws -> Double {
        let clients = self.clients
        let elapsed = try await ContinuousClock().measure {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for client in 0..<clients { group.addTask { try await body(client) } }
                try await group.waitForAll()
            }
        }
        return Double(count) / (elapsed / .seconds(1))
    }

    private func enqueue(batch: Int, count: Int? = nil) async throws -> Double {
        let each = max(1, (count ?? jobs) / clients / batch)
        let store = self.store
        return try await timed(each * batch * clients) { _ in
            for _ in 0..<each { try await store.jobs.enqueue(newJobs(batch)) }
        }
    }

    /// Fills the queue with twice what is needed, so that it is as full for the floor, which follows.
    private func work(batch: Int, count: Int? = nil) async throws -> Double {
        let each = max(1, (count ?? jobs) / clients / batch)
        for _ in 0..<(each * batch * clients * 2 / 1000 + 1) { try await store.jobs.enqueue(newJobs(1000)) }
        let store = self.store
        let total = Mutex(0)
        let rate = try await timed(1) { client in
            for _ in 0..<each {
                let leases = try await store.jobs.claim(
                    kinds: [PgbenchScripts.kind], limit: batch, owner: "bench-\(client)", leaseSeconds: 60)
                let done = try await store.jobs.complete(leases.map { JobCompletion(lease: $0) })
                total.withLock { $0 += done.count }
            }
        }
        return rate * Double(total.withLock { $0 })
    }

    /// As `vedette worker` does it, with jobs that do nothing.
    private func runByWorker() async throws -> Double {
        for _ in 0..<(jobs / 1000 + 1) { try await store.jobs.enqueue(newJobs(1000)) }
        let (ends, ended) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingOldest(2 * jobs))
        let runner = JobRunner(
            queue: store.jobs, kinds: [PgbenchScripts.kind], configuration: .init(concurrency: clients, owner: "bench"),
            logger: Self.silent
        ) { _ in
            ended.yield()
            return .succeeded(nil)
        }
        let jobs = self.jobs
        return try await timed(jobs) { client in
            guard client == 0 else { return }
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await runner.run() }
                var left = jobs
                for await _ in ends {
                    left -= 1
                    if left == 0 { break }
                }
                // The runner writes how those ended that it has before it returns.
                group.cancelAll()
            }
        }
    }

    /// The rate of others while a killed worker's leases lie there, and the seconds from the kill until each of its jobs has begun
    /// again, with a worker that waits.
    private func afterKill(before: Double) async throws -> [Figure] {
        let count = 50
        try await store.jobs.enqueue(newJobs(count))
        let held = try await KilledWorker.claimAndDie(jobs: count, connectionString: connectionString)
        let start = ContinuousClock.now
        let rate = try await work(batch: 1)
        // What was enqueued for the rate and not taken.
        try await pool.query("DELETE FROM jobs WHERE state <> 'leased'")
        let delays = try await withThrowingTaskGroup(of: Samples.self) { group in
            let other = self.other
            group.addTask {
                var delays = Samples()
                for await _ in try await other.jobs.wakes() {
                    while true {
                        let leases = try await other.jobs.claim(
                            kinds: [PgbenchScripts.kind], limit: 1, owner: "bench", leaseSeconds: 60)
                        guard !leases.isEmpty else { break }
                        delays.add((.now - start) / .seconds(1))
                        _ = try await other.jobs.complete(leases.map { JobCompletion(lease: $0) })
                    }
                    if delays.values.count >= held { break }
                }
                return delays
            }
            // Far beyond the lease and the poll.
            group.addTask {
                try await Task.sleep(for: .seconds(KilledWorker.leaseSeconds + 60))
                throw StartError("jobs of a killed worker were not started again")
            }
            defer { group.cancelAll() }
            return try await group.next() ?? Samples()
        }
        return [
            Figure(
                name: "claim and complete, one by one, beside \(held) jobs of a killed worker", value: rate,
                unit: "jobs/s",
                ratio: before > 0 ? rate / before : nil, comparedWith: "without them"),
            Figure(
                name: "SIGKILL to start again, last of \(held) jobs", value: delays.quantile(1), unit: "s",
                note: "the lease is \(Int(KilledWorker.leaseSeconds)) s, the poll \(Int(Self.pollSeconds)) s"),
        ]
    }

    private func fillHistory(_ count: Int) async throws {
        try await pool.query(
            """
            INSERT INTO job_history (id, organization_id, kind, payload, priority, state, run_at, attempt, max_attempts,
                expirations, created_at, finished_at)
            SELECT gen_random_uuid(), $1, 'bench', '{}', 0, 'succeeded', at, 1, 12, 0, at, at
            FROM generate_series(1, $2) n, LATERAL (SELECT now() - interval '2 hours' - n * interval '2 ms' AS at) t
            """, [.uuid(Organization.first.uuid), .int(count)])
        try await pool.query("VACUUM (ANALYZE) job_history")
    }

    // MARK: Output

    static func json(_ figures: [Figure]) throws -> String {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys]
        return String(decoding: try encoder.encode(["figures": figures]), as: UTF8.self)
    }

    static func table(_ figures: [Figure]) -> String {
        var lines = ["| what | figure | compared |", "|---|---|---|"]
        for figure in figures {
            let value =
                ["ms", "s"].contains(figure.unit) ? String(format: "%.2f", figure.value) : String(Int(figure.value))
            let ratio = figure.ratio.map { String(format: "%.2f × ", $0) + (figure.comparedWith ?? "") } ?? ""
            lines.append("| \(figure.name) | \(value) \(figure.unit) | \(ratio)\(figure.note ?? "") |")
        }
        return lines.joined(separator: "\n")
    }
}
