import Domain
import Logging
import PostgresKit
import Settings
import Store

/// The database of this process: somebody's PostgreSQL, or a private one that it starts and stops.
struct Database: Sendable {
    let store: Store
    private let cluster: EmbeddedCluster?

    /// Connects and migrates.
    static func open(_ settings: VedetteSettings, logger: Logger) async throws -> Database {
        let cluster: EmbeddedCluster?
        let connectionString: String
        if let url = settings.databaseURL {
            cluster = nil
            connectionString = url
        } else {
            let embedded = EmbeddedCluster(
                dataDirectory: settings.dataDirectory, options: .init(roles: [Store.applicationRole]), logger: logger)
            connectionString = try await embedded.start()
            cluster = embedded
        }
        do {
            return Database(
                store: try await Store.open(connectionString: connectionString, logger: logger), cluster: cluster)
        } catch {
            try? await cluster?.stop()
            throw error
        }
    }

    /// Watches over the private server, if there is one; returns when cancelled.
    func keepRunning() async {
        guard let cluster else {
            // A service that returns would end its group.
            try? await Task.sleep(for: .seconds(86_400 * 365))
            return
        }
        await cluster.keepRunning()
    }

    func close() async {
        await store.close()
        try? await cluster?.stop()
    }
}
