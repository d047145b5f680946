/// One connected region of a picture that differs from the background.
package struct MotionRegion: Sendable, Hashable {
    package var box: Box
    /// Centre of its pixels, as fractions of the picture's width and height.
    package var centreX: Double
    package var centreY: Double
    /// Share of the picture it covers, 0–1.
    package var area: Double
    /// Share of the picture it covers and that also changed within the last moments, 0–1: zero for what merely lies
    /// there.
    package var active: Double
    /// Shares of the picture that it covers in each include zone, in their order; empty where the camera has none.
    package var zoneAreas: [Double]

    package init(box: Box, centreX: Double, centreY: Double, area: Double, active: Double, zoneAreas: [Double] = []) {
        self.box = box
        self.centreX = centreX
        self.centreY = centreY
        self.area = area
        self.active = active
        self.zoneAreas = zoneAreas
    }
}
