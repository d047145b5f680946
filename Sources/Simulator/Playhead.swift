/// Where one connection is in its program, and what is due: a value without a clock. Instants are nanoseconds of any
/// monotonic clock.
struct Playhead: Sendable {
    /// One unit to be sent.
    struct Emission: Sendable, Hashable {
        var step: Timeline.Step
        /// How often the loop has been begun, from 0.
        var turn: Int
        /// On the connection's timeline: starts near zero and goes on over the loop's end without a break.
        var presentation: Int64
        /// When this turn's time zero is, or would have been.
        var turnStart: Int64
    }

    let timeline: Timeline
    let repeats: Bool
    /// The next step to be sent.
    private(set) var turn: Int
    private(set) var index: Int
    /// The instant of time zero of turn 0; nil while the playhead does not run.
    private(set) var origin: Int64?
    /// What makes presentation times of this connection start at zero.
    private let base: Int64
    /// By track: a unit that was sent ahead of time, to be left out when its time comes.
    private var sentAhead: [Int: (turn: Int, unit: Int)] = [:]

    /// The most that a late caller catches up by sending faster; beyond it the program slides.
    static let patience: Int64 = 1_000_000_000

    init(timeline: Timeline, repeats: Bool, turn: Int, index: Int) {
        self.timeline = timeline
        self.repeats = repeats
        self.turn = turn
        self.index = index
        base = Int64(turn) * timeline.loopNanoseconds + timeline.steps[index].send - timeline.leadNanoseconds
    }

    /// True when everything was sent, which only a playhead that does not repeat comes to.
    var isAtEnd: Bool { !repeats && turn > 0 }

    /// When the current turn's time zero is, or would have been; nil while stopped.
    var turnStart: Int64? { origin.map { $0 + Int64(turn) * timeline.loopNanoseconds } }

    /// When `due` has something next; nil at the end and while stopped.
    var nextDue: Int64? {
        guard let origin, !isAtEnd else { return nil }
        return origin + Int64(turn) * timeline.loopNanoseconds + timeline.steps[index].send
    }

    /// The first unit of a track, to be sent before the playhead runs; nil when it was sent already or there is none.
    mutating func ahead(track: Int) -> Emission? {
        guard sentAhead[track] == nil, !isAtEnd else { return nil }
        if let step = timeline.steps[index...].first(where: { $0.track == track }) {
            sentAhead[track] = (turn, step.unit)
            return emission(step, turn: turn, origin: 0)
        }
        // Sound that ends before the pictures do: its next unit is in the next turn.
        guard repeats, let step = timeline.steps.first(where: { $0.track == track }) else { return nil }
        sentAhead[track] = (turn + 1, step.unit)
        return emission(step, turn: turn + 1, origin: 0)
    }

    /// Begins, or goes on after `stop`, with the next step due right now.
    mutating func run(at now: Int64) {
        origin = now - Int64(turn) * timeline.loopNanoseconds - timeline.steps[index].send
    }

    mutating func stop() { origin = nil }

    /// Everything due by `now`, in order.
    mutating func due(at now: Int64) -> [Emission] {
        var result: [Emission] = []
        while let due = nextDue, due <= now, let origin {
            if now - due > Self.patience {
                run(at: now)
                continue
            }
            let step = timeline.steps[index]
            if let sent = sentAhead[step.track], sent == (turn, step.unit) {
                sentAhead[step.track] = nil
            } else {
                result.append(emission(step, turn: turn, origin: origin))
            }
            index += 1
            if index == timeline.steps.count { (index, turn) = (0, turn + 1) }
        }
        return result
    }

    private func emission(_ step: Timeline.Step, turn: Int, origin: Int64) -> Emission {
        let loopStart = Int64(turn) * timeline.loopNanoseconds
        return Emission(
            step: step, turn: turn, presentation: loopStart + step.presentation - base, turnStart: origin + loopStart)
    }
}
