/// The tables of one track of a file that is put together, and where its playback begins. A value.
///
/// Grows by whole pieces; an hour of pictures needs half a megabyte.
struct SampleTable: Sendable {
    /// Ticks in a second.
    let timescale: Int64
    private(set) var sizes: [UInt32] = []
    /// Ticks of the decoding time from zero to the next; of the last sample, as long as it lasts.
    private(set) var durations: [(count: Int, ticks: Int64)] = []
    /// Presentation less decoding time.
    private(set) var shifts: [(count: Int, ticks: Int64)] = []
    /// Numbers from 1.
    private(set) var keyframes: [UInt32] = []
    private(set) var chunks: [(offset: Int64, samples: Int)] = []
    /// Decoding time of the first sample: zero is where playback begins.
    private(set) var first: Int64?
    private(set) var last: Int64 = 0
    private var lastDuration: Int64 = 0
    private var chunkEnd: Int64 = -1

    init(timescale: Int64) { self.timescale = timescale }

    func ticks(_ nanoseconds: Int64) -> Int64 {
        let (seconds, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        let scaled = rest * timescale
        return seconds * timescale + (scaled + (scaled < 0 ? -500_000_000 : 500_000_000)) / 1_000_000_000
    }

    /// Appends the next sample in decoding order; times in nanoseconds, `offset` from the beginning of the media.
    mutating func add(
        decoding: Int64, presentation: Int64, duration: Int64, isKeyframe: Bool, size: Int, offset: Int64
    ) {
        let ticks = ticks(decoding)
        let time = first == nil ? ticks : max(last + 1, ticks)
        if first == nil { first = time } else { Self.append(time - last, to: &durations) }
        last = time
        lastDuration = max(1, self.ticks(duration))
        Self.append(self.ticks(presentation) - time, to: &shifts)
        sizes.append(UInt32(clamping: size))
        if isKeyframe { keyframes.append(UInt32(sizes.count)) }
        if offset == chunkEnd, !chunks.isEmpty {
            chunks[chunks.count - 1].samples += 1
        } else {
            chunks.append((offset, 1))
        }
        chunkEnd = offset + Int64(size)
    }

    /// No more samples come; the last one lasts at least up to `end`.
    mutating func finish(until end: Int64) {
        guard first != nil else { return }
        Self.append(max(lastDuration, ticks(end) - last), to: &durations)
    }

    /// Of the media, in ticks, once finished.
    var duration: Int64 { durations.reduce(0) { $0 + Int64($1.count) * $1.ticks } }
    var isEmpty: Bool { sizes.isEmpty }

    private static func append(_ ticks: Int64, to runs: inout [(count: Int, ticks: Int64)]) {
        if let last = runs.last, last.ticks == ticks {
            runs[runs.count - 1].count += 1
        } else {
            runs.append((1, ticks))
        }
    }
}
