/// The folder where segments are made, and the way from there into the store (I1, I2, I8).
package protocol SegmentSpool: Sendable {
    /// Notes the draft and returns the path for the writer.
    func begin(_ draft: SegmentDraft) throws -> String
    /// Makes everything durable, moves it into the media folder and queues the hand-over.
    func finish(_ draft: SegmentDraft, _ outcome: SegmentOutcome) async throws
    /// Removes every trace of a segment that is not to be kept.
    func discard(_ id: Identifier<Segment>)
}

/// A stretch of time that is recorded without a gap and in one format, within the range that was asked for.
package struct RecordedSpan: Sendable, Hashable {
    package var startsAt: WallTime
    package var endsAt: WallTime
    /// Since the span before it, or the beginning of the range.
    package var gapBeforeSeconds: Double
    /// Of all its segments, also of what lies outside of the range.
    package var sizeBytes: Int64
    package var segments: Int
    package var codec: VideoCodec
    package var widthPixels: Int
    package var heightPixels: Int
    package var hasAudio: Bool
    /// Nil where it is not known of any of its segments and none has it.
    package var hasMotion: Bool?

    package init(
        startsAt: WallTime, endsAt: WallTime, gapBeforeSeconds: Double, sizeBytes: Int64, segments: Int,
        codec: VideoCodec, widthPixels: Int, heightPixels: Int, hasAudio: Bool, hasMotion: Bool?
    ) {
        self.startsAt = startsAt
        self.endsAt = endsAt
        self.gapBeforeSeconds = gapBeforeSeconds
        self.sizeBytes = sizeBytes
        self.segments = segments
        self.codec = codec
        self.widthPixels = widthPixels
        self.heightPixels = heightPixels
        self.hasAudio = hasAudio
        self.hasMotion = hasMotion
    }
}

/// Which camera's recordings of which time; `after` is the end of the last span that was given.
package struct RecordingQuery: Sendable, Hashable {
    package var camera: Identifier<Camera>
    package var from: WallTime
    package var to: WallTime
    package var after: WallTime?
    package var limit: Int

    package init(camera: Identifier<Camera>, from: WallTime, to: WallTime, after: WallTime? = nil, limit: Int = 50) {
        self.camera = camera
        self.from = from
        self.to = to
        self.after = after
        self.limit = limit
    }
}

/// Segments of continuous recording.
package protocol RecordingStore: Sendable {
    /// Repeating it changes nothing (I3).
    func handOver(_ record: SegmentRecord) async throws
    /// Those that touch the range, by their start; at most `limit` of the query.
    func segments(_ query: RecordingQuery, of organization: Identifier<Organization>) async throws -> [SegmentRecord]
    /// By their start.
    func spans(_ query: RecordingQuery, of organization: Identifier<Organization>) async throws -> [RecordedSpan]
    /// Which of these ids have a row: for the check at start (I2).
    func existing(_ ids: [Identifier<Segment>]) async throws -> Set<Identifier<Segment>>
}

/// A span of a recording as one file that is put together while it is read.
package protocol RecordingFile: AnyObject, Sendable {
    /// What of the span there is, and where the gaps are.
    var plan: RecordingPlan { get }
    var sizeBytes: Int64 { get }
    /// At most `count` bytes from a place on; fewer, and at least one, where it is convenient. Throws where the media are gone.
    func read(at offset: Int64, count: Int) async throws(ClipError) -> [UInt8]
}

/// Puts recordings together.
package protocol RecordingReader: Sendable {
    /// Segments whose files are gone count as a gap. Throws `RecordingPlan.Refusal`, or `ClipError` where a file makes no
    /// sense.
    func open(
        _ segments: [SegmentRecord], from: WallTime, to: WallTime, keepsGaps: Bool
    ) async throws -> any RecordingFile
}
