/// How much of a camera's video is decoded.
package enum AnalysisMode: String, Sendable, Codable, CaseIterable {
    /// Every picture, always.
    case full
    /// As little as can be: the sizes of the encoded pictures and a keyframe every few seconds tell when to decode.
    case ladder
    /// As `ladder`, but sizes are not trusted and every keyframe is looked at.
    case keyframes
    /// Every picture of the camera's small stream (`CameraSettings.detectURL`); of the large one nothing, as `ladder` while
    /// the small one is away.
    case substream
}
