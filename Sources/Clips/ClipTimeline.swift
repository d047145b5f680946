import Domain

/// Places the units of one clip in its file: times from zero at the first picture, decoding times for video. A value.
///
/// The first pictures wait until there are enough to see how far the stream reorders; `finish` lets the last ones go.
struct ClipTimeline<Payload: Sendable>: Sendable {
    /// Pictures that wait for the reorder depth to show. More than one group of B-frames of any common encoder.
    static var pictureWindow: Int { 17 }

    struct Placed: Sendable {
        var track: Track
        var presentation: Int64
        var decoding: Int64
        var duration: Int64?
        var isKeyframe: Bool
        var payload: Payload
    }

    private struct Waiting: Sendable {
        var presentation: Int64
        var duration: Int64?
        var isKeyframe: Bool
        var payload: Payload
    }

    private(set) var start: MediaTime?
    private(set) var videoUnits = 0
    private(set) var audioUnits = 0
    private var waiting: [Waiting] = []
    private var timeline: DecodeTimeline?
    private var hasSecondKeyframe = false
    private var latestVideo: Int64 = 0
    private var latestAudio: Int64 = -1
    private var interval: Int64
    private let declaredDepth: Int
    private let keepsLeading: Bool

    /// `declaredDepth` is how far the stream says that it reorders; what its pictures show counts where that is more.
    /// `keepsLeading` keeps the pictures of an open GOP that belong before the first keyframe, at negative times.
    init(framesPerSecond: Double?, declaredDepth: Int? = nil, keepsLeading: Bool = false) {
        self.keepsLeading = keepsLeading
        self.declaredDepth = declaredDepth ?? 0
        interval = Self.interval(framesPerSecond) ?? 40_000_000
    }

    /// From the first picture's start to the last one's end.
    var durationNanoseconds: Int64 { videoUnits == 0 ? 0 : latestVideo + interval }

    /// How far video is ahead of sound.
    var audioLagNanoseconds: Int64 { latestVideo - max(0, latestAudio) }

    /// Takes a unit in decoding order; gives those that can go to the file. Pictures before the first keyframe, pictures
    /// that belong before it in presentation order, and sound before the first picture are left out.
    mutating func add(
        _ track: Track, presentation: MediaTime, durationNanoseconds: Int64?, isKeyframe: Bool, payload: Payload
    ) -> [Placed] {
        switch track {
        case .video:
            guard let start = start ?? (isKeyframe ? presentation : nil) else { return [] }
            let time = presentation.nanoseconds - start.nanoseconds
            // Leading pictures of an open GOP refer to what came before this clip.
            guard keepsLeading || time > 0 || self.start == nil || hasSecondKeyframe && time >= 0 else { return [] }
            if self.start != nil, isKeyframe { hasSecondKeyframe = true }
            self.start = start
            videoUnits += 1
            if videoUnits > 1 { interval = max(interval(upTo: time), DecodeTimeline.tickNanoseconds) }
            latestVideo = max(latestVideo, time)
            let picture = Waiting(
                presentation: time, duration: durationNanoseconds, isKeyframe: isKeyframe, payload: payload)
            guard timeline != nil else {
                waiting.append(picture)
                return waiting.count < Self.pictureWindow ? [] : release()
            }
            return [place(picture)]
        case .audio:
            guard let start else { return [] }
            let time = presentation.nanoseconds - start.nanoseconds
            guard time >= 0, time > latestAudio else { return [] }
            latestAudio = time
            audioUnits += 1
            return [
                Placed(
                    track: .audio, presentation: time, decoding: time, duration: durationNanoseconds, isKeyframe: true,
                    payload: payload)
            ]
        }
    }

    /// What still waits, at the end.
    mutating func finish() -> [Placed] { timeline == nil ? release() : [] }

    private mutating func release() -> [Placed] {
        defer { waiting = [] }
        timeline = DecodeTimeline(
            reorderDepth: max(declaredDepth, DecodeTimeline.depth(of: waiting.lazy.map(\.presentation))),
            intervalNanoseconds: interval)
        return waiting.map { place($0) }
    }

    private mutating func place(_ picture: Waiting) -> Placed {
        let decoding = timeline?.decodingTime(presentation: picture.presentation) ?? picture.presentation
        return Placed(
            track: .video, presentation: picture.presentation, decoding: decoding,
            duration: picture.duration ?? interval, isKeyframe: picture.isKeyframe, payload: picture.payload)
    }

    /// Average distance of the pictures so far.
    private func interval(upTo time: Int64) -> Int64 { max(latestVideo, time) / Int64(videoUnits - 1) }

    private static func interval(_ framesPerSecond: Double?) -> Int64? {
        guard let framesPerSecond, framesPerSecond > 0.01, framesPerSecond < 1000 else { return nil }
        return Int64(1e9 / framesPerSecond)
    }
}
