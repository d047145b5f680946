/// Turns triggers other than motion into events and their clips.
///
/// At most one event of each kind runs at a time: a trigger of that kind makes it last longer, also during its post-roll. Kinds
/// do not touch each other, nor the events of motion, which `EventMachine` makes: each has its whole clip, and what two of them
/// show is kept twice. Times are the stream's, and the clock is the pictures that arrive, decoded or not.
package struct TriggerMachine: Sendable {
    package let settings: EventSettings

    private struct Running {
        var slot: EventSlot
        var label: String?
        var triggered: MediaTime
        var started: MediaTime
        /// When it is over, unless something makes it longer.
        var ends: MediaTime
        var clipFrom: MediaTime

        func span(until time: MediaTime) -> EventSpan {
            EventSpan(triggered: triggered, started: started, ended: max(triggered, min(ends, time)), score: 0)
        }
    }

    /// What became of a trigger.
    package struct Outcome: Sendable, Hashable {
        package var slot: EventSlot
        /// True when an event of the kind was running.
        package var joined: Bool
        package var ends: MediaTime
        package var actions: [EventAction]
    }

    /// Oldest first, one of a kind.
    private var running: [Running] = []
    private var nextNumber = 1

    package init(settings: EventSettings) { self.settings = settings }

    package var isEmpty: Bool { running.isEmpty }
    /// The newest event whose clip is running.
    package var newestSlot: EventSlot? { running.last?.slot }

    package func label(of slot: EventSlot) -> String? { running.first { $0.slot == slot }?.label }

    /// The events to which a picture of this time belongs: neither pre-roll nor post-roll.
    package func slots(at time: MediaTime) -> [EventSlot] {
        running.filter { $0.started <= time && time <= $0.ends }.map(\.slot)
    }

    /// Takes a trigger at `time`, the newest picture's. `since` dates it back: what it tells of began then.
    package mutating func fire(_ trigger: Trigger, at time: MediaTime, since: MediaTime? = nil) -> Outcome {
        let seconds = trigger.seconds.isFinite ? max(trigger.seconds, 0) : 0
        let ends = time.advanced(bySeconds: seconds)
        if let index = running.firstIndex(where: { $0.slot.kind == trigger.kind }) {
            running[index].ends = max(running[index].ends, ends)
            return Outcome(slot: running[index].slot, joined: true, ends: running[index].ends, actions: [])
        }
        let started = min(since ?? time, time)
        let opened = Running(
            slot: takeSlot(trigger.kind), label: trigger.label, triggered: time, started: started, ends: ends,
            clipFrom: started.advanced(bySeconds: -settings.preRollSeconds))
        running.append(opened)
        return Outcome(slot: opened.slot, joined: false, ends: ends, actions: [Self.open(opened, continues: nil)])
    }

    /// What asked for the running event of a kind still goes on: it lasts until `time` at least. Nothing where none runs.
    package mutating func extend(_ kind: Event.Kind, until time: MediaTime) {
        guard let index = running.firstIndex(where: { $0.slot.kind == kind }) else { return }
        running[index].ends = max(running[index].ends, time)
    }

    /// A picture of this time has arrived; they come in order. Ends what is over, and cuts what has become too long: the next
    /// event goes on where it ends.
    package mutating func advance(to time: MediaTime) -> [EventAction] {
        guard !running.isEmpty else { return [] }
        var actions: [EventAction] = []
        var left: [Running] = []
        for event in running {
            let clipUntil = event.ends.advanced(bySeconds: settings.postRollSeconds)
            if clipUntil <= time {
                actions.append(.close(event.slot, event.span(until: time), clipUntil: clipUntil))
            } else if time < event.ends, time.seconds(since: event.clipFrom) >= settings.maximumLengthSeconds {
                var next = event
                next.slot = takeSlot(event.slot.kind)
                (next.triggered, next.started, next.clipFrom) = (time, time, time)
                actions.append(.close(event.slot, event.span(until: time), clipUntil: time))
                actions.append(Self.open(next, continues: event.slot))
                left.append(next)
            } else {
                left.append(event)
            }
        }
        running = left
        return actions
    }

    /// The connection is over: every clip ends at `time` at the latest.
    package mutating func streamEnded(at time: MediaTime) -> [EventAction] {
        let actions = running.map { event in
            EventAction.close(
                event.slot, event.span(until: time),
                clipUntil: min(event.ends.advanced(bySeconds: settings.postRollSeconds), time))
        }
        running = []
        return actions
    }

    /// Its clip could not be opened: there is no such event.
    package mutating func forget(_ slot: EventSlot) { running.removeAll { $0.slot == slot } }

    private static func open(_ event: Running, continues: EventSlot?) -> EventAction {
        .open(
            event.slot, triggered: event.triggered, started: event.started, clipFrom: event.clipFrom,
            continues: continues)
    }

    private mutating func takeSlot(_ kind: Event.Kind) -> EventSlot {
        defer { nextNumber += 1 }
        return EventSlot(number: nextNumber, kind: kind)
    }
}
