/// What a detector saw in one decoded picture, before any rule says whether it matters.
package struct MotionMeasurement: Sendable, Hashable {
    package var presentation: MediaTime
    /// Share of the analysed picture that differs from the background, after clean-up, 0–1.
    package var changedFraction: Double
    /// Share of the picture whose light changed much within the last moments (exposure, lamp, infra-red switch), 0–1.
    package var globalChangeFraction: Double
    /// How far the whole picture seems displaced against the background, in fractions of its width.
    package var shakeFraction: Double
    /// Boxes of the regions, the most active first, at most 32.
    package var boxes: [Box]
    /// The regions behind the boxes, in the same order.
    package var regions: [MotionRegion]
    /// Width of the picture divided by its height.
    package var aspectRatio: Double
    /// The background was begun anew with this picture: the first one, or a scene that was replaced as a whole.
    package var restarted: Bool
    /// The cells in which regions stir; nil from a detector that does not tell.
    package var activity: ActivityGrid?

    package init(
        presentation: MediaTime, changedFraction: Double, globalChangeFraction: Double, shakeFraction: Double,
        boxes: [Box], regions: [MotionRegion] = [], aspectRatio: Double = 16.0 / 9, restarted: Bool = false,
        activity: ActivityGrid? = nil
    ) {
        self.presentation = presentation
        self.changedFraction = changedFraction
        self.globalChangeFraction = globalChangeFraction
        self.shakeFraction = shakeFraction
        self.boxes = boxes
        self.regions = regions
        self.aspectRatio = aspectRatio
        self.restarted = restarted
        self.activity = activity
    }
}
