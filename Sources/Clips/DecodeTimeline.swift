/// Makes decoding times for pictures of which only the presentation times are known, as RTP carries no others.
///
/// With a reorder depth of d, the decoding time of the i-th picture in decoding order is the (i−d)-th smallest presentation
/// time seen, so that it is never after the picture's own and never goes back; the first d are extrapolated to before the
/// first presentation time. A value: no I/O, no clock, no look-ahead.
struct DecodeTimeline: Sendable, Hashable {
    /// One tick of the 90 kHz clock that files count in, rounded up.
    static let tickNanoseconds: Int64 = 11_112

    /// Pictures that may precede one in decoding order and follow it in presentation order. Grows when the stream
    /// reorders more than was expected; a picture that finds out has its decoding time after its presentation time.
    private(set) var reorderDepth: Int
    private let intervalNanoseconds: Int64
    // Presentation times not used yet, ascending; never more than the depth between calls.
    private var pending: [Int64] = []
    private var first: Int64?
    private var extrapolated = 0
    private var last: Int64?

    /// `intervalNanoseconds` is the usual distance of two pictures; it only places the first `reorderDepth` of them.
    init(reorderDepth: Int, intervalNanoseconds: Int64) {
        self.reorderDepth = max(0, reorderDepth)
        self.intervalNanoseconds = max(Self.tickNanoseconds, intervalNanoseconds)
    }

    /// The decoding time of the next picture in decoding order. Strictly increasing.
    mutating func decodingTime(presentation: Int64) -> Int64 {
        let first = self.first ?? presentation
        self.first = first
        let index = pending.lastIndex { $0 <= presentation }.map { $0 + 1 } ?? 0
        pending.insert(presentation, at: index)
        var time: Int64
        if extrapolated < reorderDepth, pending.count <= reorderDepth {
            time = first - Int64(reorderDepth - extrapolated) * intervalNanoseconds
            extrapolated += 1
        } else {
            time = pending[0]
            if let last, time <= last {
                // Deeper than expected: this picture takes a made-up time, and its own one is left for a later picture.
                time = last + Self.tickNanoseconds
                reorderDepth += 1
                extrapolated = reorderDepth
            } else {
                pending.removeFirst()
            }
        }
        if let last { time = max(time, last + Self.tickNanoseconds) }
        last = time
        return time
    }

    /// The reorder depth that pictures with these presentation times, in decoding order, need.
    static func depth(of presentations: some Sequence<Int64>) -> Int {
        var seen: [Int64] = []
        var depth = 0
        for time in presentations {
            depth = max(depth, seen.count { $0 > time })
            seen.append(time)
            if seen.count > 64 { seen.removeFirst() }
        }
        return depth
    }
}
