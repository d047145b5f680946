/// What one picture's measurement means.
package struct MotionJudgement: Sendable, Hashable {
    /// Why a picture does not count as moving.
    package enum Quiet: String, Sendable, Hashable {
        /// Nothing changed enough, or what changed got nowhere.
        case still
        /// No background is known yet: the connection is young, or the scene was just replaced.
        case learning
        /// The light just changed over most of the picture.
        case lighting
        /// The camera itself moved.
        case shake
    }

    /// Whether this frame counts as moving.
    package var moving: Bool
    /// Share of the picture that moved, 0–1.
    package var score: Double
    /// The regions that made it moving, the most active first; empty when it is not.
    package var boxes: [Box]
    /// Set where `moving` is true: since when the first of them has been on its way. It takes a moment to know.
    package var since: MediaTime?
    /// Set where `moving` is false.
    package var quiet: Quiet?
}

/// Decides for each measured picture of one camera whether something of interest moves in it.
package struct MotionGate: Sendable {
    package let settings: MotionGateSettings
    private var tracker: MotionTracker
    private var learningUntil: MediaTime?
    private var lightingUntil: MediaTime?

    package init(settings: MotionGateSettings) {
        self.settings = settings
        tracker = MotionTracker(settings: settings.tracker)
    }

    /// Judges one measurement; they come in order of time.
    package mutating func judge(_ measurement: MotionMeasurement) -> MotionJudgement {
        let now = measurement.presentation
        if measurement.restarted {
            tracker.reset()
            learningUntil = now.advanced(bySeconds: settings.learningSeconds)
        }
        if measurement.globalChangeFraction > settings.lightingShare {
            lightingUntil = now.advanced(bySeconds: settings.lightingSeconds)
        }
        let movers = tracker.follow(measurement)
        if let learningUntil, now < learningUntil { return Self.quiet(.learning) }
        if let lightingUntil, now < lightingUntil { return Self.quiet(.lighting) }
        if measurement.shakeFraction > settings.shake { return Self.quiet(.shake) }
        let counted = movers.filter { $0.region.area >= settings.minimumArea }
        guard !counted.isEmpty else { return Self.quiet(.still) }
        return MotionJudgement(
            moving: true, score: min(counted.reduce(0) { $0 + $1.region.area }, 1), boxes: counted.map(\.region.box),
            since: counted.map(\.since).min(), quiet: nil)
    }

    /// Whether a picture that was looked at without those before it shows that something moves or moved: another scene,
    /// or a region large enough that is not where it was. A change of light alone does not count.
    package func stirs(_ measurement: MotionMeasurement) -> Bool {
        measurement.restarted
            || measurement.regions.contains {
                $0.area >= settings.minimumArea && $0.active >= settings.tracker.freshActive
            }
    }

    private static func quiet(_ reason: MotionJudgement.Quiet) -> MotionJudgement {
        MotionJudgement(moving: false, score: 0, boxes: [], since: nil, quiet: reason)
    }
}
