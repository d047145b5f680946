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
