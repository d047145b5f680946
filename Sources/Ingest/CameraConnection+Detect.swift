import Domain

/// Analyses that were replaced by another of the same camera. Their events get their time.
struct LeavingAnalyses {
    private var all: [(analysis: CameraAnalysis, shift: Int64)] = []
    /// What they had dropped, and how long they had waited for decoders.
    private(set) var dropped = 0
    private(set) var waitedSeconds = 0.0

    /// `shift` are the nanoseconds from its timeline to the recorded one.
    mutating func add(_ analysis: CameraAnalysis, shift: Int64) {
        dropped += analysis.dropped
        waitedSeconds += analysis.waitedSeconds
        if analysis.hasEvents { all.append((analysis, shift)) }
    }

    /// What follows from nothing moving until `time`.
    mutating func calm(at time: MediaTime) -> [EventAction] {
        guard !all.isEmpty else { return [] }
        let actions = all.flatMap { analysis, shift in
            analysis.calm(at: MediaTime(nanoseconds: time.nanoseconds &- shift))
                .map { $0.shifted(nanoseconds: shift, margin: 0) }
        }
        all.removeAll { !$0.analysis.hasEvents }
        return actions
    }

    /// The connection is over.
    mutating func endStream(at time: MediaTime) -> [EventAction] {
        defer { all = [] }
        return all.flatMap { analysis, shift in
            analysis.endStream(at: MediaTime(nanoseconds: time.nanoseconds &- shift))
                .map { $0.shifted(nanoseconds: shift, margin: 0) }
        }
    }
}

extension CameraConnection {
    /// Events of one analysis are numbered apart from those of the next.
    private static let slotsOfAnAnalysis = 1_000_000

    func nextFirstSlot() -> Int {
        defer { analyses += 1 }
        return analyses * Self.slotsOfAnAnalysis + 1
    }

    /// Looks at what the small stream has; where that is away for too long, has the recorded one analysed, and no longer
    /// once it is back.
    func analyseDetect(wake: @escaping @Sendable () -> Void) throws(SourceError) {
        guard let detect, stream != nil, let lastVideo else { return }
        let steps = detect.advance(main: clock, firstSlot: { nextFirstSlot() })
        if let (gone, shift) = detect.takeLeft() { leaving.add(gone, shift: shift) }
        perform(leaving.calm(at: lastVideo), frame: nil, state: .ready)
        if !steps.isEmpty, let own = analysis {
            analysis = nil
            learn(from: own)
            own.stopLooking()
            closedDecoders += own.takeClosed()
            leaving.add(own, shift: 0)
            logger.info("the stream for analysis is analysed again")
        }
        for step in steps {
            ring.looked(at: step.at)
            lookedUntil = step.at
            perform(step.actions, frame: step.frame, state: .ready)
            if let tampering = step.tampering { report(tampering, at: step.at) }
            offerEvidence(step.frame, at: step.at, step.actions)
            note(step.activity, at: step.at)
            let slot = detect.analysis?.openSlot ?? triggers.newestSlot
            board.analysed(step.frame, openEvent: slot.flatMap { identifiers[$0] })
        }
        for remark in detect.takeRemarks() { logger.info("\(remark)") }
        if analysis == nil, detect.isAway(at: ports.clock.now) { try analyseMain(from: lookedUntil, wake: wake) }
        board.detects(detect.status(isAnalysed: analysis == nil && detect.analysis != nil))
        guard analysis == nil, let current = detect.analysis else { return }
        board.climbed(
            current.ladder.rung, reason: nil, decoder: current.decoderName, fallback: nil,
            dropped: leaving.dropped + current.dropped, waitedSeconds: leaving.waitedSeconds + current.waitedSeconds,
            audits: ladder.estimate)
    }

    /// The recorded stream, from where the small one left off: the ring has it still.
    private func analyseMain(from time: MediaTime?, wake: @escaping @Sendable () -> Void) throws(SourceError) {
        guard let stream else { return }
        let from = time ?? MediaTime(nanoseconds: .min)
        let own = try makeAnalysis(of: stream, from: ring.place(of: from), wake: wake)
        for unit in ring.units(from: from) { own.received(unit) }
        analysis = own
        logger.warning(
            "the stream for analysis has been away for \(Int(DetectStream.patienceSeconds)) s: the recorded one is analysed"
        )
    }

    func makeAnalysis(
        of stream: StreamDescription, from place: Int = 0, wake: @escaping @Sendable () -> Void
    ) throws(SourceError) -> CameraAnalysis {
        do {
            return try CameraAnalysis(
                stream, camera: camera.settings, ports: ports, ladder: ladder, firstSlot: nextFirstSlot(),
                from: place,
                // What the small stream shows may be cut differently: nothing is compared with it.
                tamper: detect == nil ? tamper : nil, wake: wake)
        } catch {
            throw SourceError(.internalFailure, "motion analysis cannot start: \(error)")
        }
    }
}
