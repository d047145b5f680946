import Domain
import Foundation
import PostgresKit
import Store
import Worker

/// How soon a job starts.
extension QueueBenchmark {
    /// Batch jobs that a live one must not wait for.
    private static let crowd = 100_000
    /// Between two jobs where nothing else goes on.
    private static let paceSeconds = 0.02

    func latencies(tell: (String) -> Void) async throws -> [Figure] {
        tell("insert to start, idle")
        let idle = try await latency()
        // One after the other, without anybody having to be told.
        let floors = try await floor?.latencies(
            PgbenchScripts.enqueue(count: 1, organization: Organization.first.description)
                + PgbenchScripts.claimAndComplete(count: 1),
            transactions: 400, perSecond: 1 / Self.paceSeconds)
        try await clear()
        func compared(_ name: String, _ milliseconds: Double, _ what: String, statements: Int) -> Figure {
            guard let floors, floors.count >= statements else {
                return Figure(name: name, value: milliseconds, unit: "ms")
            }
            let least = floors.prefix(statements).reduce(0, +)
            return Figure(
                name: name, value: milliseconds, unit: "ms", ratio: least / milliseconds,
                comparedWith: String(format: "pgbench: \(what), at the same pace (mean %.2f ms)", least))
        }
        tell("beside \(Self.crowd) batch jobs")
        let alone = try await latencyOfWorker()
        try await enqueueCrowd()
        let beside = try await latencyOfWorker()
        try await clear()
        return [
            compared(
                "insert to start, idle, p50", idle.starts.median, "insert, then a claim that searches", statements: 2),
            Figure(name: "insert to start, idle, p99", value: idle.starts.quantile(0.99), unit: "ms"),
            compared("of it the insert, p50", idle.inserts.median, "insert", statements: 1),
            Figure(
                name: "insert to start by a worker beside \(Self.crowd) batch jobs of another organization, p50",
                value: beside.median, unit: "ms", ratio: alone.median / beside.median,
                comparedWith: String(format: "without them (%.2f ms)", alone.median)),
        ]
    }

    /// Milliseconds from before the insert to the claim's return, of a worker in waiting that learns of it by NOTIFY; and those to the
    /// insert's return.
    func latency() async throws -> (starts: Samples, inserts: Samples) {
        let store = self.store
        let other = self.other
        let (claims, claimed) = AsyncStream.makeStream(of: ContinuousClock.Instant.self)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for await _ in try await other.jobs.wakes() {
                    while true {
                        let leases = try await other.jobs.claim(
                            kinds: [PgbenchScripts.kind], limit: 1, owner: "bench", leaseSeconds: 60)
                        guard !leases.isEmpty else { break }
                        claimed.yield(.now)
                        _ = try await other.jobs.complete(leases.map { JobCompletion(lease: $0) })
                    }
                }
            }
            var starts = Samples()
            var inserts = Samples()
            var iterator = claims.makeAsyncIterator()
            // Time to fall asleep.
            try await Task.sleep(for: .milliseconds(500))
            for number in 0..<440 {
                let start = ContinuousClock.now
                try await store.jobs.enqueue(newJobs(1))
                let inserted = ContinuousClock.now
                guard let end = await iterator.next() else { break }
                // The first ones connect and prepare.
                if number >= 40 {
                    starts.add((end - start) / .milliseconds(1))
                    inserts.add((inserted - start) / .milliseconds(1))
                }
                try await Task.sleep(for: .seconds(Self.paceSeconds))
            }
            group.cancelAll()
            return (starts, inserts)
        }
    }

    /// Jobs for which nobody waits, of an organization of their own.
    private func enqueueCrowd() async throws {
        let organization = Identifier<Organization>.make(at: SystemClock().now)
        var settings = ConnectionSettings(connectionString)
        settings.session = ["vedette.duty": "'migration'"]
        let connection = try await Connection.open(settings)
        try await connection.query(
            "INSERT INTO organizations (id, name) VALUES ($1, 'crowd')", [.uuid(organization.uuid)])
        await connection.close()
        let now = SystemClock().now
        for _ in 0..<Self.crowd / 1000 {
            try await store.jobs.enqueue(
                (0..<1000).map { _ in
                    NewJob(
                        id: .make(at: now), organization: organization, kind: PgbenchScripts.kind, priority: .batch)
                })
        }
    }

    /// Milliseconds from before the insert to the job's start, of live jobs in a worker of four places whose batch jobs take as long as
    /// a model does.
    private func latencyOfWorker() async throws -> Samples {
        let store = self.store
        let (starts, started) = AsyncStream.makeStream(
            of: ContinuousClock.Instant.self, bufferingPolicy: .bufferingNewest(1))
        let runner = JobRunner(
            queue: other.jobs, kinds: [PgbenchScripts.kind], configuration: .init(concurrency: 4, owner: "bench"),
            logger: Self.silent
        ) { job in
            if job.priority < .batch { started.yield(.now) } else { try? await Task.sleep(for: .milliseconds(200)) }
            return .succeeded(nil)
        }
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await runner.run() }
            var samples = Samples()
            var iterator = starts.makeAsyncIterator()
            for number in 0..<240 {
                let start = ContinuousClock.now
                try await store.jobs.enqueue(newJobs(1))
                guard let end = await iterator.next() else { break }
                if number >= 40 { samples.add((end - start) / .milliseconds(1)) }
                try await Task.sleep(for: .seconds(Self.paceSeconds))
            }
            group.cancelAll()
            return samples
        }
    }
}
