import Domain
import Foundation
import Logging
import PostgresKit

/// `vedette bench queue`.
package enum BenchCommand {
    /// Measures on a private database in a temporary folder, which it removes; prints a table, or one JSON object.
    package static func queue(clients: Int, jobs: Int, history: Int, rounds: Int, json: Bool) async throws {
        let logger = VedetteLogging.start(level: "warning")
        let folder = "/tmp/vedette-bench-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let cluster = EmbeddedCluster(dataDirectory: folder + "/data", logger: logger)
        var lines: [QueueBenchmark.Figure] = []
        let stolen = StolenTime()
        do {
            let connectionString = try await cluster.start()
            let benchmark = try await QueueBenchmark(
                connectionString: connectionString, folder: folder, clients: clients, jobs: jobs, rounds: rounds,
                logger: logger)
            let tell = { (line: String) in FileHandleOutput.standardError("bench: \(line)") }
            lines = try await benchmark.run(tell: tell)
            if history > 0, let administrator = await cluster.administratorConnectionString(),
                let second = await cluster.connectionString(database: "vedette_history")
            {
                let connection = try await Connection.open(ConnectionSettings(administrator))
                try await connection.query("CREATE DATABASE vedette_history OWNER vedette")
                await connection.close()
                let full = try await QueueBenchmark(
                    connectionString: second, folder: folder, clients: clients, jobs: jobs, rounds: rounds,
                    logger: logger)
                lines += try await benchmark.compare(withHistoryOf: full, history, tell: tell)
                await full.close()
            }
            await benchmark.close()
        } catch {
            try? await cluster.stop()
            throw error
        }
        try await cluster.stop()
        FileHandleOutput.standardError("bench: \(stolen.description)")
        print(json ? try QueueBenchmark.json(lines) : QueueBenchmark.table(lines))
    }
}
