/// Names one segment of a connection while it is being made.
package struct SegmentSlot: Hashable, Sendable {
    package var number: Int
    package init(number: Int) { self.number = number }
}

/// What the segment machine asks its shell to do.
package enum SegmentAction: Sendable, Hashable {
    /// The picture that is being told of is the first one of this segment.
    case open(SegmentSlot, starts: MediaTime)
    /// No picture follows; where `ends` is nil the stream is over and the last picture tells the end. Sound may follow.
    case cut(SegmentSlot, ends: MediaTime?)
    /// Nothing more belongs to it: finish the file.
    case close(SegmentSlot)
    /// Whether an event's clip touches it. Comes once for each, after `close`.
    case decide(SegmentSlot, hasMotion: Bool)
}

/// Cuts a stream into segments at keyframes and finds out which of them events touch. A value: no I/O, no clock.
///
/// A segment is decided when no event can begin in it any more, which is when its pictures have left the ring buffer from
/// which clips take their pre-roll; so `motion` keeps just what the clips of events keep, in whole segments.
package struct SegmentMachine: Sendable {
    /// How far sound may come behind the pictures.
    static let soundDelaySeconds = 2.0

    private struct Piece: Sendable {
        var slot: SegmentSlot
        var starts: MediaTime
        /// Nil while pictures are added.
        var ends: MediaTime?
        var isClosed = false
        var hasMotion: Bool
    }
    private let segmentSeconds: Double
    private let hasAudio: Bool
    private var pieces: [Piece] = []
    private var running = 0
    private var opened = 0
    private var latest: MediaTime?

    package init(segmentSeconds: Double, hasAudio: Bool) {
        self.segmentSeconds = segmentSeconds
        self.hasAudio = hasAudio
    }

    /// The segment that takes pictures now.
    package var current: SegmentSlot? { pieces.last { $0.ends == nil }?.slot }

    /// The next picture in decoding order; `oldest` is where the ring buffer begins once it holds this picture.
    package mutating func picture(at time: MediaTime, isKeyframe: Bool, oldest: MediaTime?) -> [SegmentAction] {
        var actions: [SegmentAction] = []
        latest = max(latest ?? time, time)
        if let index = pieces.lastIndex(where: { $0.ends == nil }) {
            let length = time.seconds(since: pieces[index].starts)
            // A little before the time, as keyframes do not come to the millisecond.
            let isDue = isKeyframe && length > 0 && length >= segmentSeconds - 0.05
            if isDue || length >= Segment.longestSeconds {
                pieces[index].ends = time
                actions.append(.cut(pieces[index].slot, ends: time))
            }
        }
        if current == nil, isKeyframe {
            opened += 1
            let slot = SegmentSlot(number: opened)
            pieces.append(Piece(slot: slot, starts: time, hasMotion: running > 0))
            actions.append(.open(slot, starts: time))
        }
        for index in pieces.indices {
            guard let ends = pieces[index].ends, !pieces[index].isClosed,
                !hasAudio || time.seconds(since: ends) > Self.soundDelaySeconds
            else { continue }
            actions.append(close(index))
        }
        return actions + decide(oldest)
    }

    /// Where sound of this time belongs: sound comes a little before or behind the pictures of its time.
    package mutating func sound(at time: MediaTime) -> (slot: SegmentSlot?, actions: [SegmentAction]) {
        var actions: [SegmentAction] = []
        for index in pieces.indices {
            guard let ends = pieces[index].ends, !pieces[index].isClosed else { continue }
            if time < ends { return (pieces[index].slot, actions) }
            actions.append(close(index))
        }
        return (current, actions)
    }

    /// An event's clip began, with the keyframe at or before `time`.
    package mutating func eventBegan(clipFrom time: MediaTime) {
        running += 1
        for index in pieces.indices where pieces[index].ends.map({ $0 > time }) ?? true {
            pieces[index].hasMotion = true
        }
    }

    /// An event's clip ended.
    package mutating func eventEnded() { running = max(0, running - 1) }

    /// The shell could not open it: nothing of it is there, and the next keyframe begins another.
    package mutating func failed(_ slot: SegmentSlot) { pieces.removeAll { $0.slot == slot } }

    /// The stream is over, and so are all events in it.
    package mutating func streamEnded() -> [SegmentAction] {
        var actions: [SegmentAction] = []
        for index in pieces.indices {
            if pieces[index].ends == nil {
                pieces[index].ends = latest
                actions.append(.cut(pieces[index].slot, ends: nil))
            }
            if !pieces[index].isClosed { actions.append(close(index)) }
        }
        defer { pieces = [] }
        return actions + pieces.map { .decide($0.slot, hasMotion: $0.hasMotion) }
    }

    private mutating func close(_ index: Int) -> SegmentAction {
        pieces[index].isClosed = true
        return .close(pieces[index].slot)
    }

    private mutating func decide(_ oldest: MediaTime?) -> [SegmentAction] {
        guard let oldest else { return [] }
        var actions: [SegmentAction] = []
        pieces.removeAll { piece in
            guard piece.isClosed, let ends = piece.ends, ends <= oldest else { return false }
            actions.append(.decide(piece.slot, hasMotion: piece.hasMotion))
            return true
        }
        return actions
    }
}
