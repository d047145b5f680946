import Domain
import Logging
import PostgresKit
import Testing
import TestSupport

@testable import Store

@Suite(.enabled(if: TestDatabase.isAvailable, "needs an installed PostgreSQL server"))
struct OutageTests {
    @Test(.timeLimit(.minutes(10)))
    func `a store outlives its database server: errors meanwhile, then everything again`() async throws {
        let folder = try TestFolder.make()
        TestFolder.atExitOfProcess("rm -rf \"$1\"", [folder])
        let cluster = EmbeddedCluster(
            dataDirectory: folder, options: .init(settings: ["fsync": "off"], isDisposable: true),
            logger: TestStore.logger)
        do {
            let store = try await Store.open(connectionString: try await cluster.start(), logger: TestStore.logger)
            #expect(await store.isReachable())
            let camera = Camera(
                id: .make(at: .now), organization: Organization.first, site: Site.first, name: "gate", enabled: true,
                settings: CameraSettings(url: "rtsp://127.0.0.1/"), revision: 1)
            try await store.cameras.insert(camera)
            var wakes = try await store.jobs.wakes().makeAsyncIterator()
            var changes = try await store.events.changes().makeAsyncIterator()
            let first = TestStore.record(camera)
            try await store.events.handOver(first)
            #expect(await changes.next()?.event == first.id)
            _ = await wakes.next()

            try await cluster.stop()
            #expect(await store.isReachable() == false)
            let error = await #expect(throws: StoreError.self) {
                try await store.events.handOver(TestStore.record(camera))
            }
            if case .unavailable = error {} else { Issue.record("\(String(describing: error)) is no outage") }

            _ = try await cluster.start()
            // First what may take as long as it needs to connect again: asking whether it is there ends after two seconds.
            let second = TestStore.record(camera)
            try await store.events.handOver(second)
            #expect(await store.isReachable())
            // Told either way: by the notification, or by what is read after the gap.
            var told: EventChange?
            repeat { told = await changes.next() } while told != nil && told?.event != second.id
            #expect(told?.event == second.id)
            #expect(await wakes.next() != nil)
            await store.close()
            #expect(await store.isReachable() == false)
            try await cluster.stop()
        } catch {
            try await cluster.stop()
            throw error
        }
    }
}
