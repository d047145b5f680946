import Clips
import Domain
import Glibc
import Ingest
import Motion

/// Footage run through ring, ladder, decoder, motion and event machine as a camera's is, faster than it was recorded.
struct FootageReplay: Sendable {
    struct FoundEvent: Sendable {
        var started, ended, clipFrom, clipUntil: Double
    }

    var events: [FoundEvent] = []
    var units = 0
    /// Pictures that were measured.
    var measured = 0
    /// Times that it woke, and the seconds of video that passed on each rung.
    var wakings = 0
    var rungSeconds: [LadderRung: Double] = [:]
    var audits = MissEstimate()
    var cpuSeconds = 0.0
    var videoSeconds = 0.0

    /// Pictures that may be inside the decoder when the next one arrives; one that reorders keeps some back.
    private static let mostBehind = 8

    static func run(_ footage: FootageFile, _ settings: LadderSettings, seed: UInt64 = 1) async throws -> Self {
        let (wakes, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        var iterator = wakes.makeAsyncIterator()
        let camera = CameraSettings(url: "", analysis: settings.mode)
        let ports = IngestPorts(
            sources: RTSPOpener(clock: SystemClock()), decoders: GStreamerDecoderOpener(), clips: NoClips(),
            live: LiveFragmentsOpener(), spool: NoSpool(), stills: JPEGStillEncoder(),
            makeDetector: { try MotionAnalyzer(zones: $0.zones) },
            makeGate: { ZonedGate($0) }, clock: SystemClock())
        let analysis = try CameraAnalysis(
            footage.stream, camera: camera, ports: ports,
            ladder: Ladder(settings: settings, seed: seed), wake: { continuation.yield() })
        var ring = GOPRing(keepSeconds: camera.preRollSeconds + 15, maximumBytes: 96 << 20)
        var replay = Self()
        var open: [EventSlot: Double] = [:]
        let before = processSeconds()
        func take(_ actions: [EventAction]) {
            for action in actions {
                switch action {
                case .open(let slot, _, _, let clipFrom, _):
                    open[slot] = ring.units(from: clipFrom).first?.presentation.seconds ?? clipFrom.seconds
                case .close(let slot, let span, let until):
                    replay.events.append(
                        FoundEvent(
                            started: span.started.seconds, ended: span.ended.seconds,
                            clipFrom: open[slot] ?? span.started.seconds, clipUntil: until.seconds))
                case .moving: break
                }
            }
        }
        func advance() async throws {
            for step in try analysis.advance(ring) {
                replay.measured += 1
                take(step.actions)
            }
            for decoder in analysis.takeClosed() { await decoder.close() }
        }
        var last: MediaTime?
        for unit in footage.units {
            let rung = analysis.ladder.rung
            ring.append(unit)
            analysis.received(unit)
            try await advance()
            while analysis.isBehind(ring, by: Self.mostBehind) {
                _ = await iterator.next()
                try await advance()
            }
            let step = last.map { max(0, unit.presentation.seconds(since: $0)) } ?? 0
            replay.rungSeconds[rung, default: 0] += step
            replay.videoSeconds += step
            if rung == .asleep, analysis.ladder.rung == .alert || analysis.ladder.rung == .awake { replay.wakings += 1 }
            last = max(last ?? unit.presentation, unit.presentation)
        }
        take(analysis.endStream(at: last ?? MediaTime(nanoseconds: 0)))
        for decoder in analysis.takeClosed() { await decoder.close() }
        continuation.finish()
        replay.units = footage.units.count
        replay.audits = analysis.ladder.estimate
        replay.cpuSeconds = processSeconds() - before
        replay.events.sort { $0.started < $1.started }
        return replay
    }

    /// User and system time of this process.
    static func processSeconds() -> Double {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
            + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6
    }
}

/// Measurements record nothing.
struct NoSpool: EventSpool {
    func begin(_ draft: EventDraft) throws -> String { throw StartError("nothing is recorded while measuring") }
    func finish(_ draft: EventDraft, _ outcome: EventOutcome) async throws {}
    func discard(_ id: Identifier<Event>) {}
}

/// Measurements write no clips.
struct NoClips: ClipWriterOpener {
    func open(_ stream: StreamDescription, path: String) throws(ClipError) -> any ClipWriter {
        throw ClipError("no clips are written while measuring")
    }
    func recover(path: String) async throws(ClipError) -> RecoveredClip? { nil }
}
