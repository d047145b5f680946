import Logging
import PostgresKit
import Settings
import Store

/// The database of a process that is not the main one: the one named in the settings, or the private one that a running
/// `vedette run` on the same data folder has started.
enum AttachedDatabase {
    static func open(_ settings: VedetteSettings, logger: Logger, poolSize: Int = 4) async throws -> Store {
        let connectionString: String
        if let url = settings.databaseURL {
            connectionString = url
        } else if let running = EmbeddedCluster.connectionString(ofServerIn: settings.dataDirectory) {
            connectionString = running
        } else {
            throw StartError(
                "there is no database: set database_url, or start `vedette run` on the data folder \(settings.dataDirectory) first"
            )
        }
        return try await Store.open(
            connectionString: connectionString, options: Store.Options(poolSize: poolSize), logger: logger)
    }
}
