import Domain
import Testing

@testable import Clips

struct ClipTimelineTests {
    private func time(_ frame: Int) -> MediaTime { MediaTime(nanoseconds: 5_000_000_000 + Int64(frame) * 100_000_000) }

    private func add(
        _ timeline: inout ClipTimeline<Int>, _ track: Track, _ frame: Int, key: Bool = false
    ) -> [ClipTimeline<Int>.Placed] {
        timeline.add(track, presentation: time(frame), durationNanoseconds: nil, isKeyframe: key, payload: frame)
    }

    @Test func `a clip begins at its first keyframe and at zero`() {
        var timeline = ClipTimeline<Int>(framesPerSecond: nil)
        #expect(add(&timeline, .video, 0).isEmpty)
        #expect(add(&timeline, .audio, 1).isEmpty)
        _ = add(&timeline, .video, 2, key: true)
        _ = add(&timeline, .video, 3)
        let placed = timeline.finish()
        #expect(placed.map(\.payload) == [2, 3])
        #expect(placed.map(\.presentation) == [0, 100_000_000])
        #expect(timeline.start == time(2))
        #expect(timeline.durationNanoseconds == 200_000_000)
    }

    @Test func `leading pictures of an open group are left out`() {
        var timeline = ClipTimeline<Int>(framesPerSecond: nil)
        _ = add(&timeline, .video, 3, key: true)
        _ = add(&timeline, .video, 1)
        _ = add(&timeline, .video, 2)
        _ = add(&timeline, .video, 6, key: true)
        _ = add(&timeline, .video, 4)
        _ = add(&timeline, .video, 5)
        #expect(timeline.finish().map(\.payload) == [3, 6, 4, 5])
    }

    @Test func `pictures go out once the reorder depth shows`() {
        var timeline = ClipTimeline<Int>(framesPerSecond: 10)
        for frame in 0..<ClipTimeline<Int>.pictureWindow - 1 {
            #expect(add(&timeline, .video, frame, key: frame == 0).isEmpty)
        }
        #expect(add(&timeline, .video, 16).count == 17)
        #expect(add(&timeline, .video, 17).map(\.decoding) == [1_700_000_000])
        #expect(timeline.finish().isEmpty)
    }

    @Test func `no decoding time follows its picture when B pictures come late in a stream that declared them`() {
        var timeline = ClipTimeline<Int>(framesPerSecond: 10, declaredDepth: 1)
        var placed: [ClipTimeline<Int>.Placed] = []
        let order = Array(0..<20) + [22, 20, 21, 25, 23, 24, 26, 27, 29, 28]
        for frame in order { placed += add(&timeline, .video, frame, key: frame == 0) }
        placed += timeline.finish()
        #expect(placed.map(\.payload) == order)
        #expect(placed.allSatisfy { $0.decoding <= $0.presentation })
        #expect(zip(placed, placed.dropFirst()).allSatisfy { $0.decoding < $1.decoding })
    }

    @Test func `sound that stays away shows as a lag`() {
        var timeline = ClipTimeline<Int>(framesPerSecond: 10)
        _ = add(&timeline, .video, 0, key: true)
        #expect(add(&timeline, .audio, 1).map(\.presentation) == [100_000_000])
        _ = add(&timeline, .video, 60)
        #expect(timeline.audioLagNanoseconds == 5_900_000_000)
    }
}
