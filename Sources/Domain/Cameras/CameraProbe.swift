/// What a camera turned out to send when it was asked once. Holds no address and no credentials.
package struct CameraFindings: Sendable {
    /// As it would be recorded.
    package var codec: VideoCodec
    /// As the camera sends it.
    package var sourceCodec: SourceCodec
    /// The element that would encode it, where that is needed.
    package var encoder: String?
    package var widthPixels: Int
    package var heightPixels: Int
    /// As the stream announces it, where it does.
    package var announcedFramesPerSecond: Double?
    /// Measured over `measuredSeconds`.
    package var framesPerSecond: Double?
    /// Picture and sound, measured.
    package var bitrateKbps: Double?
    /// Between the last two keyframes; nil where fewer than two came.
    package var keyframeIntervalSeconds: Double?
    package var hasAudio: Bool
    /// The element that decoded a picture; nil where none did.
    package var decoder: String?
    /// The first picture; nil where it could not be decoded in time.
    package var picture: Still?
    /// From the first picture's time to the last one's.
    package var measuredSeconds: Double

    package init(
        codec: VideoCodec, widthPixels: Int, heightPixels: Int, announcedFramesPerSecond: Double?, hasAudio: Bool,
        sourceCodec: SourceCodec? = nil, encoder: String? = nil
    ) {
        self.codec = codec
        self.sourceCodec = sourceCodec ?? SourceCodec(codec)
        self.encoder = encoder
        self.widthPixels = widthPixels
        self.heightPixels = heightPixels
        self.announcedFramesPerSecond = announcedFramesPerSecond
        self.hasAudio = hasAudio
        measuredSeconds = 0
    }
}

/// Asks an address once what it sends.
package protocol CameraProber: Sendable {
    /// Connects, measures, takes a picture and hangs up, within `location.timeoutSeconds` and a little. Throws why not,
    /// without credentials.
    func probe(_ location: SourceLocation) async throws(SourceError) -> CameraFindings
}
