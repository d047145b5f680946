/// What one picture's measurement means.
package struct MotionJudgement: Sendable, Hashable {
    /// Why a picture with changes does not count as moving.
    package enum Quiet: String, Sendable, Hashable {
        /// Nothing changed enough.
        case still
        /// No background is known yet: the connection is young, or the scene was just replaced.
        case learning
        /// The light changed over the whole picture.
        case lighting
        /// The camera itself moved.
        case shake
    }

    /// Whether this frame counts as moving.
    package var moving: Bool
    /// Share of the picture that moved, 0–1.
    package var score: Double
    /// The regions that made it moving, largest first; empty when it is not.
    package var boxes: [Box]
    /// Set where `moving` is false.
    package var quiet: Quiet?

    package init(moving: Bool, score: Double, boxes: [Box], quiet: Quiet?) {
        self.moving = moving
        self.score = score
        self.boxes = boxes
        self.quiet = quiet
    }
}

/// Decides for each measured picture of one camera whether something of interest moves in it.
package struct MotionGate: Sendable {
    package let settings: MotionGateSettings

    package init(settings: MotionGateSettings) { self.settings = settings }

    /// Judges one measurement; they come in order of time.
    package mutating func judge(_ measurement: MotionMeasurement) -> MotionJudgement {
        let boxes = measurement.boxes.filter { $0.area >= settings.minimumArea }
        let moving = !boxes.isEmpty
        return MotionJudgement(
            moving: moving, score: moving ? measurement.changedFraction : 0, boxes: boxes,
            quiet: moving ? nil : .still)
    }
}
