/// What is known of the cameras that this process watches.
package protocol CameraMonitor: Sendable {
    /// Nil when this process does not watch the camera.
    func status(of camera: Identifier<Camera>) -> CameraStatus?
    /// The newest picture; nil when there is none. At most `longestSidePixels` wide or high.
    func snapshot(of camera: Identifier<Camera>, longestSidePixels: Int) async throws -> Still?
}
