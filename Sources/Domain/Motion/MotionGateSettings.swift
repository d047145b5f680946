/// How easily a camera's pictures count as moving.
package struct MotionGateSettings: Sendable, Hashable {
    /// 0 (blind) to 1 (everything); 0.5 is the default.
    package var sensitivity: Double
    /// Smallest moving region that counts, as a fraction of the picture.
    package var minimumArea: Double

    package init(sensitivity: Double = 0.5, minimumArea: Double = 0.002) {
        self.sensitivity = sensitivity
        self.minimumArea = minimumArea
    }

    /// What a camera's settings ask for.
    package init(_ camera: CameraSettings) {
        self.init(sensitivity: camera.sensitivity, minimumArea: camera.minimumArea)
    }
}
