/// Which parts of which segments make up a span of time as one file. A value.
///
/// Within a run segments are joined on the run's own timeline, to the nanosecond. Between runs, and where segments are
/// missing, there is a gap: left out, or kept as a picture that stands still, so that the file's time is the clock's.
package struct RecordingPlan: Sendable, Hashable {
    /// Longest span of one file.
    package static let longestSeconds = 6 * 3600.0

    /// One segment's part.
    package struct Piece: Sendable, Hashable {
        package var segment: SegmentRecord
        /// What is to be seen and heard of it, from its own first picture. Zero for all but the first piece.
        package var fromNanoseconds: Int64
        package var toNanoseconds: Int64
        /// To add to a time in the segment for the time in the file; zero is where playback begins.
        package var shiftNanoseconds: Int64
        /// The pictures before are not those that precede it in the stream.
        package var followsGap: Bool
    }

    /// A stretch of the span in which nothing is recorded.
    package struct Gap: Sendable, Hashable {
        package var starts: WallTime
        package var ends: WallTime
    }

    package enum Refusal: Error, Sendable, Hashable {
        /// Nothing is recorded in the span.
        case empty
        /// The format changes here: one file cannot hold both.
        case formatChanges(at: WallTime)
    }

    package private(set) var pieces: [Piece] = []
    package private(set) var gaps: [Gap] = []
    /// Where what is recorded begins and ends within what was asked for.
    package private(set) var from: WallTime
    package private(set) var to: WallTime
    /// Of playback.
    package private(set) var durationNanoseconds: Int64 = 0

    /// `segments` are one camera's that touch the span, by their start.
    package init(
        _ segments: [SegmentRecord], from: WallTime, to: WallTime, keepsGaps: Bool
    ) throws(Refusal) {
        self.from = from
        self.to = to
        var audioFormat: String?
        for segment in segments where segment.endsAt > from && segment.startsAt < to {
            let length = segment.mediaEnd.nanoseconds - segment.mediaStart.nanoseconds
            guard length > 0, segment.endsAt > segment.startsAt else { continue }
            let begin = segment.startsAt >= from ? 0 : Self.position(of: from, in: segment)
            let end = segment.endsAt <= to ? length : Self.position(of: to, in: segment)
            guard end > begin else { continue }
            var piece = Piece(
                segment: segment, fromNanoseconds: begin, toNanoseconds: end, shiftNanoseconds: -begin,
                followsGap: true)
            if let last = pieces.last {
                guard last.segment.videoFormat == segment.videoFormat,
                    audioFormat == nil || segment.audioFormat == nil || audioFormat == segment.audioFormat
                else { throw .formatChanges(at: segment.startsAt) }
                if last.segment.isFollowed(by: segment) {
                    piece.followsGap = false
                    piece.shiftNanoseconds =
                        last.shiftNanoseconds + segment.mediaStart.nanoseconds - last.segment.mediaStart.nanoseconds
                } else {
                    let missing = max(
                        0, segment.startsAt.nanosecondsSinceEpoch - last.segment.endsAt.nanosecondsSinceEpoch)
                    if missing > 0 { gaps.append(Gap(starts: last.segment.endsAt, ends: segment.startsAt)) }
                    piece.shiftNanoseconds =
                        last.shiftNanoseconds + last.toNanoseconds + (keepsGaps ? missing : 0) - begin
                }
            } else {
                self.from = max(from, segment.startsAt)
            }
            audioFormat = audioFormat ?? segment.audioFormat
            self.to = min(to, segment.endsAt)
            pieces.append(piece)
        }
        guard let last = pieces.last else { throw .empty }
        durationNanoseconds = last.toNanoseconds + last.shiftNanoseconds
        if self.from > from { gaps.insert(Gap(starts: from, ends: self.from), at: 0) }
        if self.to < to { gaps.append(Gap(starts: self.to, ends: to)) }
    }

    /// The clock and the camera run at slightly different speeds; within a segment the difference is spread.
    private static func position(of time: WallTime, in segment: SegmentRecord) -> Int64 {
        let wall = segment.endsAt.nanosecondsSinceEpoch - segment.startsAt.nanosecondsSinceEpoch
        let media = segment.mediaEnd.nanoseconds - segment.mediaStart.nanoseconds
        let elapsed = time.nanosecondsSinceEpoch - segment.startsAt.nanosecondsSinceEpoch
        guard wall != media else { return elapsed }
        return Int64((Double(elapsed) * Double(media) / Double(wall)).rounded())
    }
}
