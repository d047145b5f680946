import CurlKit
import Foundation
import Glibc

/// A `vedette` of this build, run as a child on a free port with a data folder of its own.
final class VedetteProcess {
    struct Failure: Error, CustomStringConvertible { var description: String }

    let folder: String
    let settingsFile: String
    private let http: HTTPClient
    private var process: Process?
    private(set) var base = ""
    private(set) var token = ""
    private var starts = 0
    private let environment: [String: String]
    /// Most files and connections that it may have open, hard; nil for as many as this process.
    private let descriptors: Int?
    /// PEM; trusted for HTTPS in place of the system's.
    var certificateAuthorities: [UInt8]?

    /// `settings` is the YAML without `listen` and `data_dir`.
    init(settings: String, environment: [String: String] = [:], descriptors: Int? = nil) throws {
        self.environment = environment
        self.descriptors = descriptors
        // Under /tmp itself, which the database's own user can enter.
        folder = "/tmp/vedette-test-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: folder + "/data", withIntermediateDirectories: true)
        settingsFile = folder + "/vedette.yaml"
        try Data("listen: 127.0.0.1:0\ndata_dir: \(folder)/data\n\(settings)".utf8)
            .write(to: URL(fileURLWithPath: settingsFile))
        http = try HTTPClient()
    }

    static var executable: String {
        let bundle = CommandLine.arguments.first { $0.contains(".xctest") }
        let folder = bundle.map { URL(fileURLWithPath: $0).deletingLastPathComponent() }
        return (folder ?? URL(fileURLWithPath: ".build/debug")).appendingPathComponent("vedette").path
    }

    var dataFolder: String { folder + "/data" }
    var log: String { (try? String(contentsOfFile: folder + "/log-\(starts)", encoding: .utf8)) ?? "" }
    var processID: Int32 { process?.processIdentifier ?? 0 }

    /// Starts it and waits until it says where it listens.
    func start() async throws {
        starts += 1
        let logPath = folder + "/log-\(starts)"
        _ = FileManager.default.createFile(atPath: logPath, contents: nil)
        guard let log = FileHandle(forWritingAtPath: logPath) else { throw Failure(description: "no \(logPath)") }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/bash")
        let limit = descriptors.map { "ulimit -n \($0) && " } ?? ""
        process.arguments = ["-c", limit + "exec \"$@\"", "bash", Self.executable, "run", "--config", settingsFile]
        process.environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("VEDETTE_") }
            .merging(environment) { $1 }
        process.standardOutput = log
        process.standardError = log
        process.standardInput = FileHandle.nullDevice
        try process.run()
        self.process = process
        try await wait("the server to listen", seconds: 300) {
            guard process.isRunning else { throw Failure(description: "vedette ended:\n\(self.log)") }
            guard let match = self.log.firstMatch(of: /https?:\/\/127\.0\.0\.1:[0-9]+/) else { return false }
            self.base = String(match.output)
            return true
        }
        token = try String(contentsOfFile: dataFolder + "/admin-token", encoding: .utf8)
            .trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// SIGTERM, and until it has ended; returns its exit code.
    @discardableResult
    func stop() async throws -> Int32 {
        guard let process, process.isRunning else { return 0 }
        process.terminate()
        try await wait("vedette to stop", seconds: 60) { !process.isRunning }
        return process.terminationStatus
    }

    /// SIGKILL.
    func kill() async throws {
        guard let process else { return }
        Glibc.kill(process.processIdentifier, SIGKILL)
        try await wait("the killed process to end", seconds: 10) { !process.isRunning }
    }

    /// Ends what is left and removes the folder.
    func cleanUp() async {
        _ = try? await stop()
        try? FileManager.default.removeItem(atPath: folder)
    }

    func get(_ path: String, headers: [(name: String, value: String)] = []) async throws -> HTTPResponse {
        try await http.send(
            HTTPRequest(
                method: .get, url: base + path,
                headers: [(name: "Authorization", value: "Bearer \(token)")] + headers, body: nil,
                connectTimeoutSeconds: 5, timeoutSeconds: 30, maximumResponseBytes: 256 << 20,
                certificateAuthorities: certificateAuthorities))
    }

    /// Without a key, and without following where it leads.
    func plain(_ path: String, headers: [(name: String, value: String)] = []) async throws -> HTTPResponse {
        try await plain(address: base + path, headers: headers)
    }

    func plain(address: String, headers: [(name: String, value: String)] = []) async throws -> HTTPResponse {
        try await http.send(
            HTTPRequest(
                method: .get, url: address, headers: headers, connectTimeoutSeconds: 5, timeoutSeconds: 60,
                certificateAuthorities: certificateAuthorities))
    }

    func post(_ path: String, _ body: String, bearer: String? = nil) async throws -> HTTPResponse {
        try await http.send(
            HTTPRequest(
                method: .post, url: base + path,
                headers: [
                    (name: "Authorization", value: "Bearer \(bearer ?? token)"),
                    (name: "Content-Type", value: "application/json"),
                ], body: Array(body.utf8), connectTimeoutSeconds: 5, timeoutSeconds: 30,
                maximumResponseBytes: 1 << 20, certificateAuthorities: certificateAuthorities))
    }

    func delete(_ path: String) async throws -> HTTPResponse {
        try await http.send(
            HTTPRequest(
                method: .delete, url: base + path, headers: [(name: "Authorization", value: "Bearer \(token)")],
                connectTimeoutSeconds: 5, timeoutSeconds: 30, certificateAuthorities: certificateAuthorities))
    }

    func json(_ path: String) async throws -> [String: Any] {
        let response = try await get(path)
        guard response.status == 200,
            let object = try JSONSerialization.jsonObject(with: Data(response.body)) as? [String: Any]
        else {
            throw Failure(description: "\(path): \(response.status) \(String(decoding: response.body, as: UTF8.self))")
        }
        return object
    }

    /// All pages of a list.
    func items(_ path: String) async throws -> [[String: Any]] {
        var items: [[String: Any]] = []
        var cursor: String?
        repeat {
            let page = try await json(
                path + (path.contains("?") ? "&" : "?") + "limit=200" + (cursor.map { "&cursor=\($0)" } ?? ""))
            items += page["items"] as? [[String: Any]] ?? []
            cursor = page["next_cursor"] as? String
        } while cursor != nil
        return items
    }

    func status(of camera: String) async throws -> [String: Any] {
        let cameras = try await items("/v1/cameras")
        return cameras.first { $0["name"] as? String == camera }?["status"] as? [String: Any] ?? [:]
    }

    /// Asks again and again until `condition` holds; another process gives no signal to wait for.
    func wait(_ what: String, seconds: Double, until condition: () async throws -> Bool) async throws {
        let deadline = ContinuousClock.now.advanced(by: .seconds(seconds))
        while try await !condition() {
            guard ContinuousClock.now < deadline else {
                throw Failure(description: "waited \(seconds) s for \(what)\n\(log.suffix(4000))")
            }
            try await Task.sleep(for: .milliseconds(100))
        }
    }
}

/// Runs a program; its exit code and both its outputs.
func run(_ program: String, _ arguments: [String]) throws -> (status: Int32, output: String, errors: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [program] + arguments
    let base = "/tmp/vedette-output-\(UUID().uuidString)"
    defer {
        try? FileManager.default.removeItem(atPath: base + ".out")
        try? FileManager.default.removeItem(atPath: base + ".err")
    }
    _ = FileManager.default.createFile(atPath: base + ".out", contents: nil)
    _ = FileManager.default.createFile(atPath: base + ".err", contents: nil)
    process.standardOutput = FileHandle(forWritingAtPath: base + ".out")
    process.standardError = FileHandle(forWritingAtPath: base + ".err")
    process.standardInput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    return (
        process.terminationStatus, (try? String(contentsOfFile: base + ".out", encoding: .utf8)) ?? "",
        (try? String(contentsOfFile: base + ".err", encoding: .utf8)) ?? ""
    )
}

/// Seconds since the epoch of an RFC 3339 time with milliseconds.
func epoch(_ text: Any?) -> Double? {
    (text as? String).flatMap { try? Date($0, strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true)) }?
        .timeIntervalSince1970
}

/// What ffprobe says of a clip's pictures.
struct ClipCheck {
    var firstIsKeyframe = false
    var times: [Double] = []
    var decodeErrors = ""

    init(path: String) throws {
        let probe = try run(
            "ffprobe",
            ["-v", "error", "-select_streams", "v", "-show_entries", "packet=pts_time,flags", "-of", "csv=p=0", path])
        for (index, line) in probe.output.split(separator: "\n").enumerated() {
            let parts = line.split(separator: ",")
            if index == 0 { firstIsKeyframe = parts.last?.hasPrefix("K") ?? false }
            if let time = parts.first.flatMap({ Double($0) }) { times.append(time) }
        }
        times.sort()
        decodeErrors = try run("ffmpeg", ["-v", "error", "-i", path, "-map", "0:v", "-f", "null", "-"]).errors
    }

    /// Largest and smallest step between pictures, in units of the median step.
    var steps: (least: Double, most: Double) {
        let steps = zip(times, times.dropFirst()).map { $1 - $0 }.sorted()
        guard let median = steps.isEmpty ? nil : steps[steps.count / 2], median > 0 else { return (0, 99) }
        return (steps[0] / median, (steps.last ?? 0) / median)
    }
}

/// The folder with footage and weights that developers have beside their checkout; nil elsewhere.
enum SharedFolder {
    static let path: String? = {
        if let given = ProcessInfo.processInfo.environment["VEDETTE_SHARED"] { return given }
        var folder = URL(fileURLWithPath: #filePath)
        while folder.path != "/" {
            folder.deleteLastPathComponent()
            let candidate = folder.appendingPathComponent("shared")
            if FileManager.default.fileExists(atPath: candidate.appendingPathComponent("media/media.json").path) {
                return candidate.path
            }
        }
        return nil
    }()
}
