/// What of a camera's video is kept besides the clips of its events.
package enum RecordMode: String, Sendable, Codable, CaseIterable {
    /// Nothing more.
    case events
    /// Everything.
    case continuous
    /// The segments that an event's clip touches.
    case motion
}
