/// What a detector saw in one decoded picture, before any rule says whether it matters.
package struct MotionMeasurement: Sendable, Hashable {
    package var presentation: MediaTime
    /// Share of the analysed picture that differs from the background, after clean-up, 0–1.
    package var changedFraction: Double
    /// Share of the picture whose luma moved together (exposure, lamp, infra-red switch), 0–1.
    package var globalChangeFraction: Double
    /// How far the whole picture seems displaced since the previous one, in fractions of its width.
    package var shakeFraction: Double
    /// Moving regions, largest first, at most 32.
    package var boxes: [Box]

    package init(
        presentation: MediaTime, changedFraction: Double, globalChangeFraction: Double, shakeFraction: Double,
        boxes: [Box]
    ) {
        self.presentation = presentation
        self.changedFraction = changedFraction
        self.globalChangeFraction = globalChangeFraction
        self.shakeFraction = shakeFraction
        self.boxes = boxes
    }
}
