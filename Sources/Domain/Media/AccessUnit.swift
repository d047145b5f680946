/// Which elementary stream of a camera a unit belongs to.
package enum Track: Sendable, Hashable { case video, audio }

/// Bytes owned elsewhere (a reference to a GStreamer buffer): shared, never copied between the ring and who reads it.
package protocol AccessUnitPayload: AnyObject, Sendable {
    var byteCount: Int { get }
    /// The bytes are valid only during `body`.
    func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result
}

/// One encoded picture (H.264/H.265 access unit) or one encoded audio frame, in decoding order.
package struct AccessUnit: Sendable {
    package var track: Track
    /// Presentation time on the connection's timeline.
    package var presentation: MediaTime
    /// Length, where the stream says it.
    package var durationNanoseconds: Int64?
    /// True for a video unit from which decoding can start (IDR/IRAP); always true for audio.
    package var isKeyframe: Bool
    /// When it reached this process.
    package var arrivedAt: WallTime
    package var payload: any AccessUnitPayload
    /// True for the first unit after something that was sent did not arrive, or that lacks a part itself.
    package var followsLoss: Bool

    package init(
        track: Track, presentation: MediaTime, durationNanoseconds: Int64? = nil, isKeyframe: Bool,
        arrivedAt: WallTime, payload: any AccessUnitPayload, followsLoss: Bool = false
    ) {
        self.track = track
        self.presentation = presentation
        self.durationNanoseconds = durationNanoseconds
        self.isKeyframe = isKeyframe
        self.arrivedAt = arrivedAt
        self.payload = payload
        self.followsLoss = followsLoss
    }
}

/// A video codec we record.
package enum VideoCodec: String, Sendable, Codable, CaseIterable { case h264, h265 }

/// A kind of sound that a clip holds as it comes: AAC, G.711 A-law and µ-law, Opus.
package enum AudioCodec: String, Sendable, Codable, CaseIterable { case aac, pcma, pcmu, opus }

/// The adapter's own description of an encoded format (GStreamer caps), opaque to everything else.
package protocol OpaqueFormat: AnyObject, Sendable {}

/// What a source delivers, known once its first access unit is there.
package struct StreamDescription: Sendable {
    package var codec: VideoCodec
    package var widthPixels: Int
    package var heightPixels: Int
    /// As the stream declares it; nil when it does not.
    package var framesPerSecond: Double?
    /// Format of the video units, for decoder and muxer.
    package var videoFormat: any OpaqueFormat
    /// Format of the audio units where there are any that a clip can hold.
    package var audioFormat: (any OpaqueFormat)?
    /// What `audioFormat` is of.
    package var audioCodec: AudioCodec?
    /// Why the camera's sound is left out, one sentence; nil where it is not or there is none.
    package var soundRemark: String?
    /// What the camera sends; other than `codec` where this process encodes.
    package var sourceCodec: SourceCodec
    /// The element that encodes here ("x264enc"); nil where nothing is encoded.
    package var encoder: String?

    package init(
        codec: VideoCodec, widthPixels: Int, heightPixels: Int, framesPerSecond: Double?,
        videoFormat: any OpaqueFormat, audioFormat: (any OpaqueFormat)?,
        audioCodec: AudioCodec? = nil, soundRemark: String? = nil, sourceCodec: SourceCodec? = nil,
        encoder: String? = nil
    ) {
        self.codec = codec
        self.widthPixels = widthPixels
        self.heightPixels = heightPixels
        self.framesPerSecond = framesPerSecond
        self.videoFormat = videoFormat
        self.audioFormat = audioFormat
        self.audioCodec = audioCodec
        self.soundRemark = soundRemark
        self.sourceCodec = sourceCodec ?? SourceCodec(codec)
        self.encoder = encoder
    }
}
