import Domain

/// Everything a camera session needs from outside.
package struct IngestPorts: Sendable {
    package var sources: any SourceOpener
    package var decoders: any DecoderOpener
    package var clips: any ClipWriterOpener
    package var live: any LiveMuxerOpener
    /// Nil where live views are sent as they come or not at all.
    package var transcoding: LiveTranscoding?
    package var spool: any EventSpool
    /// Nil where nothing but events is recorded.
    package var segments: (any SegmentSpool)?
    /// About how long a segment is.
    package var segmentSeconds: Double
    package var stills: any StillEncoder
    /// A fresh detector for one connection.
    package var makeDetector: @Sendable (CameraSettings) throws -> any MotionDetector
    package var makeGate: @Sendable (CameraSettings) -> ZonedGate
    package var clock: any WallClock
    /// Nil where nobody wants to know where something moved.
    package var activity: ActivityLog?
    /// Shared by all cameras of the process.
    package var pools: DecoderPools
    package var rings = RingBudget()

    package init(
        sources: any SourceOpener, decoders: any DecoderOpener, clips: any ClipWriterOpener,
        live: any LiveMuxerOpener, spool: any EventSpool, stills: any StillEncoder,
        makeDetector: @escaping @Sendable (CameraSettings) throws -> any MotionDetector,
        makeGate: @escaping @Sendable (CameraSettings) -> ZonedGate, clock: any WallClock,
        pools: DecoderPools = DecoderPools(), segments: (any SegmentSpool)? = nil, segmentSeconds: Double = 60,
        activity: ActivityLog? = nil, transcoding: LiveTranscoding? = nil
    ) {
        self.transcoding = transcoding
        self.segments = segments
        self.activity = activity
        self.segmentSeconds = segmentSeconds
        self.sources = sources
        self.decoders = decoders
        self.clips = clips
        self.live = live
        self.spool = spool
        self.stills = stills
        self.makeDetector = makeDetector
        self.makeGate = makeGate
        self.clock = clock
        self.pools = pools
    }
}
