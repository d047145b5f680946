/// How easily a camera's pictures count as moving.
package struct MotionGateSettings: Sendable, Hashable {
    /// Smallest moving region that counts, as a fraction of the picture.
    package var minimumArea: Double
    /// After a background was begun nothing counts for this long.
    package var learningSeconds = 1.0
    /// Where the light changes over more than this share of the picture nothing counts, and for this long after.
    package var lightingShare = 0.6
    package var lightingSeconds = 0.4
    /// A larger displacement of the whole picture, as a fraction of its width, is the camera's.
    package var shake = 0.006
    package var tracker = MotionTracker.Settings()

    /// `sensitivity` runs from 0 (only the large and long-travelled) to 1; at 0.5 the defaults hold.
    package init(sensitivity: Double = 0.5, minimumArea: Double = 0.0003) {
        self.minimumArea = minimumArea
        // Every halving of the demands on a region takes a quarter of the scale.
        let factor = Self.demand(sensitivity)
        tracker.travel *= factor
        tracker.freshActive *= factor
        tracker.knownActive *= factor
    }

    /// What a camera's settings ask for.
    package init(_ camera: CameraSettings) {
        self.init(sensitivity: camera.sensitivity, minimumArea: camera.minimumArea)
    }

    /// 4 at sensitivity 0, 1 at 0.5, a quarter at 1.
    private static func demand(_ sensitivity: Double) -> Double {
        let offset = 0.5 - (sensitivity.isFinite ? min(max(sensitivity, 0), 1) : 0.5)
        var factor = 1.0
        // 16^offset in steps of a sixteenth; Domain has no `pow`.
        for _ in 0..<Int((abs(offset) * 16).rounded()) { factor *= 1.189_207_115 }
        return offset < 0 ? 1 / factor : factor
    }
}
