/// What a camera's small stream is doing now.
package struct DetectStatus: Sendable, Hashable {
    package enum State: String, Sendable { case connecting, online, failing }
    package var state: State
    /// True while it is the one that is analysed; else the large one is, or nothing yet.
    package var isAnalysed: Bool
    package var widthPixels: Int?
    package var heightPixels: Int?
    package var error: SourceError?

    package init(
        state: State, isAnalysed: Bool, widthPixels: Int? = nil, heightPixels: Int? = nil, error: SourceError? = nil
    ) {
        self.state = state
        self.isAnalysed = isAnalysed
        self.widthPixels = widthPixels
        self.heightPixels = heightPixels
        self.error = error
    }
}

/// What a camera is doing now, as `GET /v1/cameras/{id}/status` tells it.
package struct CameraStatus: Sendable, Hashable {
    package enum State: String, Sendable { case connecting, online, failing, offline, disabled }

    package var state: State
    package var connectedAt: WallTime?
    package var lastAccessUnitAt: WallTime?
    package var error: SourceError?
    package var errorSince: WallTime?
    /// As recorded.
    package var codec: VideoCodec?
    /// As the camera sends it.
    package var sourceCodec: SourceCodec?
    /// The element that encodes what the camera sends, where this process does.
    package var encoder: String?
    package var widthPixels: Int?
    package var heightPixels: Int?
    /// Measured over the last seconds.
    package var framesPerSecond: Double?
    package var bitrateKbps: Double?
    package var keyframeIntervalSeconds: Double?
    package var hasAudio: Bool
    package var audioCodec: AudioCodec?
    /// Why the camera's sound is left out or not heard, where it is.
    package var soundRemark: String?
    /// The loudest tenth of the last second, where something listens; see `SoundLevel`.
    package var soundLevelDBFS: Double?
    /// The element that decodes, where one does.
    package var decoder: String?
    /// Which better decoders failed and are not used now, and why.
    package var decoderFallback: String?
    /// Where on the activity ladder it stands, and why it is watched more carefully than asked for, where it is.
    package var rung: LadderRung
    package var rungReason: String?
    /// Seconds of waiting for one of the process's decoders.
    package var decoderWaitSeconds: Double
    /// What sleeping misses, as far as audits show.
    package var audits: MissEstimate
    /// The small stream, where the camera has one to analyse.
    package var detect: DetectStatus?
    package var openEvent: Identifier<Event>?
    package var reconnects: Int
    /// Times the stream was interrupted while it should have run.
    package var gaps: Int
    package var framesAnalysed: Int
    package var framesDropped: Int
    package var accessUnits: Int
    /// What its ring buffer holds.
    package var bufferedBytes: Int

    package init(state: State) {
        self.state = state
        hasAudio = false
        rung = .learning
        decoderWaitSeconds = 0
        audits = MissEstimate()
        reconnects = 0
        gaps = 0
        framesAnalysed = 0
        framesDropped = 0
        accessUnits = 0
        bufferedBytes = 0
    }
}
