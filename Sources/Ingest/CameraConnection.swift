import Domain
import Logging

/// One connection to a camera, from the first packet to the failure that ends it.
///
/// Data flow: source → ring buffer and running clips (every access unit, I6); beside it, from the ring, as much as the
/// activity ladder asks for → decoder → motion → event machine → clips opened and closed. All of it runs in `run`'s task;
/// adapters' threads only wake it.
actor CameraConnection {
    let camera: Camera
    let ports: IngestPorts
    let board: StatusBoard
    let logger: Logger

    private(set) var stream: StreamDescription?
    /// Of the recorded stream; nil while the small one is analysed in its place.
    var analysis: CameraAnalysis?
    private(set) var ladder: Ladder
    let tamper: TamperWatch?
    /// Nil where the camera has no `audio_trigger`.
    let hearing: Hearing?
    var ring: GOPRing
    private(set) var clock = ClockMap()
    private(set) var lastVideo: MediaTime?
    /// The small stream, where the camera has one to analyse.
    private(set) var detect: DetectStream?
    var leaving = LeavingAnalyses()
    /// The last picture of the small stream that was analysed, on the recorded timeline.
    var lookedUntil: MediaTime?
    /// Analyses made so far.
    var analyses = 0
    var closedDecoders: [any FrameDecoder] = []
    var viewers = LiveViewers()
    /// While somebody watches who cannot play the pictures as they come.
    var transcode: LiveTranscode?
    /// Has `run` look at what there is; nil before.
    private(set) var wake: (@Sendable () -> Void)?
    private(set) var isOver = false
    /// Events that something other than motion opened.
    var triggers: TriggerMachine
    var schedule: ScheduleClock?
    private(set) var recordings: [EventSlot: EventRecording] = [:]
    private var segments: SegmentRecorder?
    /// Their spans are over; they take what arrives until a picture comes that none can precede in presentation order, or
    /// a stream with B pictures would lose some at the cut.
    private var closing: [EventRecording] = []
    /// They have everything that belongs to them and wait to be finished.
    private var complete: [EventRecording] = []
    /// Ids of events by slot, kept a little longer than the recordings for `continues`.
    private(set) var identifiers: [EventSlot: Identifier<Event>] = [:]

    /// Extra seconds the ring keeps beyond the pre-roll: an event may be told three seconds after it began.
    private static let ringMarginSeconds = 5.0

    /// `memory` is the ladder of the connection before, `schedule` what is due from now on.
    init(
        camera: Camera, ports: IngestPorts, board: StatusBoard, logger: Logger, memory: Ladder? = nil,
        tamper: TamperWatch? = nil, schedule: ScheduleClock? = nil, sound: SoundWatch? = nil
    ) {
        self.camera = camera
        self.ports = ports
        self.board = board
        self.logger = logger
        triggers = TriggerMachine(settings: EventSettings(camera.settings))
        self.schedule = schedule
        self.tamper = camera.settings.tamper ? TamperWatch(memory: tamper) : nil
        hearing = camera.settings.audioTrigger.map { Hearing($0, memory: sound) }
        ladder = Ladder(
            // With a small stream, what holds while that is away.
            settings: LadderSettings(
                mode: camera.settings.analysis == .substream ? .ladder : camera.settings.analysis),
            seed: UInt64.random(in: 0...UInt64.max),
            memory: memory)
        ring = GOPRing(
            keepSeconds: camera.settings.preRollSeconds + Self.ringMarginSeconds
                + (camera.settings.audioTrigger.map { 2 * $0.seconds } ?? 0), maximumBytes: ports.rings.share)
    }

    /// What the ladder knows about the camera by now.
    var memory: Ladder { analysis?.ladder ?? ladder }
    /// What the camera usually shows.
    var tamperMemory: TamperWatch? { detect?.tamperMemory ?? analysis?.tamper ?? tamper }

    /// What its sound did last.
    var soundMemory: SoundWatch? { hearing?.watch }

    /// Keeps what an analysis that ends has learnt.
    func learn(from analysis: CameraAnalysis) {
        ladder = Ladder(
            settings: ladder.settings, seed: UInt64.random(in: 0...UInt64.max), memory: analysis.ladder)
    }

    /// Runs until the source fails or the task is cancelled; returns when all clips are finished.
    func run() async -> SourceError {
        let (wakes, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let wake: @Sendable () -> Void = { continuation.yield() }
        self.wake = wake
        let source: any MediaSource
        do {
            source = try ports.sources.open(camera.settings.location, wake: wake)
        } catch {
            return error
        }
        detect = camera.settings.detectLocation.map {
            DetectStream($0, camera: camera.settings, ports: ports, tamper: tamper, wake: wake)
        }
        // Clips are finished beside the loop; the group ends when the last one is done.
        let failure = await withDiscardingTaskGroup(returning: SourceError.self) { finishing in
            var failure = SourceError(.ended, "the camera's session was stopped")
            loop: for await _ in wakes {
                for item in source.drain() {
                    do throws(SourceError) {
                        try receive(item, wake: wake)
                    } catch {
                        failure = error
                        break loop
                    }
                }
                do throws(SourceError) {
                    try analyseDetect(wake: wake)
                    try analyse()
                } catch {
                    failure = error
                    break loop
                }
                listen()
                for transcoder in advanceTranscode() { finishing.addTask { await transcoder.close() } }
                for recording in takeComplete() {
                    finishing.addTask { await recording.finish() }
                }
                for decoder in takeClosedDecoders() {
                    finishing.addTask { await decoder.close() }
                }
                for source in detect?.takeClosedSources() ?? [] {
                    finishing.addTask { await source.close() }
                }
                for decoder in hearing?.takeClosed() ?? [] { finishing.addTask { await decoder.close() } }
                for work in segments?.takeWork() ?? [] { finishing.addTask { await work() } }
                source.rest(isAtRest)
                // A wake that waits already does not suspend: others would not get their turn.
                if analysis?.hasMore ?? false { await Task.yield() }
            }
            endStream()
            for transcoder in advanceTranscode() { finishing.addTask { await transcoder.close() } }
            for work in segments?.takeWork() ?? [] { finishing.addTask { await work() } }
            for recording in takeComplete() {
                finishing.addTask { await recording.finish() }
            }
            continuation.finish()
            await source.close()
            for source in detect?.takeClosedSources() ?? [] { await source.close() }
            for decoder in takeClosedDecoders() { await decoder.close() }
            for decoder in hearing?.takeClosed() ?? [] { await decoder.close() }
            return failure
        }
        return failure
    }

    /// True while nothing needs the newest picture at once: nobody watches, and nothing is recorded or decoded.
    private var isAtRest: Bool {
        analysis?.ladder.rung == .asleep && viewers.isEmpty && transcode == nil && detect == nil
            && recordings.isEmpty && closing.isEmpty
    }

    private func receive(_ item: SourceItem, wake: @escaping @Sendable () -> Void) throws(SourceError) {
        switch item {
        case .failed(let error):
            throw error
        case .stream(let description):
            if detect == nil { analysis = try makeAnalysis(of: description, wake: wake) }
            stream = description
            segments = SegmentRecorder(
                description, camera: camera, clips: ports.clips, spool: ports.segments,
                segmentSeconds: ports.segmentSeconds, at: ports.clock.now, logger: logger)
            board.streaming(description)
            logger.info(
                "camera is online",
                metadata: [
                    "codec": "\(description.codec.rawValue)",
                    "size": "\(description.widthPixels)x\(description.heightPixels)",
                ])
            if let remark = description.soundRemark { logger.warning("\(remark)") }
            beginHearing(description)
        case .accessUnit(let unit):
            var isNewest = false
            if unit.track == .video {
                if unit.isKeyframe { ring.maximumBytes = ports.rings.share }
                clock.observe(unit.presentation, arrivedAt: unit.arrivedAt)
                // The latest picture so far: all those before it in presentation order have arrived.
                if lastVideo.map({ unit.presentation > $0 }) ?? true {
                    lastVideo = unit.presentation
                    isNewest = true
                    complete += closing
                    closing = []
                }
            }
            // What waits for its first decoder must not be thrown away as seen.
            if analysis != nil, ring.looked == nil, unit.track == .video { ring.looked(at: unit.presentation) }
            ring.append(unit)
            viewers.offer(unit)
            transcode?.received(unit, at: .now)
            segments?.received(unit, clock: clock, oldest: ring.oldest)
            board.received(
                unit, keyframeIntervalSeconds: ring.keyframeIntervalSeconds, bufferedBytes: ring.byteCount)
            for recording in recordings.values { recording.writer.append(unit) }
            for recording in closing { recording.writer.append(unit) }
            analysis?.received(unit)
            hearing?.received(unit)
            if isNewest { advanceTriggers(to: unit) }
        }
    }

    /// Looks at what the decoders have, and gives them more.
    private func analyse() throws(SourceError) {
        guard let analysis else { return }
        for step in try analysis.advance(ring) {
            ring.looked(at: step.frame.presentation)
            perform(step.actions, frame: step.frame, state: .ready)
            if let tampering = step.tampering { report(tampering, at: step.frame.presentation) }
            offerEvidence(step.frame, at: step.frame.presentation, step.actions)
            note(step.activity, at: step.frame.presentation)
            let slot = analysis.openSlot ?? triggers.newestSlot
            board.analysed(step.frame, openEvent: slot.flatMap { identifiers[$0] })
        }
        for complaint in analysis.takeComplaints() {
            logger.warning("a picture could not be analysed", metadata: ["error": "\(complaint)"])
        }
        let rung = analysis.ladder.rung
        board.climbed(
            rung, reason: analysis.ladder.reason, decoder: analysis.decoderName, fallback: ports.decoders.fallback,
            dropped: leaving.dropped + analysis.dropped,
            waitedSeconds: leaving.waitedSeconds + analysis.waitedSeconds, audits: analysis.ladder.estimate)
    }

    private func endStream() {
        isOver = true
        viewers.end()
        transcode?.finish(.connectionOver)
        hearing?.stop()
        let end = lastVideo ?? MediaTime(nanoseconds: 0)
        if let detect {
            detect.end(main: clock)
            if let (gone, shift) = detect.takeLeft() { leaving.add(gone, shift: shift) }
        }
        let actions =
            (analysis?.endStream(at: end) ?? []) + leaving.endStream(at: end)
            + triggers.streamEnded(at: end)
        perform(actions, frame: nil, state: .interrupted)
        segments?.streamEnded(clock)
        complete += closing
        closing = []
    }

    private func takeClosedDecoders() -> [any FrameDecoder] {
        defer { closedDecoders = [] }
        return closedDecoders + (analysis?.takeClosed() ?? []) + (detect?.takeClosedDecoders() ?? [])
    }

    private func takeComplete() -> [EventRecording] {
        defer { complete = [] }
        return complete
    }

    func perform(_ actions: [EventAction], frame: (any DecodedFrame)?, state: Event.State) {
        for action in actions {
            switch action {
            case .open(let slot, let triggered, let started, let clipFrom, let continues):
                open(slot, triggered: triggered, started: started, clipFrom: clipFrom, continues: continues)
            case .moving(let slot, let at, let score, let boxes):
                if let frame { recordings[slot]?.moved(at: at, score: score, boxes: boxes, frame: frame) }
            case .close(let slot, let span, _):
                segments?.eventEnded()
                guard let recording = recordings.removeValue(forKey: slot) else { continue }
                recording.close(span: span, state: state)
                closing.append(recording)
                identifiers = identifiers.filter { $0.key.kind != slot.kind || $0.key.number > slot.number - 8 }
            }
        }
    }

    private func open(
        _ slot: EventSlot, triggered: MediaTime, started: MediaTime, clipFrom: MediaTime, continues: EventSlot?
    ) {
        segments?.eventBegan(clipFrom: clipFrom)
        let units = ring.units(from: clipFrom)
        guard let stream, let first = units.first(where: { $0.track == .video })?.presentation,
            let triggeredAt = clock.wall(triggered), let startedAt = clock.wall(started),
            let clipStartsAt = clock.wall(first)
        else { return }
        let id = Identifier<Event>.make(at: triggeredAt)
        let draft = EventDraft(
            id: id, organization: camera.organization, site: camera.site, camera: camera.id, kind: slot.kind,
            triggeredAt: triggeredAt, startedAt: startedAt, clipStartsAt: clipStartsAt,
            continues: continues.flatMap { identifiers[$0] }, triggerLabel: triggers.label(of: slot))
        do {
            let path = try ports.spool.begin(draft)
            let writer = try ports.clips.open(stream, path: path)
            for unit in units { writer.append(unit) }
            identifiers[slot] = id
            recordings[slot] = EventRecording(
                draft: draft, stream: stream, writer: writer, clipStarts: first,
                hasZones: camera.settings.zones.contains { $0.kind == .include }, clock: clock, ports: ports,
                logger: logger)
            logger.info("event", metadata: ["event": "\(id)", "kind": "\(slot.kind.rawValue)"])
        } catch {
            ports.spool.discard(id)
            logger.error("an event could not be recorded", metadata: ["event": "\(id)", "error": "\(error)"])
        }
    }
}
