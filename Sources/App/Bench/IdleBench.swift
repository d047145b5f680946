import Clips
import Domain
import Foundation
import Ingest
import Logging
import Motion
import Simulator

/// `vedette bench idle`: what an idle camera costs this process, over RTSP.
package enum IdleBench {
    private struct Usage {
        var cpuSeconds: Double
        var switches: Int
        var residentBytes: Int

        static func now() -> Self {
            var usage = rusage()
            getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
            let pages = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?
                .split(separator: " ").dropFirst().first.flatMap { Int($0) }
            return Self(
                cpuSeconds: FootageReplay.processSeconds(), switches: usage.ru_nvcsw + usage.ru_nivcsw,
                residentBytes: (pages ?? 0) * 4096)
        }
    }

    /// Watches `cameras` idle cameras at a time for `seconds` in each mode and prints a table. The cameras are served by
    /// a child process, whose time does not count.
    package static func run(
        cameras: Int, seconds: Double, settle: Double, modes: [String], footage: String?, work: String?
    ) async throws {
        _ = VedetteLogging.start(level: "error")
        let encoder = try Reencoder(folder: work)
        defer { if work == nil { encoder.removeFolder() } }
        let path = try footage ?? encoder.idleCamera()
        let (server, urls) = try serve(path, cameras: cameras)
        defer {
            server.terminate()
            server.waitUntilExit()
        }
        print(
            "| analysis | cameras | rungs | access units | pictures decoded | CPU per camera | switches per second and camera | memory |"
        )
        print("|---|---|---|---|---|---|---|---|")
        for mode in modes {
            if mode == "receive" {
                try await receive(urls, seconds: seconds, settle: settle)
                continue
            }
            guard let mode = AnalysisMode(rawValue: mode) else {
                throw StartError("there is no analysis mode `\(mode)`")
            }
            let sessions = urls.map { url in
                CameraSession(
                    camera: Camera(
                        id: .make(at: SystemClock().now), organization: Organization.first, site: Site.first,
                        name: "camera", enabled: true, settings: CameraSettings(url: url, analysis: mode), revision: 1),
                    ports: ports(), logger: Logger(label: "bench"))
            }
            try await withThrowingDiscardingTaskGroup { group in
                for session in sessions { group.addTask { await session.run() } }
                try await Task.sleep(for: .seconds(settle))
                let (before, counted) = (Usage.now(), totals(sessions))
                try await Task.sleep(for: .seconds(seconds))
                let (after, reached) = (Usage.now(), totals(sessions))
                let rungs = Dictionary(grouping: sessions.map(\.status.rung)) { $0 }
                    .map { "\($0.value.count) \($0.key.rawValue)" }.sorted().joined(separator: ", ")
                report(
                    mode.rawValue, cameras: cameras, rungs: rungs, units: reached.units - counted.units,
                    decoded: reached.decoded - counted.decoded, before, after, seconds: seconds)
                for reason in Set(sessions.compactMap(\.status.rungReason)) { print("    \(reason)") }
                group.cancelAll()
            }
        }
    }

    /// The floor: RTSP, depayloading and parsing, and nothing done with what comes.
    private static func receive(_ urls: [String], seconds: Double, settle: Double) async throws {
        let opener = RTSPOpener(clock: SystemClock())
        let counter = Counter()
        try await withThrowingDiscardingTaskGroup { group in
            for url in urls {
                group.addTask {
                    let (wakes, continuation) = AsyncStream.makeStream(
                        of: Void.self, bufferingPolicy: .bufferingNewest(1))
                    let location = SourceLocation(url: url, transport: .tcp, timeoutSeconds: 10)
                    let source = try opener.open(location) { continuation.yield() }
                    for await _ in wakes { await counter.add(source.drain().count) }
                    await source.close()
                }
            }
            try await Task.sleep(for: .seconds(settle))
            let (before, counted) = (Usage.now(), await counter.count)
            try await Task.sleep(for: .seconds(seconds))
            report(
                "(receive only)", cameras: urls.count, rungs: "–", units: await counter.count - counted, decoded: 0,
                before, Usage.now(), seconds: seconds)
            group.cancelAll()
        }
    }

    private actor Counter {
        private(set) var count = 0
        func add(_ more: Int) { count += more }
    }

    private static func report(
        _ name: String, cameras: Int, rungs: String, units: Int, decoded: Int, _ before: Usage, _ after: Usage,
        seconds: Double
    ) {
        let share = 100 * (after.cpuSeconds - before.cpuSeconds) / seconds / Double(cameras)
        let switches = Double(after.switches - before.switches) / seconds / Double(cameras)
        print(
            "| \(name) | \(cameras) | \(rungs) | \(units) | \(decoded) | \(String(format: "%.2f", share)) % of a core | "
                + "\(String(format: "%.0f", switches)) | \(after.residentBytes >> 20) MB |")
        fflush(nil)
    }

    private static func totals(_ sessions: [CameraSession]) -> (units: Int, decoded: Int) {
        sessions.reduce((0, 0)) { sum, session in
            let status = session.status
            return (sum.0 + status.accessUnits, sum.1 + status.framesAnalysed)
        }
    }

    private static func ports() -> IngestPorts {
        IngestPorts(
            sources: RTSPOpener(clock: SystemClock()), decoders: GStreamerDecoderOpener(), clips: NoClips(),
            live: LiveFragmentsOpener(), spool: NoSpool(), stills: JPEGStillEncoder(),
            makeDetector: { try MotionAnalyzer(zones: $0.zones) },
            makeGate: { ZonedGate($0) }, clock: SystemClock())
    }

    /// Starts this program as the cameras; gives their addresses.
    private static func serve(_ path: String, cameras: Int) throws -> (Process, [String]) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = ["simulate", "--port", "0"] + [String](repeating: path, count: cameras)
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        var text = ""
        var urls: [String] = []
        while urls.count < cameras {
            let data = pipe.fileHandleForReading.availableData
            guard !data.isEmpty else { throw StartError("the simulated cameras did not start: \(text)") }
            text += String(decoding: data, as: UTF8.self)
            urls = text.split(whereSeparator: \.isWhitespace).filter { $0.hasPrefix("rtsp://") }.map(String.init)
        }
        return (process, urls)
    }
}
