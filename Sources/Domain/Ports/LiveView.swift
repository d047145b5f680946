/// What a viewer wants of a camera's live view.
package struct LiveWish: Sendable, Hashable {
    /// What it plays. Pictures of another codec are encoded to H.264 for it, which every viewer plays.
    package var codecs: Set<VideoCodec>
    package var withAudio: Bool

    package init(codecs: Set<VideoCodec> = [.h264], withAudio: Bool = true) {
        self.codecs = codecs.union([.h264])
        self.withAudio = withAudio
    }
}

/// Why pictures are not encoded for a viewer now.
package enum LiveRefusal: Error, Sendable, Hashable {
    /// As many cameras' pictures as may be are being encoded already.
    case noRoom(most: Int)
    /// One sentence; what failed and what to do.
    case cannotEncode(String)
}

/// Puts one viewer's units into a container that plays while it grows. A value; no I/O, no clock.
package protocol LiveMuxer: Sendable {
    /// MIME type with the codecs of its tracks (RFC 6381).
    var contentType: String { get }
    /// What comes before all else.
    var header: [UInt8] { get }
    /// Takes units in decoding order, the first picture a keyframe; gives what can be sent by now, which may be nothing.
    mutating func add(_ units: [AccessUnit]) -> [UInt8]
}

/// Begins live views.
package protocol LiveMuxerOpener: Sendable {
    /// Throws for a stream that the container cannot hold.
    func open(_ stream: StreamDescription, withAudio: Bool) throws(ClipError) -> any LiveMuxer
}

/// One viewer of a running camera. Letting go of it ends it.
package protocol LiveView: AnyObject, Sendable {
    var contentType: String { get }
    /// The next bytes, some hundred kilobytes at most unless one picture is larger; waits for them. Nil at the end: the
    /// camera's connection is over, the viewer was too slow, or the task was cancelled. One call at a time.
    func next() async -> [UInt8]?
}

/// Encodes one camera's pictures to H.264 while they come, for live views. It leaves pictures out rather than fall behind.
package protocol LiveTranscoder: AnyObject, Sendable {
    /// The elements that decode and encode ("avdec_h265, x264enc"), for the log.
    var name: String { get }
    /// Queues one video unit in decoding order. Never blocks: where too much waits already, it is left out with all up to a
    /// later keyframe.
    func add(_ unit: AccessUnit)
    /// What came out since the last call, on the timeline of what went in: a description without sound, units from a keyframe
    /// on in presentation order, at the end a failure. Never blocks; call it after each wake.
    func drain() -> [SourceItem]
    /// Frees the pipeline; idempotent. Nothing wakes after it returns.
    func close() async
}

/// Opens transcoders.
package protocol LiveTranscoderOpener: Sendable {
    /// Begins with `backlog`, the first of which is a keyframe. `wake` is called from any thread when there is something to
    /// drain and must only hand over.
    func open(
        _ stream: StreamDescription, from backlog: [AccessUnit], wake: @escaping @Sendable () -> Void
    ) throws(SourceError) -> any LiveTranscoder
    /// An opener that remembers for one camera what failed there.
    func forOneCamera() -> any LiveTranscoderOpener
}
