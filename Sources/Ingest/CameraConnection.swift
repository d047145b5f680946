import Domain
import Logging

/// One connection to a camera, from the first packet to the failure that ends it.
///
/// Data flow: source → ring buffer and running clips (every access unit, I6); beside it, from the ring, as much as the
/// activity ladder asks for → decoder → motion → event machine → clips opened and closed. All of it runs in `run`'s task;
/// adapters' threads only wake it.
actor CameraConnection {
    private let camera: Camera
    private let ports: IngestPorts
    private let board: StatusBoard
    private let logger: Logger

    private var stream: StreamDescription?
    private var analysis: CameraAnalysis?
    private var ladder: Ladder
    private var ring: GOPRing
    private var clock = ClockMap()
    private var lastVideo: MediaTime?
    private var viewers = LiveViewers()
    private var segments: SegmentRecorder?
    private var isOver = false
    private var recordings: [EventSlot: EventRecording] = [:]
    /// Their spans are over; they take what arrives until a picture comes that none can precede in presentation order, or
    /// a stream with B pictures would lose some at the cut.
    private var closing: [EventRecording] = []
    /// They have everything that belongs to them and wait to be finished.
    private var complete: [EventRecording] = []
    /// Ids of events by slot, kept a little longer than the recordings for `continues`.
    private var identifiers: [EventSlot: Identifier<Event>] = [:]

    /// Extra seconds the ring keeps beyond the pre-roll: an event may be told three seconds after it began.
    private static let ringMarginSeconds = 5.0
    private static let ringMaximumBytes = 96 << 20

    /// `memory` is the ladder of the connection before.
    init(camera: Camera, ports: IngestPorts, board: StatusBoard, logger: Logger, memory: Ladder? = nil) {
        self.camera = camera
        self.ports = ports
        self.board = board
        self.logger = logger
        ladder = Ladder(
            settings: LadderSettings(mode: camera.settings.analysis), seed: UInt64.random(in: 0...UInt64.max),
            memory: memory)
        ring = GOPRing(
            keepSeconds: camera.settings.preRollSeconds + Self.ringMarginSeconds, maximumBytes: Self.ringMaximumBytes)
    }

    /// What the ladder knows about the camera by now.
    var memory: Ladder { analysis?.ladder ?? ladder }

    /// A viewer that begins at the newest keyframe; nil where there is none yet, or no more.
    func watch(withAudio: Bool, onTooSlow: @escaping @Sendable () -> Void) throws -> LiveViewer? {
        guard let stream, !isOver, let backlog = ring.newestGroup else { return nil }
        let viewer = LiveViewer(
            try ports.live.open(stream, withAudio: withAudio), backlog: backlog, onTooSlow: onTooSlow)
        viewers.add(viewer)
        return viewer
    }

    /// Runs until the source fails or the task is cancelled; returns when all clips are finished.
    func run() async -> SourceError {
        let (wakes, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let wake: @Sendable () -> Void = { continuation.yield() }
        let source: any MediaSource
        do {
            source = try ports.sources.open(camera.settings.location, wake: wake)
        } catch {
            return error
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
                    try analyse()
                } catch {
                    failure = error
                    break loop
                }
                for recording in takeComplete() {
                    finishing.addTask { await recording.finish() }
                }
                for decoder in analysis?.takeClosed() ?? [] {
                    finishing.addTask { await decoder.close() }
                }
                for work in segments?.takeWork() ?? [] { finishing.addTask { await work() } }
            }
            endStream()
            for work in segments?.takeWork() ?? [] { finishing.addTask { await work() } }
            for recording in takeComplete() {
                finishing.addTask { await recording.finish() }
            }
            continuation.finish()
            await source.close()
            for decoder in analysis?.takeClosed() ?? [] { await decoder.close() }
            return failure
        }
        return failure
    }

    private func receive(_ item: SourceItem, wake: @escaping @Sendable () -> Void) throws(SourceError) {
        switch item {
        case .failed(let error):
            throw error
        case .stream(let description):
            do {
                analysis = try CameraAnalysis(
                    description, camera: camera.settings, ports: ports, ladder: ladder, wake: wake)
            } catch {
                throw SourceError(.internalFailure, "motion analysis cannot start: \(error)")
            }
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
        case .accessUnit(let unit):
            if unit.track == .video {
                clock.observe(unit.presentation, arrivedAt: unit.arrivedAt)
                // The latest picture so far: all those before it in presentation order have arrived.
                if lastVideo.map({ unit.presentation > $0 }) ?? true {
                    lastVideo = unit.presentation
                    complete += closing
                    closing = []
                }
            }
            ring.append(unit)
            viewers.offer(unit)
            segments?.received(unit, clock: clock, oldest: ring.oldest)
            board.received(unit, keyframeIntervalSeconds: ring.keyframeIntervalSeconds)
            for recording in recordings.values { recording.writer.append(unit) }
            for recording in closing { recording.writer.append(unit) }
            analysis?.received(unit)
        }
    }

    /// Looks at what the decoders have, and gives them more.
    private func analyse() throws(SourceError) {
        guard let analysis else { return }
        for step in try analysis.advance(ring) {
            ring.looked(at: step.frame.presentation)
            perform(step.actions, frame: step.frame, state: .ready)
            board.analysed(step.frame, openEvent: analysis.openSlot.flatMap { identifiers[$0] })
        }
        for complaint in analysis.takeComplaints() {
            logger.warning("a picture could not be analysed", metadata: ["error": "\(complaint)"])
        }
        let rung = analysis.ladder.rung
        board.climbed(
            rung, reason: analysis.ladder.reason, decoder: analysis.decoderName, fallback: ports.decoders.fallback,
            dropped: analysis.dropped, waitedSeconds: analysis.waitedSeconds, audits: analysis.ladder.estimate)
    }

    private func endStream() {
        isOver = true
        viewers.end()
        let actions = analysis?.endStream(at: lastVideo ?? MediaTime(nanoseconds: 0)) ?? []
        perform(actions, frame: nil, state: .interrupted)
        segments?.streamEnded(clock)
        complete += closing
        closing = []
    }

    private func takeComplete() -> [EventRecording] {
        defer { complete = [] }
        return complete
    }

    private func perform(_ actions: [EventAction], frame: (any DecodedFrame)?, state: Event.State) {
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
                identifiers = identifiers.filter { $0.key.number > slot.number - 8 }
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
            id: id, organization: camera.organization, site: camera.site, camera: camera.id, kind: .motion,
            triggeredAt: triggeredAt, startedAt: startedAt, clipStartsAt: clipStartsAt,
            continues: continues.flatMap { identifiers[$0] })
        do {
            let path = try ports.spool.begin(draft)
            let writer = try ports.clips.open(stream, path: path)
            for unit in units { writer.append(unit) }
            identifiers[slot] = id
            recordings[slot] = EventRecording(
                draft: draft, stream: stream, writer: writer, clipStarts: first,
                hasZones: camera.settings.zones.contains { $0.kind == .include }, clock: clock, ports: ports,
                logger: logger)
            logger.info("event", metadata: ["event": "\(id)"])
        } catch {
            ports.spool.discard(id)
            logger.error("an event could not be recorded", metadata: ["event": "\(id)", "error": "\(error)"])
        }
    }
}
