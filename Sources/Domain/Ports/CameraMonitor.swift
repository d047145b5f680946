/// What is known of the cameras that this process watches.
package protocol CameraMonitor: Sendable {
    /// Nil when this process does not watch the camera.
    func status(of camera: Identifier<Camera>) -> CameraStatus?
    /// The newest picture, or the newest keyframe decoded for it, made at most once a second for each size; nil when there is
    /// none. At most `longestSidePixels` wide or high.
    func snapshot(of camera: Identifier<Camera>, longestSidePixels: Int) async throws -> Still?
    /// The stream from its newest keyframe on, as it comes or, where the viewer does not play its codec, encoded to H.264; nil
    /// while there is none. It ends when the camera stops, fails or changes its format. A viewer that does not keep up is let
    /// go of, and `onTooSlow` called, once, from any thread. Throws a `LiveRefusal` where it cannot be encoded.
    func live(
        of camera: Identifier<Camera>, _ wish: LiveWish, onTooSlow: @escaping @Sendable () -> Void
    ) async throws -> (any LiveView)?
}
