import Logging
import PostgresKit
import Settings
import Store

/// `vedette migrate`.
package enum MigrateCommand {
    /// Returns whether migrations were (or, with `checkOnly`, are) pending; prints their names.
    package static func run(settings request: SettingsRequest, checkOnly: Bool) async throws -> Bool {
        let settings = try request.load()
        let logger = VedetteLogging.start(level: settings.logLevel)
        try RunCommand.makePrivateFolder(settings.dataDirectory)
        var cluster: EmbeddedCluster?
        let connectionString: String
        if let url = settings.databaseURL {
            connectionString = url
        } else {
            let embedded = EmbeddedCluster(
                dataDirectory: settings.dataDirectory, options: .init(roles: [Store.applicationRole]), logger: logger)
            connectionString = try await embedded.start()
            cluster = embedded
        }
        let outcome: Result<[String], any Error>
        do {
            let connection = ConnectionSettings(connectionString)
            outcome = .success(
                checkOnly ? try await Migrator().check(connection) : try await Migrator().migrate(connection))
        } catch {
            outcome = .failure(error)
        }
        try await cluster?.stop()
        let names = try outcome.get()
        if names.isEmpty {
            print("the schema is up to date")
        } else {
            print((checkOnly ? "to be applied: " : "applied: ") + names.joined(separator: ", "))
        }
        return !names.isEmpty
    }
}
