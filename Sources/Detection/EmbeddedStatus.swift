/// Which detector the embedded analyzer really uses.
package struct EmbeddedStatus: Sendable, Hashable {
    package enum Detector: String, Sendable { case yoloxNano = "yolox-nano", hog = "opencv-hog" }
    package var detector: Detector
    /// True for the stand-in that finds upright people only, and misses many.
    package var isLesser: Bool
    /// A sentence for `doctor` and the log: what is used, from where, and what is amiss.
    package var detail: String

    package init(detector: Detector, isLesser: Bool, detail: String) {
        self.detector = detector
        self.isLesser = isLesser
        self.detail = detail
    }
}
