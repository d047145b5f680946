import Foundation

/// PostgreSQL's own load generator.
struct PgbenchFloor {
    private let path: String
    private let connectionString: String
    private let folder: String
    private let clients: Int

    /// Nil where it is not installed.
    static func find(connectionString: String, folder: String, clients: Int) -> PgbenchFloor? {
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: "/usr/lib/postgresql")) ?? []
        let places = versions.sorted { (Int($0) ?? 0) > (Int($1) ?? 0) }.map { "/usr/lib/postgresql/\($0)/bin/pgbench" }
        guard let path = (places + ["/usr/bin/pgbench"]).first(where: FileManager.default.isExecutableFile) else {
            return nil
        }
        return PgbenchFloor(path: path, connectionString: connectionString, folder: folder, clients: clients)
    }

    /// Runs a script that many times with each client, as prepared statements; returns how often it ran a second.
    func run(_ script: String, transactions: Int) async throws -> Double {
        let said = try await pgbench(
            script, transactions, ["--client=\(clients)", "--jobs=\(min(2, clients))"], line: "tps = ")
        return said[0]
    }

    /// Runs a script that many times with one client, so often a second; returns each statement's milliseconds in the mean.
    func latencies(_ script: String, transactions: Int, perSecond: Double) async throws -> [Double] {
        try await pgbench(script, transactions, ["--rate=\(perSecond)", "--report-per-command"], line: " ")
    }

    /// The numbers at the beginning of the lines that begin with `line`.
    private func pgbench(
        _ script: String, _ transactions: Int, _ arguments: [String], line: String
    ) async throws -> [Double] {
        let file = folder + "/script.sql"
        try script.write(toFile: file, atomically: true, encoding: .utf8)
        let output = try await ToolProcess.run(
            path,
            arguments + [
                "--no-vacuum", "--protocol=prepared", "--transactions=\(max(1, transactions))", "--file=\(file)",
                connectionString,
            ],
            environment: [
                "PGOPTIONS": "-c enable_seqscan=off -c enable_bitmapscan=off -c jit=off "
                    + "-c plan_cache_mode=force_generic_plan -c vedette.duty=queue"
            ])
        let numbers = output.text.split(separator: "\n").filter { $0.hasPrefix(line) }.compactMap {
            Double($0.dropFirst(line.count).drop { $0 == " " }.prefix { $0 != " " })
        }
        guard output.status == 0, !numbers.isEmpty else {
            throw StartError("pgbench failed: \(output.text.suffix(500))")
        }
        return numbers
    }
}

/// Runs a program to its end.
enum ToolProcess {
    struct Output: Sendable {
        var status: Int32
        /// Standard output and standard error as they came.
        var text: String
    }

    static func run(_ path: String, _ arguments: [String], environment: [String: String] = [:]) async throws -> Output {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        process.standardInput = FileHandle.nullDevice
        return try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async {
                do {
                    try process.run()
                    let data = pipe.fileHandleForReading.readDataToEndOfFile()
                    process.waitUntilExit()
                    continuation.resume(
                        returning: Output(
                            status: process.terminationStatus, text: String(decoding: data, as: UTF8.self)))
                } catch {
                    continuation.resume(throwing: error)
                }
            }
        }
    }
}
