import Clips
import Domain
import Foundation
import Ingest
import Logging
import Motion
import Synchronization

/// What watching cameras cost a process of its own, which measured itself.
struct WatchingCost: Codable, Sendable {
    var cpuSeconds: Double
    /// Switches of threads, voluntary or not.
    var switches: Int
    /// Resident memory with the cameras, less that before they were opened.
    var grownBytes: Int
    /// What of it are files: programs and libraries, which all cameras share and other processes too.
    var grownFileBytes: Int
    /// What the cameras' ring buffers hold of it, at the end.
    var bufferedBytes: Int
    /// Pictures that arrived, and those of them that were decoded and measured.
    var units: Int
    var decoded: Int
    /// Interruptions of a stream that should have run.
    var gaps: Int
    /// Cameras on each rung at the end.
    var rungs: [String: Int]
    /// For each event: seconds from its first moving picture until it was opened.
    var triggerDelays: [Double]
}

/// `vedette bench watch-cameras`: opens cameras as `vedette run` does, records nothing, and measures itself.
package enum WatchedCameras {
    /// Prints a `WatchingCost` as JSON. `analysis` is a camera's, or `receive` for RTSP, depayloading and parsing only.
    package static func run(_ urls: [String], analysis: String, seconds: Double, settle: Double) async throws {
        FreedMemory.returnAtOnce()
        _ = VedetteLogging.start(level: "critical")
        let cost =
            analysis == "receive"
            ? try await receive(urls, seconds: seconds, settle: settle)
            : try await watch(urls, analysis: analysis, seconds: seconds, settle: settle)
        print(String(decoding: try JSONEncoder().encode(cost), as: UTF8.self))
    }

    private static func watch(
        _ urls: [String], analysis: String, seconds: Double, settle: Double
    ) async throws -> WatchingCost {
        guard let mode = AnalysisMode(rawValue: analysis) else {
            throw StartError("there is no analysis mode `\(analysis)`")
        }
        let delays = TriggerDelays()
        let ports = IngestPorts(
            sources: RTSPOpener(clock: SystemClock()), decoders: GStreamerDecoderOpener(), clips: NoClips(),
            live: LiveFragmentsOpener(), spool: delays, stills: JPEGStillEncoder(),
            makeDetector: { try MotionAnalyzer(zones: $0.zones) },
            makeGate: { ZonedGate($0) }, clock: SystemClock())
        let empty = Usage.now()
        let sessions = urls.map { url in
            CameraSession(
                camera: Camera(
                    id: .make(at: SystemClock().now), organization: Organization.first, site: Site.first,
                    name: "camera", enabled: true, settings: CameraSettings(url: url, analysis: mode), revision: 1),
                ports: ports, logger: Logger(label: "bench"))
        }
        return try await withThrowingDiscardingTaskGroup { group in
            group.addTask { await FreedMemory.returnNowAndThen() }
            for session in sessions { group.addTask { await session.run() } }
            try await Task.sleep(for: .seconds(settle))
            delays.reset()
            let (before, counted) = (Usage.now(), sessions.map(\.status))
            try await Task.sleep(for: .seconds(seconds))
            let (after, reached) = (Usage.now(), sessions.map(\.status))
            group.cancelAll()
            func grown(_ count: (CameraStatus) -> Int) -> Int {
                reached.reduce(0) { $0 + count($1) } - counted.reduce(0) { $0 + count($1) }
            }
            return WatchingCost(
                cpuSeconds: after.cpuSeconds - before.cpuSeconds, switches: after.switches - before.switches,
                grownBytes: after.residentBytes - empty.residentBytes,
                grownFileBytes: after.fileBytes - empty.fileBytes,
                bufferedBytes: reached.reduce(0) { $0 + $1.bufferedBytes }, units: grown(\.accessUnits),
                decoded: grown(\.framesAnalysed), gaps: grown(\.gaps),
                rungs: Dictionary(reached.map { ($0.rung.rawValue, 1) }, uniquingKeysWith: +),
                triggerDelays: delays.seconds)
        }
    }

    private static func receive(_ urls: [String], seconds: Double, settle: Double) async throws -> WatchingCost {
        let opener = RTSPOpener(clock: SystemClock())
        let count = Count()
        let empty = Usage.now()
        return try await withThrowingDiscardingTaskGroup { group in
            for url in urls {
                group.addTask {
                    let (wakes, continuation) = AsyncStream.makeStream(
                        of: Void.self, bufferingPolicy: .bufferingNewest(1))
                    let location = SourceLocation(url: url, transport: .tcp, timeoutSeconds: 10)
                    let source = try opener.open(location) { continuation.yield() }
                    for await _ in wakes { count.add(source.drain().count) }
                    await source.close()
                }
            }
            try await Task.sleep(for: .seconds(settle))
            let (before, counted) = (Usage.now(), count.value)
            try await Task.sleep(for: .seconds(seconds))
            let after = Usage.now()
            group.cancelAll()
            return WatchingCost(
                cpuSeconds: after.cpuSeconds - before.cpuSeconds, switches: after.switches - before.switches,
                grownBytes: after.residentBytes - empty.residentBytes,
                grownFileBytes: after.fileBytes - empty.fileBytes,
                bufferedBytes: 0, units: count.value - counted, decoded: 0, gaps: 0, rungs: [:], triggerDelays: [])
        }
    }

    private final class Count: Sendable {
        private let counted = Mutex(0)
        var value: Int { counted.withLock { $0 } }
        func add(_ more: Int) { counted.withLock { $0 += more } }
    }

    private struct Usage {
        var cpuSeconds: Double
        var switches: Int
        var residentBytes: Int
        var fileBytes: Int

        static func now() -> Self {
            var usage = rusage()
            getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
            // proc(5), statm: all pages, resident ones, and those of them that are of files or shared.
            let pages =
                (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?
                .split(separator: " ").map { (Int($0) ?? 0) * Int(getpagesize()) } ?? []
            return Self(
                cpuSeconds: FootageReplay.processSeconds(), switches: usage.ru_nvcsw + usage.ru_nivcsw,
                residentBytes: pages.count > 2 ? pages[1] : 0, fileBytes: pages.count > 2 ? pages[2] : 0)
        }
    }

    /// Records nothing, and notes how late each event was opened.
    private final class TriggerDelays: EventSpool {
        private static let most = 100_000
        private let delays = Mutex<[Double]>([])
        var seconds: [Double] { delays.withLock { $0 } }

        func reset() { delays.withLock { $0 = [] } }

        func begin(_ draft: EventDraft) throws -> String {
            let delay = SystemClock().now.seconds(since: draft.startedAt)
            delays.withLock { if $0.count < Self.most { $0.append(delay) } }
            throw StartError("nothing is recorded while measuring")
        }
        func finish(_ draft: EventDraft, _ outcome: EventOutcome) async throws {}
        func discard(_ id: Identifier<Event>) {}
    }
}
