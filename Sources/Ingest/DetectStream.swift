import Domain

/// A camera's small stream, analysed in place of the one that is recorded: its connection, which comes back by itself, its
/// pictures, and how its clock relates to the recorded stream's.
///
/// Both streams are put on wall time by when their units arrive (`ClockMap`), and so on each other; what is left is the
/// difference of their delays inside the camera, some tenths of a second, which `marginSeconds` covers. Belongs to one
/// `CameraConnection` and runs in its task: sources and decoders only wake.
final class DetectStream {
    /// A picture that was looked at, its time on the recorded stream's timeline, and what follows.
    struct Step {
        var frame: any DecodedFrame
        var at: MediaTime
        var actions: [EventAction]
        /// The camera seems to have been tampered with; times on the recorded stream's timeline.
        var tampering: TamperWatch.Finding?
        var activity: ActivityGrid?
    }
    /// Clips begin so much earlier than the small stream's time says.
    static let marginSeconds = 0.5
    /// Without pictures for so long the recorded stream is analysed itself.
    static let patienceSeconds = 10.0
    private static let ringSeconds = 4.0
    private static let ringMaximumBytes = 16 << 20

    private let location: SourceLocation
    private let camera: CameraSettings
    private let ports: IngestPorts
    private let wake: @Sendable () -> Void
    private var tamper: TamperWatch?

    private var source: (any MediaSource)?
    private var ring = GOPRing(keepSeconds: ringSeconds, maximumBytes: ringMaximumBytes)
    private var clock = ClockMap()
    private var stream: StreamDescription?
    private(set) var analysis: CameraAnalysis?
    private var backoff = ReconnectBackoff()
    private var retryAt: WallTime?
    private var onlineSince: WallTime?
    private var error: SourceError?
    /// When a picture was analysed last; in the beginning, when it was asked for first.
    private var aliveAt: WallTime?
    /// What was said about each connection, for the log.
    private var remarks: [String] = []
    private var closedSources: [any MediaSource] = []
    private var closedDecoders: [any FrameDecoder] = []
    private var left: (analysis: CameraAnalysis, shift: Int64)?

    /// `tamper` is what the camera usually shows.
    init(
        _ location: SourceLocation, camera: CameraSettings, ports: IngestPorts, tamper: TamperWatch?,
        wake: @escaping @Sendable () -> Void
    ) {
        self.location = location
        self.tamper = tamper
        self.camera = camera
        var ports = ports
        // It decodes all the time and little: a place of its own, not one that sleepers wait for.
        ports.pools.decoders = DecoderPool(places: 1)
        ports.decoders = ports.decoders.forOneCamera()
        self.ports = ports
        self.wake = wake
    }

    /// True when no picture of it was analysed for so long that the recorded stream has to be.
    func isAway(at now: WallTime) -> Bool {
        aliveAt.map { now.seconds(since: $0) > Self.patienceSeconds } ?? false
    }

    /// What the camera usually shows.
    var tamperMemory: TamperWatch? { analysis?.tamper ?? tamper }

    func status(isAnalysed: Bool) -> DetectStatus {
        let state: DetectStatus.State = stream != nil ? .online : error != nil ? .failing : .connecting
        return DetectStatus(
            state: state, isAnalysed: isAnalysed, widthPixels: stream?.widthPixels, heightPixels: stream?.heightPixels,
            error: stream == nil ? error : nil)
    }

    /// Connects where it is time to, takes what has arrived and analyses it. `main` is the recorded stream's clock, which
    /// knows the time by now; `slot` is where a new analysis begins to number its events.
    func advance(main: ClockMap, firstSlot slot: () -> Int) -> [Step] {
        let now = ports.clock.now
        aliveAt = aliveAt ?? now
        if source == nil, retryAt.map({ now >= $0 }) ?? true {
            do throws(SourceError) {
                source = try ports.sources.open(location, wake: wake)
            } catch {
                fail(error, main: main)
            }
        }
        do throws(SourceError) {
            for item in source?.drain() ?? [] { try receive(item, firstSlot: slot) }
            return try analyse(main: main, now: now)
        } catch {
            fail(error, main: main)
            return []
        }
    }

    private func receive(_ item: SourceItem, firstSlot slot: () -> Int) throws(SourceError) {
        switch item {
        case .failed(let error): throw error
        case .stream(let description):
            do {
                analysis = try CameraAnalysis(
                    description, camera: camera, ports: ports,
                    ladder: Ladder(settings: LadderSettings(mode: .full), seed: 0), firstSlot: slot(),
                    tamper: tamper, wake: wake)
            } catch {
                throw SourceError(.internalFailure, "motion analysis cannot start: \(error)")
            }
            stream = description
            error = nil
            onlineSince = ports.clock.now
            remarks.append("the stream for analysis is online, \(description.widthPixels)x\(description.heightPixels)")
        case .accessUnit(let unit):
            guard unit.track == .video else { return }
            clock.observe(unit.presentation, arrivedAt: unit.arrivedAt)
            ring.append(unit)
            analysis?.received(unit)
        }
    }

    private func analyse(main: ClockMap, now: WallTime) throws(SourceError) -> [Step] {
        guard let analysis, let shift = shift(to: main) else { return [] }
        let steps = try analysis.advance(ring)
        guard !steps.isEmpty else { return [] }
        aliveAt = now
        return steps.map { step in
            ring.looked(at: step.frame.presentation)
            return Step(
                frame: step.frame, at: MediaTime(nanoseconds: step.frame.presentation.nanoseconds &+ shift),
                actions: step.actions.map { $0.shifted(nanoseconds: shift, margin: Self.marginSeconds) },
                tampering: step.tampering.map { found in
                    var found = found
                    found.since = MediaTime(nanoseconds: found.since.nanoseconds &+ shift)
                    return found
                }, activity: step.activity)
        }
    }

    /// Nanoseconds from this stream's timeline to the recorded one's.
    private func shift(to main: ClockMap) -> Int64? {
        let zero = MediaTime(nanoseconds: 0)
        guard let own = clock.wall(zero), let other = main.wall(zero) else { return nil }
        return own.nanosecondsSinceEpoch &- other.nanosecondsSinceEpoch
    }

    private func fail(_ failure: SourceError, main: ClockMap) {
        let now = ports.clock.now
        if error?.kind != failure.kind || stream != nil {
            remarks.append("the stream for analysis is not delivering: \(failure.detail)")
        }
        error = failure
        retire(main: main)
        if let source { closedSources.append(source) }
        source = nil
        stream = nil
        ring = GOPRing(keepSeconds: Self.ringSeconds, maximumBytes: Self.ringMaximumBytes)
        clock = ClockMap()
        let delay = backoff.delaySeconds(
            onlineSeconds: onlineSince.map { now.seconds(since: $0) } ?? 0, random: Double.random(in: 0..<1))
        onlineSince = nil
        retryAt = now.advanced(bySeconds: delay)
    }

    private func retire(main: ClockMap) {
        guard let analysis else { return }
        analysis.stopLooking()
        closedDecoders += analysis.takeClosed()
        if let shift = shift(to: main) { left = (analysis, shift) }
        tamper = tamperMemory
        self.analysis = nil
    }

    /// The analysis of the connection that failed, whose events still run, and the way to the recorded timeline.
    func takeLeft() -> (analysis: CameraAnalysis, shift: Int64)? { left.take() }

    /// The connection to the camera is over: nothing comes any more.
    func end(main: ClockMap) {
        retire(main: main)
        if let source { closedSources.append(source) }
        source = nil
        stream = nil
    }

    /// What is to be logged since the last call.
    func takeRemarks() -> [String] {
        defer { remarks = [] }
        return remarks + (analysis?.takeComplaints().map { "a picture could not be analysed: \($0)" } ?? [])
    }

    /// Connections that are over; the caller closes them.
    func takeClosedSources() -> [any MediaSource] {
        defer { closedSources = [] }
        return closedSources
    }

    /// Decoders that are no longer needed; the caller closes them.
    func takeClosedDecoders() -> [any FrameDecoder] {
        defer { closedDecoders = [] }
        return closedDecoders + (analysis?.takeClosed() ?? [])
    }
}
