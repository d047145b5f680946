import Domain
import Foundation
import Logging
import PostgresKit
import Testing
import TestSupport

@testable import Store

/// Prints figures; run with `VEDETTE_BENCH=1 swift test --filter StoreBenchmarks`.
@Suite(.serialized, .enabled(if: ProcessInfo.processInfo.environment["VEDETTE_BENCH"] != nil))
struct StoreBenchmarks {
    @Test func `hand-over, claim and completion per second`() async throws {
        // With fsync, as in use; the shared test server has none.
        let folder = try TestFolder.make()
        TestFolder.atExitOfProcess("rm -rf \"$1\"", [folder])
        let clock = ContinuousClock()
        let cluster = EmbeddedCluster(dataDirectory: folder, logger: TestStore.logger)
        let started = try await clock.measure { _ = try await cluster.start() }
        guard let database = await cluster.connectionString(database: "vedette") else { return }
        let migrated = try await clock.measure {
            await (try Store.open(connectionString: database, logger: TestStore.logger)).close()
        }
        print("cluster from nothing \(started), migration \(migrated)")
        let store = try await Store.open(connectionString: database, logger: TestStore.logger)
        var settings = ConnectionSettings(database + " options='-c vedette.duty=migration'")
        let pool = Pool(settings, size: 1)
        settings.session = PostgresJobQueue.session
        let test = TestStore(
            store: store, database: try await TestDatabase.make(), pool: pool,
            queuePool: Pool(settings, size: 1),
            listener: Listener(ConnectionSettings(database), channels: [], logger: TestStore.logger))
        try await test.configureJudging()
        let camera = try await test.makeCamera()
        for clients in [1, 8] {
            let count = 2000 / clients * clients
            let records = (0..<count).map { _ in TestStore.record(camera) }
            let handOver = try await clock.measure {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for client in 0..<clients {
                        group.addTask {
                            for index in stride(from: client, to: count, by: clients) {
                                try await store.events.handOver(records[index])
                            }
                        }
                    }
                    try await group.waitForAll()
                }
            }
            let judge = try await clock.measure {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<clients {
                        group.addTask {
                            while true {
                                let leases = try await store.jobs.claim(
                                    kinds: ["judge_event"], limit: 1, owner: "bench", leaseSeconds: 60)
                                guard let lease = leases.first else { return }
                                guard let event = Identifier<Event>(lease.job.payload.split(separator: "\"")[3]) else {
                                    return
                                }
                                _ = try await store.jobs.complete(lease, verdict: TestStore.verdict(event))
                            }
                        }
                    }
                    try await group.waitForAll()
                }
            }
            func rate(_ duration: Duration) -> Int { Int(Double(count) / (duration / .seconds(1))) }
            print("\(clients) clients: hand-over \(rate(handOver))/s, claim and complete \(rate(judge))/s")
        }
        let list = try await clock.measure {
            for _ in 0..<50 { _ = try await store.events.events(EventQuery(), of: Organization.first) }
        }
        print("list of 50 among 4000: \(list / 50)")
        await store.close()
        await pool.close()
        let again = try await clock.measure {
            try await cluster.stop()
            _ = try await cluster.start()
        }
        print("stop and start again \(again)")
        try await cluster.stop()
    }
}
