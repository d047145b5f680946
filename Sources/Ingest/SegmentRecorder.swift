import Domain
import Logging

/// Records one connection's stream in segments. Fed with every access unit; not shared between threads.
///
/// Work that takes time (completing files) is handed back as closures that its connection runs in tasks of its own.
package final class SegmentRecorder {
    package typealias Work = @Sendable () async -> Void

    private let stream: StreamDescription
    private let camera: Camera
    private let clips: any ClipWriterOpener
    private let spool: any SegmentSpool
    private let logger: Logger
    private let run: Identifier<RecordingRun>
    private var machine: SegmentMachine
    private var recordings: [SegmentSlot: SegmentRecording] = [:]
    private var work: [Work] = []
    private var complainedAt: WallTime?
    private var isFirst = true

    /// Nil where the camera records nothing but events.
    package init?(
        _ stream: StreamDescription, camera: Camera, clips: any ClipWriterOpener, spool: (any SegmentSpool)?,
        segmentSeconds: Double, at now: WallTime, logger: Logger
    ) {
        guard camera.settings.record != .events, let spool else { return nil }
        self.stream = stream
        self.camera = camera
        self.clips = clips
        self.spool = spool
        self.logger = logger
        run = .make(at: now)
        machine = SegmentMachine(segmentSeconds: segmentSeconds, hasAudio: stream.audioFormat != nil)
    }

    /// Takes a unit that was just appended to the ring; `oldest` is where the ring begins.
    package func received(_ unit: AccessUnit, clock: ClockMap, oldest: MediaTime?) {
        switch unit.track {
        case .video:
            perform(
                machine.picture(at: unit.presentation, isKeyframe: unit.isKeyframe, oldest: oldest), clock, unit)
            if let slot = machine.current { recordings[slot]?.writer.append(unit) }
        case .audio:
            let (slot, actions) = machine.sound(at: unit.presentation)
            perform(actions, clock, unit)
            if let slot { recordings[slot]?.writer.append(unit) }
        }
    }

    /// An event's clip began.
    package func eventBegan(clipFrom time: MediaTime) { machine.eventBegan(clipFrom: time) }

    /// An event's clip ended.
    package func eventEnded() { machine.eventEnded() }

    package func streamEnded(_ clock: ClockMap) { perform(machine.streamEnded(), clock, nil) }

    /// What is to be done now; each closure runs once, beside the others.
    package func takeWork() -> [Work] {
        defer { work = [] }
        return work
    }

    private func perform(_ actions: [SegmentAction], _ clock: ClockMap, _ unit: AccessUnit?) {
        for action in actions {
            switch action {
            case .open(let slot, let starts): open(slot, starts, clock, at: unit?.arrivedAt)
            case .cut(let slot, let ends):
                guard let recording = recordings[slot] else { continue }
                // The first one began when next to nothing was known of the clock.
                recording.cut(
                    startsAt: isFirst ? clock.wall(recording.draft.mediaStart) : nil,
                    ends: ends.flatMap { ends in clock.wall(ends).map { ($0, ends) } })
                isFirst = false
            case .close(let slot):
                guard let recording = recordings[slot] else { continue }
                work.append { await recording.finishFile() }
            case .decide(let slot, let hasMotion):
                guard let recording = recordings.removeValue(forKey: slot) else { continue }
                let keep = hasMotion || camera.settings.record == .continuous
                work.append { await recording.decide(keep: keep, hasMotion: hasMotion) }
            }
        }
    }

    private func open(_ slot: SegmentSlot, _ starts: MediaTime, _ clock: ClockMap, at arrived: WallTime?) {
        guard let startsAt = clock.wall(starts) else { return machine.failed(slot) }
        let draft = SegmentDraft(
            id: .make(at: startsAt), organization: camera.organization, site: camera.site, camera: camera.id,
            run: run, startsAt: startsAt, mediaStart: starts)
        do {
            let writer = try clips.openSegment(stream, path: try spool.begin(draft))
            recordings[slot] = SegmentRecording(
                draft: draft, stream: stream, writer: writer, spool: spool, logger: logger)
        } catch {
            spool.discard(draft.id)
            machine.failed(slot)
            // Each keyframe tries again; the log hears of it once a minute.
            if let complainedAt, let arrived, arrived.seconds(since: complainedAt) < 60 { return }
            complainedAt = arrived
            logger.error("a segment could not be recorded", metadata: ["error": "\(error)"])
        }
    }
}
