import Synchronization

/// Sends one stream's program to its clients: the shell around `Playhead`.
///
/// Called by the server's thread (`tick`), by client threads (`add`, state changes) and by streaming threads (`need`).
/// One lock, held only while units are queued, which never blocks. Nothing else is locked while it is held.
final class CameraFeed: Sendable {
    /// What the site has to do after a tick.
    struct Outcome {
        /// When to call again; nil while nothing plays.
        var next: Int64?
        /// True when this stream's clients must be hung up on.
        var hangUp = false
    }

    private struct Outlet {
        var playhead: Playhead
        /// By track.
        var sources: [MediaSource]
        /// When it began to play; nil before.
        var playingSince: Int64?
        var isStalled = false
        var hasHungUp = false
        var garbler: Garbler
        /// What it sends instead of its own program, from keyframe to keyframe.
        var resized: Program?
    }

    private struct State {
        var outlets: [Int: Outlet] = [:]
        var nextOutlet = 0
        /// A shared feed goes on where it would be had somebody been watching: instant of turn 0's time zero.
        var origin: Int64?
        var turns = 0
        var isSilenced = false
        /// The same pictures in another size, while they are wanted.
        var resized: MediaSupply?
        var counters = FeedCounters()
    }

    let name: String
    let supply: MediaSupply
    /// Of its tracks.
    let codecs: [StreamCodec]
    /// RTP timestamp of each connection's first packet; random without one.
    let firstTimestamp: UInt32?
    let parameterSets: ParameterSets
    private let isShared: Bool
    private let repeats: Bool
    let fault: Fault?
    let faults: ActiveFaults
    private let clock: @Sendable () -> FeedInstant
    private let state = Mutex(State())

    init(
        name: String, supply: MediaSupply, codecs: [StreamCodec], isShared: Bool, repeats: Bool, fault: Fault?,
        faults: ActiveFaults = ActiveFaults(), firstTimestamp: UInt32? = nil,
        parameterSets: ParameterSets = .everywhere,
        clock: @escaping @Sendable () -> FeedInstant
    ) {
        self.name = name
        self.supply = supply
        self.codecs = codecs
        self.isShared = isShared
        self.repeats = repeats
        self.fault = fault
        self.faults = faults
        self.firstTimestamp = firstTimestamp
        self.parameterSets = parameterSets
        self.clock = clock
    }

    var counters: FeedCounters { state.withLock(\.counters) }

    /// Takes no notice of time any more: what plays gets nothing. Undone by `silence(false)`.
    func silence(_ on: Bool) { state.withLock { $0.isSilenced = on } }

    /// Sends this program's pictures, which are the same in another size, from the next keyframe on; nil for its own.
    func resize(_ program: MediaSupply?) { state.withLock { $0.resized = program } }

    /// Adds a media's sources, one per track; returns its number.
    func add(_ sources: [MediaSource], program: Program) -> Int {
        let now = clock().monotonic
        return state.withLock { state in
            let number = state.nextOutlet
            state.nextOutlet += 1
            state.counters.sessions += 1
            state.outlets[number] = Outlet(
                playhead: playhead(for: program.timeline, at: now, origin: state.origin), sources: sources,
                garbler: Garbler(seed: UInt64(number) &+ 5), resized: state.resized?.ifReady)
            return number
        }
    }

    /// A source of a media that does not play yet wants its first unit, so that the server can describe it.
    func need(_ number: Int, track: Int, program: Program) {
        state.withLock { state in
            guard var outlet = state.outlets[number], outlet.playingSince == nil,
                let first = outlet.playhead.ahead(track: track)
            else { return }
            let resized = resizedProgram(program, for: first, of: &outlet, state.resized)
            send(first, of: resized, to: &outlet, counters: &state.counters)
            state.outlets[number] = outlet
        }
    }

    /// A client has begun to play the media, or the last one has paused it.
    func play(_ number: Int, _ isPlaying: Bool) {
        let now = clock()
        state.withLock { state in
            guard var outlet = state.outlets[number] else { return }
            if isPlaying, outlet.playhead.origin == nil {
                outlet.playhead.run(at: now.monotonic)
                outlet.playingSince = outlet.playingSince ?? now.monotonic
                if isShared { state.origin = outlet.playhead.origin }
                // The first unit is out: it was what the server held back until now.
                if let start = outlet.playhead.turnStart {
                    state.counters.note(turn: outlet.playhead.turn, startedAt: now.wall(of: start))
                }
            } else if !isPlaying {
                outlet.playhead.stop()
            }
            state.outlets[number] = outlet
        }
    }

    func remove(_ number: Int) {
        state.withLock { state in _ = state.outlets.removeValue(forKey: number) }
    }

    /// Sends what is due.
    func tick() -> Outcome {
        guard let program = supply.ifReady else { return Outcome() }
        let now = clock()
        let isStalled = faults.has(.stall)
        return state.withLock { state in
            var outcome = Outcome()
            for number in state.outlets.keys {
                guard var outlet = state.outlets[number], let since = outlet.playingSince else { continue }
                apply(fault, to: &outlet, playedFor: now.monotonic - since, outcome: &outcome)
                let wasAtEnd = outlet.playhead.isAtEnd
                for emission in outlet.playhead.due(at: now.monotonic) {
                    state.counters.note(turn: emission.turn, startedAt: now.wall(of: emission.turnStart))
                    if outlet.isStalled || isStalled || state.isSilenced { continue }
                    let resized = resizedProgram(program, for: emission, of: &outlet, state.resized)
                    send(emission, of: resized, to: &outlet, counters: &state.counters)
                }
                if isShared, let origin = outlet.playhead.origin { state.origin = origin }
                if outlet.playhead.isAtEnd, !wasAtEnd {
                    for source in outlet.sources { source.end() }
                    if isShared { state.origin = nil }
                }
                if let next = outlet.playhead.nextDue { outcome.next = min(outcome.next ?? next, next) }
                state.outlets[number] = outlet
            }
            return outcome
        }
    }

    // MARK: Inside

    private func playhead(for timeline: Timeline, at now: Int64, origin: Int64?) -> Playhead {
        guard isShared, let origin, now > origin else {
            return Playhead(timeline: timeline, repeats: repeats, turn: 0, index: 0)
        }
        let turn = repeats ? Int((now - origin) / timeline.loopNanoseconds) : 0
        let position = (now - origin) - Int64(turn) * timeline.loopNanoseconds
        guard position < timeline.loopNanoseconds else {
            return Playhead(timeline: timeline, repeats: repeats, turn: 0, index: 0)
        }
        // Nobody was watching, so the feed may go back to the last keyframe, as a camera makes one for a new client.
        return Playhead(timeline: timeline, repeats: repeats, turn: turn, index: timeline.entry(atOrBefore: position))
    }

    private func apply(_ fault: Fault?, to outlet: inout Outlet, playedFor elapsed: Int64, outcome: inout Outcome) {
        switch fault {
        case .stall(let seconds): outlet.isStalled = Double(elapsed) >= seconds * 1e9
        case .drop(let seconds) where !outlet.hasHungUp && Double(elapsed) >= seconds * 1e9:
            outlet.hasHungUp = true
            outcome.hangUp = true
        default: break
        }
    }

    private func send(
        _ emission: Playhead.Emission, of program: Program, to outlet: inout Outlet, counters: inout FeedCounters
    ) {
        let track = program.tracks[emission.step.track]
        let unit = track.units[emission.step.unit]
        let source = outlet.sources[emission.step.track]
        let taken: Bool
        if track.codec.isVideo,
            let damaged = damaged(
                track.bytes.bytes(at: unit.offset, count: unit.byteCount), codec: track.codec, with: &outlet.garbler)
        {
            taken = source.push(unit, garbled: damaged, presentation: emission.presentation)
            counters.unitsGarbled += 1
        } else {
            taken = source.push(unit, of: track.bytes, presentation: emission.presentation)
        }
        if !taken {
            counters.unitsDropped += 1
        } else if emission.step.track == 0 {
            counters.unitsSent += 1
            counters.bytesSent += unit.byteCount
        } else {
            counters.audioUnitsSent += 1
        }
    }
}

extension CameraFeed {
    /// What the camera's encoder makes of a picture: a damaged copy, or nil when it stays as it is.
    private func damaged(
        _ bytes: UnsafeRawBufferPointer, codec: StreamCodec, with garbler: inout Garbler
    ) -> [UInt8]? {
        var garbled = faults.latest { if case .garble(let share) = $0 { share } else { nil } }
        if case .corrupt(let share) = fault { garbled = share }
        if let garbled, let copy = garbler.garble(bytes, codec: codec, share: garbled) { return copy }
        let truncated = faults.latest { if case .truncate(let share) = $0 { share } else { nil } }
        return truncated.flatMap { garbler.truncate(bytes, share: $0) }
    }

    /// The program to take a unit from: the resized one changes with keyframes only.
    private func resizedProgram(
        _ program: Program, for emission: Playhead.Emission, of outlet: inout Outlet, _ supply: MediaSupply?
    ) -> Program {
        if emission.step.isEntry { outlet.resized = supply?.ifReady }
        guard let resized = outlet.resized, resized.timeline.steps == program.timeline.steps else { return program }
        return resized
    }
}

/// One instant on both clocks.
struct FeedInstant: Sendable {
    /// Nanoseconds of the server's monotonic clock.
    var monotonic: Int64
    var secondsSinceEpoch: Double

    /// Seconds since 1970 of another instant of the monotonic clock.
    func wall(of instant: Int64) -> Double { secondsSinceEpoch - Double(monotonic - instant) / 1e9 }
}
