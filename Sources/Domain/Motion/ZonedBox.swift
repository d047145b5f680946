/// What moves in a picture, and the include zones in which it does.
package struct ZonedBox: Sendable, Hashable {
    package var box: Box
    /// Names, in the order of the settings; empty where the camera has no include zones.
    package var zones: [String]

    package init(box: Box, zones: [String] = []) {
        self.box = box
        self.zones = zones
    }
}
