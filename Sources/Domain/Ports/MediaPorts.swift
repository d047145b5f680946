/// Why a camera cannot be read, in words its owner can act on. Carries no credentials.
package struct SourceError: Error, Sendable, Hashable {
    package enum Kind: String, Sendable, Codable {
        /// No TCP connection: nothing listens, no route, name unknown.
        case unreachable = "camera_unreachable"
        /// Connected but silent.
        case timeout = "camera_timeout"
        /// Wrong or missing credentials.
        case unauthorized = "camera_unauthorized"
        /// Its TLS certificate is not to be trusted.
        case untrusted = "camera_untrusted"
        /// The camera has no such stream path.
        case notFound = "stream_not_found"
        /// The stream holds no video, or a codec we do not record.
        case unsupported = "stream_unsupported"
        /// It was running and no access unit came for the stall time.
        case stalled = "stream_stalled"
        /// The camera closed the stream.
        case ended = "stream_ended"
        /// Bytes that no parser or decoder accepts.
        case corrupt = "stream_corrupt"
        /// Codec, size or timestamps changed; the next connection starts anew.
        case changed = "stream_changed"
        /// Something on our side: a missing plugin, no memory.
        case internalFailure = "ingest_failure"
    }
    package var kind: Kind
    /// One sentence; what failed, on which address (without credentials), what to do.
    package var detail: String

    package init(_ kind: Kind, _ detail: String) {
        self.kind = kind
        self.detail = detail
    }
}

/// How to reach a source. `url` may hold credentials and must never be logged or returned.
package struct SourceLocation: Sendable, Hashable {
    package enum Transport: String, Sendable, Codable, CaseIterable { case tcp, udp }
    package var url: String
    package var transport: Transport
    /// Seconds without an answer while connecting, or without an access unit later, after which it has failed.
    package var timeoutSeconds: Double
    /// For `rtsps://` addresses.
    package var certificate: CertificateTrust

    package init(
        url: String, transport: Transport, timeoutSeconds: Double, certificate: CertificateTrust = .system
    ) {
        self.certificate = certificate
        self.url = url
        self.transport = transport
        self.timeoutSeconds = timeoutSeconds
    }
}

/// One thing that came out of a source, in order.
package enum SourceItem: Sendable {
    /// Comes before the first access unit, and again never: a change of format is `failed(.changed)`.
    case stream(StreamDescription)
    case accessUnit(AccessUnit)
    /// The last item.
    case failed(SourceError)
}

/// One open connection to a camera. The packet path: it never drops silently.
package protocol MediaSource: AnyObject, Sendable {
    /// Everything that has arrived since the last call, in order. Never blocks; call it after each wake.
    func drain() -> [SourceItem]
    /// At rest, units may wait for some tenths of a second before they wake, so that several come with one. Failures do not wait.
    func rest(_ isResting: Bool)
    /// Closes the connection and frees the pipeline; idempotent. Nothing wakes after it returns.
    func close() async
}

/// Opens cameras.
package protocol SourceOpener: Sendable {
    /// Starts connecting and returns at once; failures come out of `drain`. `wake` is called from any thread when
    /// there is something to drain and must only hand over.
    func open(_ location: SourceLocation, wake: @escaping @Sendable () -> Void) throws(SourceError) -> any MediaSource
}

/// Turns access units into frames. The pixel path: it may drop, and counts what it dropped.
package protocol FrameDecoder: AnyObject, Sendable {
    /// The element that decodes ("avdec_h264"), for the camera's status.
    var name: String { get }
    /// Queues one video unit in decoding order; the first must be a keyframe. Never blocks: past its bound it drops up
    /// to the next keyframe and counts.
    func decode(_ unit: AccessUnit)
    /// Frames decoded since the last call, in presentation order. Never blocks.
    func drain() -> [any DecodedFrame]
    /// Units dropped on the way in plus frames dropped on the way out, since it was opened.
    var dropped: Int { get }
    /// Units that were given and have not come out as frames or been dropped.
    var backlog: Int { get }
    /// The decoder's own complaint, once, where it gave up.
    var failure: SourceError? { get }
    /// No more units will come: what is inside comes out, and then `isFinished` is true. Wakes once more then.
    func finish()
    /// True when, after `finish`, every frame was drained.
    var isFinished: Bool { get }
    /// Frees the pipeline; idempotent.
    func close() async
}

/// Opens decoders.
package protocol DecoderOpener: Sendable {
    func open(_ stream: StreamDescription, wake: @escaping @Sendable () -> Void) throws(SourceError) -> any FrameDecoder
    /// Opens a decoder for a single keyframe, and for no unit after it: one that starts quickly and takes nothing that
    /// others need.
    func openForOnePicture(
        _ stream: StreamDescription, wake: @escaping @Sendable () -> Void
    ) throws(SourceError) -> any FrameDecoder
    /// An opener that remembers for one camera what failed there.
    func forOneCamera() -> any DecoderOpener
    /// Told that a decoder it opened gave up. True where the next `open` gives another kind, so that the same pictures
    /// are worth decoding once more; false where the failure is final.
    func replaces(_ decoder: any FrameDecoder, of codec: VideoCodec, after failure: SourceError) -> Bool
    /// Which better decoders are not used now, and why; nil where nothing was passed over because it failed.
    var fallback: String? { get }
}

extension DecoderOpener {
    package func openForOnePicture(
        _ stream: StreamDescription, wake: @escaping @Sendable () -> Void
    ) throws(SourceError) -> any FrameDecoder { try open(stream, wake: wake) }
    package func forOneCamera() -> any DecoderOpener { self }
    package func replaces(_ decoder: any FrameDecoder, of codec: VideoCodec, after failure: SourceError) -> Bool {
        false
    }
    package var fallback: String? { nil }
}

/// A clip as it lies on disk, complete and durable.
package struct FinishedClip: Sendable, Hashable, Codable {
    package var sizeBytes: Int64
    /// Lower-case hexadecimal SHA-256 of the file.
    package var sha256: String
    /// Presentation time of the first picture.
    package var starts: MediaTime
    /// From the first picture's start to the last one's end.
    package var durationSeconds: Double
    package var videoUnits: Int
    package var hasAudio: Bool
    /// Digests of the formats of pictures and sound: files whose digests are the same can be joined.
    package var videoFormat: String?
    package var audioFormat: String?

    package init(
        sizeBytes: Int64, sha256: String, starts: MediaTime, durationSeconds: Double, videoUnits: Int, hasAudio: Bool,
        videoFormat: String? = nil, audioFormat: String? = nil
    ) {
        self.sizeBytes = sizeBytes
        self.sha256 = sha256
        self.starts = starts
        self.durationSeconds = durationSeconds
        self.videoUnits = videoUnits
        self.hasAudio = hasAudio
        self.videoFormat = videoFormat
        self.audioFormat = audioFormat
    }
}

/// Why a clip could not be written; names the file.
package struct ClipError: Error, Sendable, CustomStringConvertible {
    package var description: String

    package init(_ description: String) { self.description = description }
}

/// One clip being written. Muxes while it is fed; killed at any instant, the file plays up to its last whole second.
package protocol ClipWriter: AnyObject, Sendable {
    /// Appends one unit in decoding order; the first video unit is a keyframe. Never blocks.
    func append(_ unit: AccessUnit)
    /// Ends the file, makes it durable (I1: `fsync` of the file) and hashes it. The path stays what it was.
    func finish() async throws(ClipError) -> FinishedClip
    /// Stops and leaves the file as it is; idempotent.
    func abandon() async
}

/// Opens clip writers.
package protocol ClipWriterOpener: Sendable {
    /// Creates `path` (which must not exist) and begins muxing MP4 into it.
    func open(_ stream: StreamDescription, path: String) throws(ClipError) -> any ClipWriter
    /// As `open`, for a file that another of the same stream precedes: pictures that come after its first keyframe and are
    /// shown before it are kept, though only who reads both files can decode them.
    func openSegment(_ stream: StreamDescription, path: String) throws(ClipError) -> any ClipWriter
    /// Looks at a `.part` file whose writer died: how much of it plays, hashed and made durable; nil when nothing does.
    /// May rewrite the file so that ordinary players take it.
    func recover(path: String) async throws(ClipError) -> RecoveredClip?
}

extension ClipWriterOpener {
    package func openSegment(_ stream: StreamDescription, path: String) throws(ClipError) -> any ClipWriter {
        try open(stream, path: path)
    }
}

/// What was found in the file of a writer that died.
package struct RecoveredClip: Sendable, Hashable {
    package var clip: FinishedClip
    package var codec: VideoCodec
    package var widthPixels: Int
    package var heightPixels: Int

    package init(clip: FinishedClip, codec: VideoCodec, widthPixels: Int, heightPixels: Int) {
        self.clip = clip
        self.codec = codec
        self.widthPixels = widthPixels
        self.heightPixels = heightPixels
    }
}

/// Looks at decoded pictures, one camera's, in order. Not shared between threads.
package protocol MotionDetector: AnyObject {
    /// Measures one picture against the background it has learnt. Copies what it needs.
    func measure(_ picture: PictureView, at presentation: MediaTime) throws -> MotionMeasurement
    /// Compares a picture with the background and learns nothing: the pictures between the last measured one and this
    /// one may still be measured. `restarted` says that it seems to be another scene.
    func look(_ picture: PictureView, at presentation: MediaTime) throws -> MotionMeasurement
    /// The picture last measured or looked at as a whole; nil for a detector that does not know.
    func scene() throws -> SceneSample?
}

extension MotionDetector {
    package func scene() throws -> SceneSample? { nil }
}

/// Makes JPEGs of decoded pictures.
package protocol StillEncoder: Sendable {
    /// A JPEG whose longest side is at most `longestSidePixels` (never enlarged); `crop` cuts first, in fractions.
    func encode(_ picture: PictureView, crop: Box?, longestSidePixels: Int, quality: Int) throws -> Still
}

/// Where "now" comes from.
package protocol WallClock: Sendable {
    var now: WallTime { get }
}
