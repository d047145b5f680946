/// What a camera is doing now, as `GET /v1/cameras/{id}/status` tells it.
package struct CameraStatus: Sendable, Hashable {
    package enum State: String, Sendable { case connecting, online, failing, offline, disabled }

    package var state: State
    package var connectedAt: WallTime?
    package var lastAccessUnitAt: WallTime?
    package var error: SourceError?
    package var errorSince: WallTime?
    package var codec: VideoCodec?
    package var widthPixels: Int?
    package var heightPixels: Int?
    /// Measured over the last seconds.
    package var framesPerSecond: Double?
    package var bitrateKbps: Double?
    package var keyframeIntervalSeconds: Double?
    package var hasAudio: Bool
    /// The element that decodes, where one does.
    package var decoder: String?
    /// Which rung of the activity ladder it stands on ("full").
    package var rung: String
    package var openEvent: Identifier<Event>?
    package var reconnects: Int
    /// Times the stream was interrupted while it should have run.
    package var gaps: Int
    package var framesAnalysed: Int
    package var framesDropped: Int
    package var accessUnits: Int

    package init(state: State) {
        self.state = state
        hasAudio = false
        rung = "full"
        reconnects = 0
        gaps = 0
        framesAnalysed = 0
        framesDropped = 0
        accessUnits = 0
    }
}
