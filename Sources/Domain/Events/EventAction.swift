/// Names one event of a camera's state machine while it is going on; the shell maps it to an `Identifier<Event>`.
package struct EventSlot: Hashable, Sendable {
    package var number: Int
    /// Numbers are told apart by what made them: motion's machine or that of the other triggers.
    package var kind: Event.Kind
    package init(number: Int, kind: Event.Kind = .motion) {
        self.number = number
        self.kind = kind
    }
}

/// What moved and when, on the connection's timeline.
package struct EventSpan: Sendable, Hashable {
    /// The frame at which the debounce was satisfied.
    package var triggered: MediaTime
    /// The first and last moving frame.
    package var started: MediaTime
    package var ended: MediaTime
    /// Largest share of the picture that moved, 0–1.
    package var score: Double

    package init(triggered: MediaTime, started: MediaTime, ended: MediaTime, score: Double) {
        self.triggered = triggered
        self.started = started
        self.ended = ended
        self.score = score
    }
}

extension EventAction {
    /// The same on a timeline that is ahead by so many nanoseconds; clips begin earlier by `margin` seconds, as two
    /// timelines never agree entirely.
    package func shifted(nanoseconds shift: Int64, margin: Double) -> Self {
        func moved(_ time: MediaTime) -> MediaTime { MediaTime(nanoseconds: time.nanoseconds &+ shift) }
        switch self {
        case .open(let slot, let triggered, let started, let clipFrom, let continues):
            return .open(
                slot, triggered: moved(triggered), started: moved(started),
                clipFrom: continues == nil ? moved(clipFrom).advanced(bySeconds: -margin) : moved(clipFrom),
                continues: continues)
        case .moving(let slot, let at, let score, let boxes):
            return .moving(slot, at: moved(at), score: score, boxes: boxes)
        case .close(let slot, var span, let clipUntil):
            span.triggered = moved(span.triggered)
            span.started = moved(span.started)
            span.ended = moved(span.ended)
            return .close(slot, span, clipUntil: moved(clipUntil))
        }
    }
}

/// What the event state machine asks its shell to do.
package enum EventAction: Sendable, Hashable {
    /// Begin a clip at the newest keyframe at or before `clipFrom` and let it run. `continues` is the event that was cut
    /// at the maximum length and whose clip ends exactly where this one begins.
    case open(EventSlot, triggered: MediaTime, started: MediaTime, clipFrom: MediaTime, continues: EventSlot?)
    /// A moving frame belongs to this event: a candidate for evidence.
    case moving(EventSlot, at: MediaTime, score: Double, boxes: [ZonedBox])
    /// End the clip after the last unit presented before `clipUntil`; the event is over.
    case close(EventSlot, EventSpan, clipUntil: MediaTime)
}
