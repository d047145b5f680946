/// Tells which pictures a loss has damaged: those from the loss on, until the next keyframe makes the decoder's memory whole
/// again. What moves in them is an artefact, so nothing is concluded from them.
///
/// At most two seconds are written off at once: with keyframes far apart a lost packet would blind a camera for long, and
/// damage that stays in its place is no motion. A value; units in decoding order.
package struct DamagedPictures: Sendable, Hashable {
    /// Longest time that is written off after a loss, in seconds.
    package static let longestSeconds = 2.0
    private static let mostSpans = 64

    private struct Span: Sendable, Hashable {
        var from: MediaTime
        /// Of the keyframe that ended it.
        var until: MediaTime?
    }
    private var spans: [Span] = []

    package init() {}

    /// A unit arrived.
    package mutating func received(at time: MediaTime, isKeyframe: Bool, followsLoss: Bool) {
        if isKeyframe {
            // What was lost came before it, or is of it and shows in this one picture only.
            if let last = spans.indices.last, spans[last].until == nil { spans[last].until = time }
        } else if followsLoss, spans.last.map({ $0.until != nil }) ?? true {
            if spans.count == Self.mostSpans { spans.removeFirst() }
            spans.append(Span(from: time))
        }
    }

    /// True for a picture that nothing should be concluded from.
    package func contains(_ time: MediaTime) -> Bool {
        spans.contains { span in
            time >= span.from && (span.until.map { time < $0 } ?? true)
                && time.seconds(since: span.from) < Self.longestSeconds
        }
    }
}
