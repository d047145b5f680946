import Domain
import Foundation
import Logging
import PostgresKit
import Store

/// A process of its own that takes jobs and hangs, for `vedette bench queue` to kill.
package enum KilledWorker {
    private static let databaseVariable = "VEDETTE_BENCH_DATABASE"
    /// As `vedette worker` has it unless told otherwise.
    static let leaseSeconds = 25.0

    /// Takes `jobs` of the bench's kind from the queue that the environment names, says so on standard output, and hangs.
    package static func run(jobs: Int) async throws {
        let logger = VedetteLogging.start(level: "critical")
        guard let database = ProcessInfo.processInfo.environment[databaseVariable] else {
            throw StartError("\(databaseVariable) is not set: `vedette bench queue` starts this")
        }
        let store = Store(ConnectionSettings(database), logger: logger)
        let leases = try await store.jobs.claim(
            kinds: [PgbenchScripts.kind], limit: jobs, owner: "killed", leaseSeconds: leaseSeconds)
        print(leases.count)
        fflush(nil)
        try await Task.sleep(for: .seconds(600))
        await store.close()
    }

    /// Starts it, waits until it holds its jobs, and kills it (SIGKILL). Returns how many it held.
    static func claimAndDie(jobs: Int, connectionString: String) async throws -> Int {
        let process = Process()
        process.executableURL = try ownExecutable()
        process.arguments = ["bench", "hold-jobs", "\(jobs)"]
        process.environment = ProcessInfo.processInfo.environment.merging([databaseVariable: connectionString]) { $1 }
        let output = Pipe()
        process.standardOutput = output
        process.standardInput = FileHandle.nullDevice
        try process.run()
        defer {
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
        }
        var said = ""
        while !said.hasSuffix("\n") {
            let data = output.fileHandleForReading.availableData
            if data.isEmpty { break }
            said += String(decoding: data, as: UTF8.self)
        }
        guard let held = Int(said.dropLast()), held > 0 else {
            throw StartError("the worker that was to be killed took no job")
        }
        return held
    }
}
