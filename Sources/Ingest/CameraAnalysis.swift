import Domain

/// The pixel path of one connection: decodes what the activity ladder asks for, measures motion and finds events.
///
/// Pulls the units to decode from the connection's ring, so that a decoder that comes late or is late costs nothing but
/// time. Not shared between threads; decoders only wake.
package final class CameraAnalysis {
    /// One picture that was looked at, and what follows from it.
    package struct Step {
        package var frame: any DecodedFrame
        package var actions: [EventAction]
        /// The camera seems to have been tampered with.
        package var tampering: TamperWatch.Finding?
        /// The cells in which something moved; nil where that is not known.
        package var activity: ActivityGrid?
    }

    /// Units that may be inside a decoder; below its own bound, beyond which it drops.
    private static let mostInside = 200
    /// Who has held a decoder this long, and decoded this much with it, lets others have it when they wait: time enough to
    /// learn what a camera usually sends.
    private static let turnSeconds = 10.0
    private static let turnStreamSeconds = 15.0
    /// Pictures that are judged before other cameras get their turn.
    private static let mostAtOnce = 16

    private let stream: StreamDescription
    private let opener: any DecoderOpener
    private let pools: DecoderPools
    private let clock: any WallClock
    private let wake: @Sendable () -> Void
    private let detector: any MotionDetector
    private var gate: ZonedGate
    private var machine: EventMachine
    package private(set) var ladder: Ladder

    /// Nil where nobody wants to know.
    package private(set) var tamper: TamperWatch?

    private var decoder: (any FrameDecoder)?
    private var ticket: DecoderPool.Ticket?
    private var waitingSince: WallTime?
    private var decodingSince: WallTime?
    /// The first unit that was decoded in this turn.
    private var turnBegan: MediaTime?
    /// The place of the next unit that the ladder is told of, and the last one that it was.
    private var nextTold: Int
    private var toldUntil: MediaTime?
    /// True when the last call of `advance` left something that can be done at once.
    package private(set) var hasMore = false
    /// Where decoding starts when the decoder is there; then the place of the next unit to decode.
    private var start: MediaTime?
    /// Where the decoder that runs was started; another that replaces it begins there or at what was measured last.
    private var startedAt: MediaTime?
    private var next: Int?
    private var isHandingOver = false
    private var look: KeyframeLook?
    private var measuredUntil: MediaTime?
    private var damaged = DamagedPictures()
    private var droppedBefore = 0
    private var closed: [any FrameDecoder] = []

    /// Seconds that were spent waiting for a decoder.
    package private(set) var waitedSeconds = 0.0
    /// The element that decodes, once known.
    package private(set) var decoderName: String?
    /// Something other than motion needs every picture for now.
    private var isWanted = false
    /// What went wrong with single pictures since the last call of `takeComplaints`.
    private var complaints: [String] = []

    /// Begins with the unit at `place` of the connection's ring.
    package init(
        _ stream: StreamDescription, camera: CameraSettings, ports: IngestPorts, ladder: Ladder, firstSlot: Int = 1,
        from place: Int = 0, tamper: TamperWatch? = nil, wake: @escaping @Sendable () -> Void
    ) throws {
        self.stream = stream
        opener = ports.decoders
        pools = ports.pools
        clock = ports.clock
        self.wake = wake
        self.ladder = ladder
        self.tamper = tamper
        nextTold = place
        detector = try ports.makeDetector(camera)
        gate = ports.makeGate(camera)
        machine = EventMachine(settings: EventSettings(camera), firstSlot: firstSlot)
    }

    /// Units and frames that were to be looked at and were not.
    package var dropped: Int { droppedBefore + (decoder?.dropped ?? 0) }
    /// The event that takes motion now, if any.
    package var openSlot: EventSlot? { machine.openSlot }
    /// True while a keyframe is looked at.
    var isLooking: Bool { look != nil }
    /// True while a look or units wait to be decoded.
    package func isBehind(_ ring: borrowing GOPRing, by units: Int) -> Bool {
        if look != nil || hasMore { return true }
        guard ticket != nil || next != nil else { return false }
        guard let next, let decoder else { return true }
        return next < ring.end || decoder.backlog > units
    }

    /// Takes a unit that was just appended to the ring; `advance` does the rest.
    package func received(_ unit: AccessUnit) {
        guard unit.track == .video else { return }
        damaged.received(at: unit.presentation, isKeyframe: unit.isKeyframe, followsLoss: unit.followsLoss)
    }

    /// Whether, from `time` on, pictures are needed though nothing may move. Decodes them when it begins.
    package func want(_ wanted: Bool, at time: MediaTime) {
        isWanted = wanted
        // What the ladder was not told of yet comes before.
        if wanted { perform(ladder.wanted(at: min(time, toldUntil ?? time))) }
    }

    /// Gives decoders what they can take and looks at what came out of them. Call after each wake; wakes itself where more
    /// is left than one turn's pictures.
    package func advance(_ ring: borrowing GOPRing) throws(SourceError) -> [Step] {
        var steps: [Step] = []
        var isBusy = true
        // Others have the decoders: learning does not wait for one for long.
        if let ticket, !ticket.isGranted, let newest = ring.newest, let toldUntil {
            perform(ladder.waits(late: newest.seconds(since: toldUntil)))
        }
        while isBusy, steps.count < Self.mostAtOnce {
            isBusy = tellLadder(ring)
            isBusy = advanceLook(&steps) || isBusy
            try openDecoder(ring)
            feed(ring)
            isBusy = try takeFrames(ring, &steps) || isBusy
        }
        hasMore = isBusy
        if hasMore { wake() }
        return steps
    }

    /// Another analysis takes over, or its pictures stay away: nothing is decoded any more, while the events that run get
    /// their time (`calm`).
    package func stopLooking() {
        rest()
        dropLook()
    }

    /// Nothing is known to move at `time`: ends events when their time has come. After `stopLooking`.
    package func calm(at time: MediaTime) -> [EventAction] {
        machine.observe(at: time, moving: false, score: 0, boxes: [])
    }

    /// True while an event's clip is running.
    package var hasEvents: Bool { !machine.runningSlots.isEmpty }

    /// The connection is over.
    package func endStream(at time: MediaTime) -> [EventAction] {
        rest()
        dropLook()
        return machine.streamEnded(at: time)
    }

    /// Decoders that are no longer needed; the caller closes them.
    package func takeClosed() -> [any FrameDecoder] {
        defer { closed = [] }
        return closed
    }

    /// Errors of single pictures since the last call.
    package func takeComplaints() -> [String] {
        defer { complaints = [] }
        return complaints
    }

    // MARK: What the ladder is told

    /// Tells of what is in the ring while it is not decoding, from where decoding ended: nothing passes unseen, and at a
    /// keyframe a look at the one before is waited for. True when there was something.
    private func tellLadder(_ ring: borrowing GOPRing) -> Bool {
        var hasTold = false
        while !ladder.isDecoding || toldUntil == nil, let (place, unit) = ring.unit(at: nextTold) {
            guard look == nil || unit.track != .video || !unit.isKeyframe else { break }
            droppedBefore += toldUntil == nil ? 0 : place - nextTold
            tell(unit, at: place, late: ring.newest.map { $0.seconds(since: unit.presentation) } ?? 0)
            hasTold = true
        }
        return hasTold
    }

    /// Tells of what comes before a picture that was decoded, and of its own unit.
    private func tellLadder(_ ring: borrowing GOPRing, until time: MediaTime) {
        while let (place, unit) = ring.unit(at: nextTold), unit.track != .video || unit.presentation <= time {
            tell(unit, at: place)
        }
    }

    private func tell(_ unit: AccessUnit, at place: Int, late: Double = 0) {
        nextTold = place + 1
        guard unit.track == .video else { return }
        toldUntil = unit.presentation
        for action in ladder.received(
            at: unit.presentation, size: unit.payload.byteCount, isKeyframe: unit.isKeyframe, late: late)
        {
            if case .look = action {
                look = KeyframeLook(unit, of: stream, opener: opener, pool: pools.looks, wake: wake)
            } else {
                perform(action)
            }
        }
    }

    // MARK: Looks

    /// True when one is over.
    private func advanceLook(_ steps: inout [Step]) -> Bool {
        guard let look else { return false }
        // A decoder that is opened here may be done before it wakes.
        var outcome = look.advance()
        if case .waiting = outcome { outcome = look.advance() }
        switch outcome {
        case .waiting: return false
        case .failed:
            dropLook()
            perform(ladder.lookFailed(at: look.time))
        case .frame(let frame):
            dropLook()
            take(frame, lookedAt: look.time, &steps)
        }
        return true
    }

    private func take(_ frame: any DecodedFrame, lookedAt time: MediaTime, _ steps: inout [Step]) {
        do {
            let stirs = try frame.withPicture { picture in
                // The first picture has nothing that it could differ from.
                let stirs = measuredUntil == nil ? false : gate.stirs(try detector.look(picture, at: time))
                if !stirs { _ = try detector.measure(picture, at: time) }
                return stirs
            }
            var actions: [EventAction] = []
            if !stirs {
                measuredUntil = time
                actions = machine.observe(at: time, moving: false, score: 0, boxes: [])
            }
            steps.append(Step(frame: frame, actions: actions, tampering: try watchScene(at: time)))
            perform(ladder.looked(at: time, stirs: stirs))
        } catch {
            complaints.append("\(error)")
            perform(ladder.lookFailed(at: time))
        }
    }

    private func dropLook() {
        if let decoder = look?.decoder {
            decoderName = decoderName ?? decoder.name
            closed.append(decoder)
        }
        look = nil
    }

    // MARK: Decoding

    private func perform(_ actions: [LadderAction]) {
        for action in actions { perform(action) }
    }

    private func perform(_ action: LadderAction) {
        switch action {
        case .look: break  // Asked for by `tell` only, which has the unit.
        case .rest: rest()
        case .decode(let from):
            dropLook()
            start = from
            next = nil
            if ticket == nil {
                ticket = pools.decoders.request(wake: wake)
                waitingSince = clock.now
            }
        }
    }

    private func openDecoder(_ ring: borrowing GOPRing) throws(SourceError) {
        guard decoder == nil, let ticket, ticket.isGranted else { return }
        guard start != nil || next != nil else { return }
        let opened = try opener.open(stream, wake: wake)
        decoder = opened
        decoderName = opened.name
        decodingSince = clock.now
        turnBegan = nil
        if let waitingSince { waitedSeconds += max(0, clock.now.seconds(since: waitingSince)) }
        waitingSince = nil
        if let start {
            next = ring.place(of: start)
            startedAt = start
        }
        start = nil
    }

    private func feed(_ ring: borrowing GOPRing) {
        guard let decoder, var place = next, !isHandingOver else { return }
        defer { next = place }
        while decoder.backlog < Self.mostInside {
            let (first, units) = ring.units(at: place, limit: 32)
            guard !units.isEmpty else { return }
            droppedBefore += first - place
            place = first
            for unit in units {
                if unit.track == .video {
                    if unit.isKeyframe, mustHandOver(at: unit.presentation) {
                        isHandingOver = true
                        decoder.finish()
                        return
                    }
                    turnBegan = turnBegan ?? unit.presentation
                    decoder.decode(unit)
                }
                place += 1
            }
        }
    }

    /// True when others wait for a decoder and this camera has had one for its turn.
    private func mustHandOver(at time: MediaTime) -> Bool {
        guard ladder.rung != .full, let decodingSince, let turnBegan else { return false }
        return time.seconds(since: turnBegan) > Self.turnStreamSeconds
            && clock.now.seconds(since: decodingSince) > Self.turnSeconds && pools.decoders.isWantedByOthers
    }

    /// True when frames came.
    private func takeFrames(_ ring: borrowing GOPRing, _ steps: inout [Step]) throws(SourceError) -> Bool {
        guard let decoder else { return false }
        let frames = decoder.drain()
        for frame in frames {
            // A picture that was measured before decoding went back, or after it was told to stop.
            guard self.decoder === decoder, measuredUntil.map({ frame.presentation > $0 }) ?? true else { continue }
            measure(frame, ring, &steps)
        }
        if self.decoder === decoder, let failure = decoder.failure {
            guard opener.replaces(decoder, of: stream.codec, after: failure) else { throw failure }
            startAnew()
            return true
        }
        if isHandingOver, self.decoder === decoder, decoder.isFinished { handOver() }
        return !frames.isEmpty
    }

    private func measure(_ frame: any DecodedFrame, _ ring: borrowing GOPRing, _ steps: inout [Step]) {
        let time = frame.presentation
        tellLadder(ring, until: time)
        guard !damaged.contains(time) else {
            // Shown and no more; the ladder hears that time goes on.
            measuredUntil = time
            steps.append(Step(frame: frame, actions: []))
            perform(ladder.analysed(at: time, moving: false, mustStay: true))
            return
        }
        do {
            let measurement = try frame.withPicture { try detector.measure($0, at: time) }
            let judgement = gate.judge(measurement)
            let actions = machine.observe(
                at: time, moving: judgement.moving, score: judgement.score, boxes: judgement.boxes,
                since: judgement.since)
            measuredUntil = time
            steps.append(
                Step(
                    frame: frame, actions: actions, tampering: try watchScene(at: time),
                    activity: judgement.isBlind ? nil : measurement.activity))
            perform(
                ladder.analysed(at: time, moving: judgement.moving, mustStay: isWanted || !machine.runningSlots.isEmpty)
            )
        } catch {
            complaints.append("\(error)")
        }
    }

    /// Of the picture that the detector had last.
    private func watchScene(at time: MediaTime) throws -> TamperWatch.Finding? {
        guard tamper?.isDue(at: time) ?? false, let sample = try detector.scene() else { return nil }
        return tamper?.observe(sample, at: time)
    }

    /// Drops a decoder that gave up; another kind decodes from where it failed to get on, keeping the place in the pool.
    private func startAnew() {
        if let decoder {
            droppedBefore += decoder.dropped
            closed.append(decoder)
        }
        decoder = nil
        next = nil
        isHandingOver = false
        start = [measuredUntil, startedAt].compactMap(\.self).max() ?? MediaTime(nanoseconds: 0)
        wake()
    }

    /// Gives the decoder to those who wait and joins their queue; goes on where it stopped.
    private func handOver() {
        let place = next
        rest()
        next = place
        ticket = pools.decoders.request(wake: wake)
        waitingSince = clock.now
    }

    private func rest() {
        if let decoder {
            droppedBefore += decoder.dropped
            closed.append(decoder)
        }
        decoder = nil
        if let ticket { pools.decoders.leave(ticket) }
        ticket = nil
        start = nil
        next = nil
        isHandingOver = false
        waitingSince = nil
    }
}
