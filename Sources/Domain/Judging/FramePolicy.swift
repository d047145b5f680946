/// Which pictures of an event a re-analysis shows.
package enum FramePolicy: Sendable, Hashable {
    package enum Source: String, Sendable, CaseIterable {
        /// The event's clip.
        case clip
        /// The camera's continuous recording of that time.
        case recording
    }

    /// Those that were stored with the event.
    case evidence
    /// So many, evenly over the time of the event's motion.
    case sampled(Source, count: Int)

    package static let counts = 1...32

    /// The middles of `count` equal parts of a span.
    package static func times(_ count: Int, from start: WallTime, to end: WallTime) -> [WallTime] {
        let length = max(0, end.seconds(since: start))
        return (0..<max(0, count)).map { start.advanced(bySeconds: length * (Double($0) + 0.5) / Double(count)) }
    }
}
