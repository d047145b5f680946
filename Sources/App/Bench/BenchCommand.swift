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
        do {
            let connectionString = try await cluster.start()
            let benchmark = try await QueueBenchmark(
                connectionString: connectionString, folder: folder, clients: clients, jobs: jobs, rounds: rounds,
                logger: logger)
            lines = try await benchmark.run(history: history) { line in
                FileHandleOutput.standardError("bench: \(line)")
            }
            await benchmark.close()
        } catch {
            try? await cluster.stop()
            throw error
        }
        try await cluster.stop()
        print(json ? try QueueBenchmark.json(lines) : QueueBenchmark.table(lines))
    }
}
