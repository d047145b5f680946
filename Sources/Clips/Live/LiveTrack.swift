import Domain

/// The samples of one track that are to be sent. A value.
///
/// How long a sample lasts is known when the next one comes, so each waits for that: a browser takes a sample that is told
/// too short for a gap, and then shows nothing up to the next keyframe. Where pictures are so rare that the wait would show,
/// a sample goes at once and is said to last as long as the one before.
struct LiveTrack: Sendable {
    struct Sample: Sendable {
        /// Ticks of the track's timescale from the beginning of the view.
        var decoding: Int64
        var presentation: Int64
        var duration: Int64
        var isKeyframe: Bool
        var payload: any AccessUnitPayload
    }
    /// Longest that a sample waits for the next one.
    static let longestWaitSeconds = 0.4

    let id: Int
    /// Ticks in a second.
    let timescale: Int64
    private(set) var ready: [Sample] = []
    private var held: Sample?
    private var latest: Int64?
    private var interval: Int64

    init(id: Int, timescale: Int64, intervalSeconds: Double) {
        self.id = id
        self.timescale = timescale
        interval = max(1, Int64(intervalSeconds * Double(timescale)))
    }

    /// Ticks of a time that counts from the beginning of the view.
    func ticks(_ nanoseconds: Int64) -> Int64 {
        let (seconds, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        return seconds * timescale + rest * timescale / 1_000_000_000
    }

    /// `duration` is not looked at.
    mutating func add(_ sample: Sample) {
        if let latest { interval = max(1, sample.decoding - latest) }
        latest = sample.decoding
        if var before = held.take() {
            before.duration = interval
            ready.append(before)
        }
        held = sample
        guard Double(interval) / Double(timescale) > Self.longestWaitSeconds else { return }
        held = nil
        var sample = sample
        sample.duration = interval
        ready.append(sample)
    }

    /// What can be sent; it is gone from here.
    mutating func takeReady() -> [Sample] {
        defer { ready = [] }
        return ready
    }
}
