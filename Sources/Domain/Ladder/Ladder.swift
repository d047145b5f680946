/// Decides how much of one connection's video is decoded: as little as shows all movement.
///
/// Fed with every video unit's size, with what the keyframes showed that it asked for, and with what moved in the pictures
/// that were decoded, in order: while pictures are decoded a unit is told when its picture is judged, however late that is,
/// so that what was learnt of a group of pictures is what they all showed. All times are the stream's. A new connection
/// begins a new ladder; what was found out about the camera goes on in `carefulness` and `estimate`.
package struct Ladder: Sendable {
    /// How careful a camera has to be watched, found out by audits.
    package enum Carefulness: Int, Sendable, Hashable, Comparable {
        /// As the mode says.
        case usual
        /// Every keyframe is looked at and sizes stir sooner.
        case careful
        /// Everything is decoded.
        case full
        package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
    }

    private struct Waking: Sendable {
        var stir: Stir
        var isConfirmed = false
        /// Since when nothing moved.
        var calmSince: MediaTime
    }

    private struct Audit: Sendable {
        var began: MediaTime
        var until: MediaTime
        var movingPictures = 0
        var lastMotion: MediaTime?
        /// A sensor would have woken the camera.
        var isCaught = false
        /// Keyframes that would have been looked at.
        var due: [MediaTime] = []
    }

    private enum Phase: Sendable {
        case learning(lastMotion: MediaTime?)
        /// Without a decoder: every keyframe is looked at, and a GOP between two calm ones is learnt.
        case learningByLooks
        case asleep
        case auditing(Audit)
        case decoding(Waking)
        case full
    }

    /// Moving pictures in an audit that make a movement.
    private static let auditHits = 3

    package let settings: LadderSettings
    package private(set) var carefulness: Carefulness
    package private(set) var estimate: MissEstimate
    /// Why it watches more carefully than asked for; nil where it does not.
    package var reason: String? {
        if let lasting { return lasting }
        guard case .learning = phase, sensor.learntGOPs >= settings.weighedGOPs, !maySleep else { return nil }
        return
            "everything is decoded: keyframes are \(Int(keyframeSeconds ?? 0)) s apart, and the sizes of its pictures "
            + "hardly depend on what they show"
    }
    private var lasting: String?
    private var phase: Phase
    private var sensor: SizeSensor
    private var random: SplitMix64
    private var began: MediaTime?
    private var gopBegan: MediaTime?
    private var keyframeSeconds: Double?
    private var gopIsQuiet = true
    private var hasAnalysed = false
    private var late = 0.0
    /// Up to here nothing moved, or it was seen: decoding never has to go back further.
    private var knownUntil: MediaTime?
    private var lastLook: MediaTime?
    private var pendingLook: MediaTime?
    private var failedLooks = 0
    private var auditDistance: Double
    private var nextAudit: MediaTime?

    /// `memory` is the ladder of the camera's connection before, if any.
    package init(settings: LadderSettings, seed: UInt64, memory: Ladder? = nil) {
        self.settings = settings
        carefulness = memory?.carefulness ?? .usual
        estimate = memory?.estimate ?? MissEstimate()
        lasting = memory?.lasting
        auditDistance = memory?.auditDistance ?? settings.firstAuditSeconds
        var sizes = settings.sizes
        if carefulness >= .careful { sizes = Self.careful(sizes) }
        sensor = SizeSensor(settings: sizes)
        random = SplitMix64(state: seed)
        phase = settings.mode == .full || carefulness == .full ? .full : .learning(lastMotion: nil)
    }

    package var rung: LadderRung {
        switch phase {
        case .learning, .learningByLooks: .learning
        case .asleep: .asleep
        case .auditing: .audit
        case .decoding(let waking): waking.isConfirmed ? .awake : .alert
        case .full: .full
        }
    }

    /// True while pictures are to be decoded one after the other.
    package var isDecoding: Bool {
        switch phase {
        case .asleep, .learningByLooks: false
        case .learning, .auditing, .decoding, .full: true
        }
    }

    // MARK: What arrives

    /// Takes the next video unit in decoding order: at once while it is not decoding, else just before `analysed` of its time. `late` are
    /// the seconds of newer pictures that wait already.
    package mutating func received(
        at time: MediaTime, size: Int, isKeyframe: Bool, late: Double = 0
    ) -> [LadderAction] {
        self.late = late
        let isFirst = began == nil
        began = began ?? time
        if isKeyframe {
            if case .learningByLooks = phase { sensor.holdGOP() } else { sensor.endGOP(quiet: gopIsQuiet) }
            if let gopBegan { keyframeSeconds = time.seconds(since: gopBegan) }
            gopBegan = time
            gopIsQuiet = true
        }
        let stirs = settings.mode == .ladder && sensor.observe(size: size, isKeyframe: isKeyframe)
        if isFirst { return isDecoding ? [.decode(from: time)] : [] }
        switch phase {
        case .asleep, .learningByLooks:
            if stirs { return wake(.sizes, at: time) }
            if let gopBegan, time.seconds(since: gopBegan) > settings.longestGOPSeconds {
                return watchFully(
                    "keyframes are more than \(Int(settings.longestGOPSeconds)) s apart", from: knownUntil ?? gopBegan)
            }
            if isKeyframe, case .asleep = phase, !maySleep {
                phase = .learning(lastMotion: nil)
                pendingLook = nil
                return [.decode(from: knownUntil ?? time)]
            }
            guard isKeyframe, pendingLook == nil, isLookDue(at: time) else { return [] }
            pendingLook = time
            return [.look(at: time)]
        case .auditing(var audit):
            if stirs { audit.isCaught = true }
            if isKeyframe, isLookDue(at: time) {
                lastLook = time
                if audit.due.count < 64 { audit.due.append(time) }
            }
            phase = .auditing(audit)
            return []
        case .learning, .decoding, .full:
            return []
        }
    }

    /// The keyframe that was to be looked at: whether it shows that something moves or has moved.
    package mutating func looked(at time: MediaTime, stirs: Bool) -> [LadderAction] {
        guard pendingLook == time else { return [] }
        pendingLook = nil
        failedLooks = 0
        guard !isDecoding else { return [] }
        if stirs { return wake(.picture, at: time) }
        let hasCalm = knownUntil != nil
        knownUntil = time
        lastLook = time
        if case .learningByLooks = phase { return hasCalm ? learnByLooks(at: time) : [] }
        // An audit can wait until what must be looked at is not late.
        guard let nextAudit, time >= nextAudit, late <= settings.patienceSeconds else { return [] }
        phase = .auditing(Audit(began: time, until: time.advanced(bySeconds: settings.auditSeconds)))
        return [.decode(from: time)]
    }

    /// The keyframe that was to be looked at gave no picture.
    package mutating func lookFailed(at time: MediaTime) -> [LadderAction] {
        guard pendingLook == time else { return [] }
        pendingLook = nil
        lastLook = time
        failedLooks += 1
        guard failedLooks >= settings.mostFailedLooks, !isDecoding else { return [] }
        return watchFully("its keyframes cannot be decoded by themselves", from: knownUntil ?? time)
    }

    /// A picture was decoded and judged. `mustStay` holds off sleep: an event's clip is running.
    package mutating func analysed(at time: MediaTime, moving: Bool, mustStay: Bool) -> [LadderAction] {
        hasAnalysed = true
        if moving { gopIsQuiet = false }
        switch phase {
        case .asleep, .learningByLooks, .full:
            return []
        case .learning(let before):
            let lastMotion = moving ? time : before
            phase = .learning(lastMotion: lastMotion)
            guard let began, !mustStay, time.seconds(since: began) >= settings.learnSeconds,
                maySleep,
                lastMotion.map({ time.seconds(since: $0) >= settings.calmSeconds }) ?? true
            else { return [] }
            return sleep(at: time)
        case .decoding(var waking):
            if moving {
                waking.isConfirmed = true
                waking.calmSince = max(time, waking.calmSince)
            }
            phase = .decoding(waking)
            let needed = waking.isConfirmed ? settings.calmSeconds : settings.doubtSeconds
            guard !mustStay, time.seconds(since: waking.calmSince) >= needed else { return [] }
            if !waking.isConfirmed, waking.stir == .sizes { sensor.stirredForNothing() }
            return sleep(at: time)
        case .auditing(let audit):
            return continueAudit(audit, at: time, moving: moving, mustStay: mustStay)
        }
    }

    /// Pictures are wanted from this time on, whether anything moves or not. Who wants them also says `mustStay`.
    package mutating func wanted(at time: MediaTime) -> [LadderAction] {
        guard !isDecoding else { return [] }
        return wake(.request, at: time)
    }

    /// There is no decoder for a new connection yet, and this many seconds of it wait.
    package mutating func waits(late: Double) -> [LadderAction] {
        guard case .learning = phase, !hasAnalysed, late > settings.patienceSeconds else { return [] }
        phase = .learningByLooks
        return [.rest]
    }

    // MARK: Inside

    private mutating func learnByLooks(at time: MediaTime) -> [LadderAction] {
        sensor.learnHeld()
        if maySleep {
            phase = .asleep
            scheduleAudit(after: time)
            return []
        }
        guard sensor.learntGOPs >= settings.weighedGOPs else { return [] }
        // Its sizes tell too little to sleep by.
        phase = .learning(lastMotion: nil)
        hasAnalysed = true
        return [.decode(from: time)]
    }

    private var looksAtEveryKeyframe: Bool {
        if case .learningByLooks = phase { return true }
        return settings.mode == .keyframes || carefulness >= .careful || sensor.isWeak
    }

    /// True when what sleeping goes by is known, and shows enough.
    private var maySleep: Bool {
        guard settings.mode == .ladder else { return true }
        guard sensor.isReady else { return false }
        guard let keyframeSeconds, keyframeSeconds > settings.longestBlindSeconds else { return true }
        return sensor.learntGOPs >= settings.weighedGOPs && !sensor.isWeak
    }

    private func isLookDue(at time: MediaTime) -> Bool {
        guard let lastLook else { return true }
        let distance = looksAtEveryKeyframe ? 0 : settings.lookSeconds
        return time.seconds(since: lastLook) >= max(distance, late * settings.lateLooks)
    }

    private mutating func wake(_ stir: Stir, at time: MediaTime) -> [LadderAction] {
        pendingLook = nil
        phase = .decoding(Waking(stir: stir, calmSince: time))
        let known = knownUntil ?? time
        switch stir {
        case .picture: return [.decode(from: known)]
        case .sizes, .request:
            return [.decode(from: max(known, time.advanced(bySeconds: -settings.lookBackSeconds)))]
        }
    }

    private mutating func sleep(at time: MediaTime) -> [LadderAction] {
        phase = .asleep
        knownUntil = time
        lastLook = time
        pendingLook = nil
        if nextAudit.map({ $0 <= time }) ?? true { scheduleAudit(after: time) }
        return [.rest]
    }

    private mutating func scheduleAudit(after time: MediaTime) {
        nextAudit = time.advanced(bySeconds: auditDistance * (0.5 + random.nextFraction()))
    }

    private mutating func continueAudit(
        _ before: Audit, at time: MediaTime, moving: Bool, mustStay: Bool
    ) -> [LadderAction] {
        var audit = before
        if moving {
            audit.movingPictures += 1
            audit.lastMotion = time
            if audit.due.contains(time) { audit.isCaught = true }
        }
        phase = .auditing(audit)
        let hasMoved = audit.movingPictures >= Self.auditHits
        if hasMoved, audit.isCaught {
            // The sensors would have woken it, and so it is awake.
            finish(audit, at: time, missed: false)
            phase = .decoding(Waking(stir: .picture, isConfirmed: true, calmSince: time))
            return []
        }
        let calm = audit.lastMotion.map { time.seconds(since: $0) >= settings.calmSeconds } ?? true
        guard time >= audit.until, calm, !mustStay else { return [] }
        finish(audit, at: time, missed: hasMoved)
        if hasMoved, estimate.misses >= settings.mostMisses * (carefulness.rawValue + 1) {
            return climb(at: time)
        }
        return sleep(at: time)
    }

    private mutating func finish(_ audit: Audit, at time: MediaTime, missed: Bool) {
        estimate.record(seconds: time.seconds(since: audit.began), missed: missed)
        let longest = settings.auditSeconds / max(settings.auditShare, 0.0001)
        auditDistance = missed ? settings.firstAuditSeconds : min(auditDistance * 1.5, longest)
        scheduleAudit(after: time)
    }

    /// Moves to a more careful rung for good.
    private mutating func climb(at time: MediaTime) -> [LadderAction] {
        let found = "\(estimate.misses) movements in \(estimate.audits) audits were shown by no sensor"
        guard carefulness == .usual else { return watchFully(found, from: time) }
        carefulness = .careful
        lasting = "every keyframe is looked at: \(found)"
        sensor = SizeSensor(settings: Self.careful(settings.sizes))
        phase = .learning(lastMotion: nil)
        return []
    }

    private mutating func watchFully(_ why: String, from time: MediaTime) -> [LadderAction] {
        let wasDecoding = isDecoding
        carefulness = .full
        lasting = "everything is decoded: \(why)"
        pendingLook = nil
        phase = .full
        return wasDecoding ? [] : [.decode(from: time)]
    }

    private static func careful(_ sizes: SizeSensor.Settings) -> SizeSensor.Settings {
        var sizes = sizes
        sizes.jump *= 0.7
        sizes.riseSum *= 0.7
        return sizes
    }
}

/// A small generator of random numbers that is a value. https://prng.di.unimi.it/splitmix64.c
struct SplitMix64: Sendable {
    var state: UInt64

    /// From 0 up to 1.
    mutating func nextFraction() -> Double {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return Double((value ^ (value >> 31)) >> 11) * 0x1p-53
    }
}
