import Foundation
import Logging
import PostgresKit
import Store

/// `vedette bench api`: a `vedette run` of its own with many organizations' events, asked over HTTP.
package enum APIBench {
    private static let organizations = 20
    private static let cameras = 50
    /// Of each organization; each has its own rate limit.
    private static let keys = 40

    /// Prints a table. Everything lies in a temporary folder, which is removed.
    package static func run(
        events: Int, requests: Int, perSecond: Double, connections: Int, readers: Int, databaseURL: String?
    ) async throws {
        _ = VedetteLogging.start(level: "error")
        let folder = "/tmp/vedette-bench-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(
            atPath: folder + "/data/media/bulk", withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o755])
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let server = try APIBenchServer(folder: folder, databaseURL: databaseURL)
        defer { server.stop() }
        let port = try await server.port()
        guard let address = databaseURL ?? EmbeddedCluster.connectionString(ofServerIn: folder + "/data") else {
            throw StartError("the database of the measured process cannot be found")
        }
        var settings = ConnectionSettings(address, statementTimeoutSeconds: 0)
        settings.session = ["vedette.duty": "'migration'"]
        let pool = Pool(settings, size: 1)
        do {
            let begin = HTTPLoad.now()
            try await BulkRows.fill(
                pool, .init(organizations: organizations, cameras: cameras, events: events),
                tell: { done in
                    if done % 100_000 == 0 { FileHandleOutput.standardError("bench: \(done) events") }
                })
            FileHandleOutput.standardError("bench: filled in \(Int(HTTPLoad.now() - begin)) s")
            try Data(repeating: 7, count: BulkRows.clipBytes)
                .write(to: URL(fileURLWithPath: "\(folder)/data/media/\(BulkRows.clipPath)"))
            let stolen = StolenTime()
            try await measure(pool, HTTPLoad(port: port), requests, perSecond, connections, server)
            try await fanOut(pool, HTTPLoad(port: port), readers)
            FileHandleOutput.standardError("bench: \(stolen.description)")
        } catch {
            await pool.close()
            throw error
        }
        await pool.close()
    }

    private static func text(
        _ method: String, _ path: String, key: Int, headers: String = "", body: String = ""
    ) -> String {
        let secret = BulkRows.secret(organization: 1, key: key % keys + 1)
        let length = body.isEmpty ? "" : "Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n"
        return
            "\(method) \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer \(secret)\r\n\(headers)\(length)\r\n\(body)"
    }

    private static func measure(
        _ pool: Pool, _ load: HTTPLoad, _ requests: Int, _ perSecond: Double, _ connections: Int,
        _ server: APIBenchServer
    ) async throws {
        let rows = try await pool.query(
            """
            SELECT e.id::text AS id, e.camera_id::text AS camera, e.site_id::text AS site FROM events e
            JOIN organizations o ON o.id = e.organization_id
            WHERE o.name = 'bulk 1' ORDER BY md5(e.id::text) LIMIT 2000
            """)
        let ids: [String] = try rows.map { try $0.get("id") }
        guard let first = rows.first else { throw StartError("no events were made") }
        let camera: String = try first.get("camera")
        let site: String = try first.get("site")
        let day = Date().addingTimeInterval(-3 * 86_400).formatted(.iso8601)
        let lists = [
            "limit=50", "camera_id=\(camera)", "site_id=\(site)", "from=\(day)", "to=\(day)", "kind=tamper",
            "verdict_state=abnormal", "label=person", "label=nothing", "min_confidence=0.95", "reviewed=false",
            "starred=true",
            "q=person",
        ]
        print(
            "| request | p50 ms | p99 ms | requests/s | CPU ms: vedette, PostgreSQL, who asks | answers |\n|---|---|---|---|---|---|"
        )
        // A server that has just started opens its connections to the database first.
        _ = try await load.run(connections: connections, count: 200) { text("GET", "/v1/cameras", key: $0) }
        var before = server.cpuSeconds
        func report(_ name: String, _ outcome: HTTPLoad.Outcome) {
            let after = server.cpuSeconds
            let each = zip(before, after).map {
                "\(rounded(($1 - $0) * 1000 / Double(max(1, outcome.latencies.values.count))))"
            }
            before = after
            let answers = outcome.statuses.sorted { $0.key < $1.key }.map { "\($0.value) x \($0.key)" }
            print(
                "| \(name) | \(rounded(outcome.latencies.median)) | \(rounded(outcome.latencies.quantile(0.99))) | \(Int(outcome.perSecond)) | \(each.joined(separator: ", ")) | \(answers.joined(separator: ", ")) |"
            )
            // Each row when it is there, into files too.
            fflush(nil)
        }
        for list in lists {
            report(
                "list, \(list.split(separator: "=").first ?? "")=…" + (list == "label=nothing" ? " (rare)" : ""),
                try await load.run(connections: connections, count: requests, perSecond: perSecond) {
                    text("GET", "/v1/events?\(list)", key: $0)
                })
        }
        let paced: [(String, @Sendable (Int) -> String)] = [
            ("get", { text("GET", "/v1/events/\(ids[$0 % ids.count])", key: $0) }),
            (
                "patch",
                {
                    text(
                        "PATCH", "/v1/events/\(ids[$0 % ids.count])", key: $0, body: "{\"reviewed\": \($0 % 2 == 0)}")
                }
            ),
            (
                "clip, 64 KiB of it",
                {
                    let start = $0 * 7919 % (BulkRows.clipBytes - 65_536)
                    return text(
                        "GET", "/v1/events/\(ids[$0 % ids.count])/clip.mp4", key: $0,
                        headers: "Range: bytes=\(start)-\(start + 65_535)\r\n")
                }
            ),
            ("cameras", { text("GET", "/v1/cameras", key: $0) }),
        ]
        for (name, request) in paced {
            report(
                name,
                try await load.run(
                    connections: connections, count: requests, perSecond: perSecond, request: request))
        }
        report(
            "get, as fast as it goes",
            try await load.run(connections: connections, count: requests * 5) {
                text("GET", "/v1/events/\(ids[$0 % ids.count])", key: $0)
            })
        // Without sign-in, limits and database.
        report(
            "floor: healthz, as fast as it goes",
            try await load.run(connections: connections, count: requests * 5) { text("GET", "/healthz", key: $0) })
    }

    /// From a change's request to when the readers have it.
    private static func fanOut(_ pool: Pool, _ load: HTTPLoad, _ readers: Int) async throws {
        guard readers > 0 else { return }
        let streams = try StreamReaders(readers, port: load.port) {
            text("GET", "/v1/events/stream", key: $0, headers: "Accept: text/event-stream\r\n")
        }
        let ids: [String] = try await pool.query(
            """
            SELECT e.id::text AS id FROM events e JOIN organizations o ON o.id = e.organization_id
            WHERE o.name = 'bulk 1' ORDER BY triggered_at LIMIT 50
            """
        ).map { try $0.get("id") }
        var samples = Samples()
        var missed = 0
        for (index, id) in ids.enumerated() {
            let mark = "told \(index) \(UInt32.random(in: .min ... .max))"
            let begin = HTTPLoad.now()
            async let told = streams.told(of: mark, withinSeconds: 30)
            _ = try await load.run(connections: 1, count: 1) { _ in
                text("PATCH", "/v1/events/\(id)", key: index, body: "{\"note\": \"\(mark)\"}")
            }
            let times = await told
            missed += readers - times.count
            for time in times { samples.add((time - begin) * 1000) }
        }
        print(
            "| event stream, \(readers) readers | \(rounded(samples.median)) | \(rounded(samples.quantile(0.99))) | | | \(missed) missed |"
        )
    }

    private static func rounded(_ value: Double) -> Double { (value * 100).rounded() / 100 }
}

/// The measured process.
private final class APIBenchServer {
    private let process = Process()
    private let log: String

    init(folder: String, databaseURL: String?) throws {
        log = folder + "/log"
        let settings = folder + "/vedette.yaml"
        var text = "listen: 127.0.0.1:0\ndata_dir: \(folder)/data\nlog_level: error\n"
        if let databaseURL { text += "database_url: \"\(databaseURL)\"\n" }
        try Data(text.utf8).write(to: URL(fileURLWithPath: settings))
        _ = FileManager.default.createFile(atPath: log, contents: nil, attributes: [.posixPermissions: 0o600])
        guard let output = FileHandle(forWritingAtPath: log) else { throw StartError("\(log) cannot be written") }
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = ["run", "--config", settings]
        process.environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("VEDETTE_") }
        process.standardOutput = output
        process.standardError = output
        process.standardInput = FileHandle.nullDevice
        try process.run()
    }

    /// Where it listens, once it does.
    func port() async throws -> UInt16 {
        for _ in 0..<3000 {
            let text = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
            if let match = text.firstMatch(of: /http:\/\/127\.0\.0\.1:([0-9]+)/), let port = UInt16(match.output.1) {
                return port
            }
            guard process.isRunning else { throw StartError("the measured process ended: \(text.suffix(2000))") }
            try await Task.sleep(for: .milliseconds(100))
        }
        throw StartError("the measured process does not listen")
    }

    /// CPU time so far: of `vedette run`, of PostgreSQL, and of this process, which asks.
    var cpuSeconds: [Double] {
        [
            ProcessCPU.seconds(of: process.processIdentifier) ?? 0, ProcessCPU.seconds(named: "postgres"),
            FootageReplay.processSeconds(),
        ]
    }

    func stop() {
        guard process.isRunning else { return }
        process.terminate()
        process.waitUntilExit()
    }
}
