/// Tells from the sizes of encoded pictures when something stirs: by a jump, or by a smaller rise that lasts.
package struct SizeSensor: Sendable {
    package struct Settings: Sendable, Hashable {
        /// A picture that lies this many spreads above the usual is a jump.
        package var jump = 5.0
        /// A rise counts by what it exceeds this many spreads, and stirs when the sum exceeds the other.
        package var rise = 1.0
        package var riseSum = 10.0
        /// Quiet GOPs that must have been learnt first.
        package var learnGOPs = 2
        /// With a smaller contrast (`SizeBaseline.contrast`) sizes tell too little to be relied on.
        package var leastContrast = 0.4

        package init() {}
    }

    /// A longer GOP is learnt as if it ended here.
    private static let mostUnits = 2048
    private static let mostCaution = 2.5

    private let settings: Settings
    private var baseline = SizeBaseline()
    private var gop: [Int] = []
    private var held: [Int] = []
    private var sum = 0.0
    /// Grows where the sensor keeps stirring for nothing, and fades.
    package private(set) var caution = 1.0

    package init(settings: Settings = Settings()) { self.settings = settings }

    /// True once deviations mean something.
    package var isReady: Bool { baseline.learntGOPs >= settings.learnGOPs }

    /// Quiet GOPs learnt.
    package var learntGOPs: Int { baseline.learntGOPs }

    /// True where even what moves would hardly show in the sizes.
    package var isWeak: Bool { baseline.contrast.map { $0 < settings.leastContrast } ?? true }

    /// Takes the size of the next video unit in decoding order; true when something stirs.
    package mutating func observe(size: Int, isKeyframe: Bool) -> Bool {
        if isKeyframe {
            gop = [size]
        } else if !gop.isEmpty, gop.count < Self.mostUnits {
            gop.append(size)
        } else {
            return false
        }
        guard isReady, let deviation = baseline.deviation(size: size, position: gop.count - 1) else { return false }
        let scaled = deviation / caution
        // One picture alone, however large, counts for the sum only so much.
        sum = max(0, sum + min(max(scaled, -3), 6) - settings.rise)
        guard scaled > settings.jump || sum > settings.riseSum else { return false }
        sum = 0
        return true
    }

    /// The GOP so far is over; it is learnt where it was quiet. Call before the next keyframe is observed.
    package mutating func endGOP(quiet: Bool) {
        defer { gop = [] }
        guard quiet, !gop.isEmpty else { return }
        baseline.learn(gop)
        caution = max(1, caution * 0.98)
    }

    /// The GOP so far is over, and whether it was quiet is not known yet: it waits for `learnHeld`, in place of one before.
    package mutating func holdGOP() {
        held = gop
        gop = []
    }

    /// The GOP that was held was quiet.
    package mutating func learnHeld() {
        guard !held.isEmpty else { return }
        baseline.learn(held)
        held = []
    }

    /// It stirred and nothing was there.
    package mutating func stirredForNothing() { caution = min(caution * 1.15, Self.mostCaution) }
}
