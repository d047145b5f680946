/// Turns a stream of moving and still frames into events and their clips.
///
/// An event opens when enough of the latest frames moved, takes motion until none came for the merge gap, and then only
/// waits for its post-roll to pass. Motion that comes meanwhile opens the next event, so several may be waiting at once,
/// but at most one takes motion. Frames must come in order of time; one that does not advance is ignored.
package struct EventMachine: Sendable {
    package let settings: EventSettings

    /// One looked-at frame of the debounce window.
    private struct Observation {
        var at: MediaTime
        var since: MediaTime
        var moving: Bool
        var score: Double
    }

    /// An event whose clip is running.
    private struct Running {
        var slot: EventSlot
        var span: EventSpan
        var clipFrom: MediaTime
    }

    /// The longest debounce window, whatever a broken camera's clock says.
    private static let maximumWindowFrames = 256
    private static let maximumBackdatingSeconds = 3.0

    private var beginning: MediaTime?
    private var latest: MediaTime?
    private var window: [Observation] = []
    private var taking: Running?
    private var waiting: [Running] = []
    private var coolUntil: MediaTime?
    private var nextNumber: Int

    /// `firstSlot` numbers the first event: machines whose events may run at the same time begin far apart.
    package init(settings: EventSettings, firstSlot: Int = 1) {
        self.settings = settings
        nextNumber = firstSlot
    }

    /// The event that takes motion now, if any.
    package var openSlot: EventSlot? { taking?.slot }

    /// Every event whose clip is still running, oldest first.
    package var runningSlots: [EventSlot] { waiting.map(\.slot) + (taking.map { [$0.slot] } ?? []) }

    /// Takes the judgement of one frame. `score` is the share of the picture that moved, 0–1. `since` tells that what
    /// moves was already moving then, before it was known to; an event that opens starts there.
    package mutating func observe(
        at time: MediaTime, moving: Bool, score: Double, boxes: [ZonedBox], since: MediaTime? = nil
    ) -> [EventAction] {
        if let latest, time <= latest { return [] }
        latest = time
        beginning = beginning ?? time
        retire(at: time)
        var actions = closeWaiting(at: time)
        if taking != nil {
            if moving { actions += extend(at: time, score: score, boxes: boxes) }
        } else {
            actions += consider(at: time, moving: moving, score: score, boxes: boxes, since: since)
        }
        return actions
    }

    /// The connection is over: every clip ends at `time` at the latest. The next frame may begin a new timeline.
    package mutating func streamEnded(at time: MediaTime) -> [EventAction] {
        if let taking { waiting.append(taking) }
        let actions = waiting.map { running in
            EventAction.close(running.slot, running.span, clipUntil: min(clipEnd(of: running), time))
        }
        taking = nil
        waiting = []
        window = []
        latest = nil
        beginning = nil
        coolUntil = nil
        return actions
    }

    private func clipEnd(of running: Running) -> MediaTime {
        running.span.ended.advanced(bySeconds: settings.postRollSeconds)
    }

    /// Lets the open event take no more motion once the merge gap has passed.
    private mutating func retire(at time: MediaTime) {
        guard let running = taking, time.seconds(since: running.span.ended) > settings.mergeGapSeconds else { return }
        waiting.append(running)
        taking = nil
        window = []
        coolUntil = running.span.ended.advanced(bySeconds: settings.coolDownSeconds)
    }

    private mutating func closeWaiting(at time: MediaTime) -> [EventAction] {
        guard !waiting.isEmpty else { return [] }
        let done = waiting.filter { clipEnd(of: $0) <= time }
        waiting = waiting.filter { clipEnd(of: $0) > time }
        return done.map { .close($0.slot, $0.span, clipUntil: clipEnd(of: $0)) }
    }

    /// Adds a moving frame to the open event, or cuts it there when its clip is long enough.
    private mutating func extend(at time: MediaTime, score: Double, boxes: [ZonedBox]) -> [EventAction] {
        guard var running = taking else { return [] }
        if time.seconds(since: running.clipFrom) >= settings.maximumLengthSeconds {
            let slot = takeSlot()
            taking = Running(
                slot: slot, span: EventSpan(triggered: time, started: time, ended: time, score: score), clipFrom: time)
            return [
                .close(running.slot, running.span, clipUntil: time),
                .open(slot, triggered: time, started: time, clipFrom: time, continues: running.slot),
                .moving(slot, at: time, score: score, boxes: boxes),
            ]
        }
        running.span.ended = time
        running.span.score = max(running.span.score, score)
        taking = running
        return [.moving(running.slot, at: time, score: score, boxes: boxes)]
    }

    /// Puts a frame into the debounce window and opens an event when the window says so.
    private mutating func consider(
        at time: MediaTime, moving: Bool, score: Double, boxes: [ZonedBox], since: MediaTime?
    ) -> [EventAction] {
        if let coolUntil, time < coolUntil { return [] }
        window.append(Observation(at: time, since: startOfMotion(at: time, since: since), moving: moving, score: score))
        let oldest = time.advanced(bySeconds: -settings.debounceSeconds)
        let excess = window.count - settings.debounceFrames
        let stale = window.prefix(max(excess, 0)).prefix { $0.at < oldest }.count
        window.removeFirst(max(stale, window.count - Self.maximumWindowFrames))

        let hits = window.filter(\.moving)
        let frames = max(window.count, settings.debounceFrames)
        guard moving, let started = hits.map(\.since).min(),
            hits.count * settings.debounceFrames >= frames * settings.debounceHits
        else { return [] }

        let slot = takeSlot()
        let span = EventSpan(
            triggered: time, started: started, ended: time, score: hits.map(\.score).max() ?? score)
        let clipFrom = started.advanced(bySeconds: -settings.preRollSeconds)
        taking = Running(slot: slot, span: span, clipFrom: clipFrom)
        window = []
        return [
            .open(slot, triggered: time, started: started, clipFrom: clipFrom, continues: nil),
            .moving(slot, at: time, score: score, boxes: boxes),
        ]
    }

    /// `since` within reason: not long ago, not before this timeline, not into the event before or its cool-down.
    private func startOfMotion(at time: MediaTime, since: MediaTime?) -> MediaTime {
        guard let since, since < time else { return time }
        let floor = [
            time.advanced(bySeconds: -Self.maximumBackdatingSeconds), beginning, coolUntil, waiting.last?.span.ended,
        ].compactMap { $0 }.max()
        return max(since, floor ?? since)
    }

    private mutating func takeSlot() -> EventSlot {
        defer { nextNumber += 1 }
        return EventSlot(number: nextNumber)
    }
}
