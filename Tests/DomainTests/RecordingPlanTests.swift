import Testing

@testable import Domain

struct RecordingPlanTests {
    private let begin = WallTime(secondsSinceEpoch: 1_777_629_600)

    private func at(_ seconds: Double) -> WallTime { begin.advanced(bySeconds: seconds) }

    private static let run = Identifier<RecordingRun>.make(at: WallTime(secondsSinceEpoch: 1))

    /// A segment on the clock and on its run's timeline, which begins at 100 s.
    private func segment(
        _ from: Double, _ to: Double, media: (Double, Double)? = nil, run: Identifier<RecordingRun> = run,
        format: String = "a"
    ) -> SegmentRecord {
        SegmentRecord(
            id: .make(at: at(from)), organization: Organization.first, site: Site.first, camera: .make(at: begin),
            run: run, startsAt: at(from), endsAt: at(to), mediaStart: MediaTime(seconds: media?.0 ?? 100 + from),
            mediaEnd: MediaTime(seconds: media?.1 ?? 100 + to), path: "x", sizeBytes: 1, sha256: "", codec: .h264,
            widthPixels: 1, heightPixels: 1, videoFormat: format, audioFormat: nil, videoUnits: 1, hasMotion: nil,
            isInterrupted: false)
    }

    @Test func `segments of one run are joined on its timeline and cut at the instants`() throws {
        let plan = try RecordingPlan(
            [segment(0, 10), segment(10, 20), segment(20, 30)], from: at(4), to: at(26), keepsGaps: false)
        #expect(plan.pieces.map(\.shiftNanoseconds) == [-4_000_000_000, 6_000_000_000, 16_000_000_000])
        #expect(plan.pieces.map(\.followsGap) == [true, false, false])
        #expect(plan.pieces.last?.toNanoseconds == 6_000_000_000)
        #expect(plan.durationNanoseconds == 22_000_000_000 && plan.gaps.isEmpty)
        #expect(plan.from == at(4) && plan.to == at(26))
    }

    @Test(arguments: [false, true]) func `a gap is left out or kept, and told`(keeps: Bool) throws {
        let other = Identifier<RecordingRun>.make(at: begin)
        let plan = try RecordingPlan(
            [segment(0, 10), segment(15, 20, media: (3, 8), run: other)], from: at(-2), to: at(30), keepsGaps: keeps)
        #expect(
            plan.gaps.map(\.starts) == [at(-2), at(10), at(20)] && plan.gaps.map(\.ends) == [at(0), at(15), at(30)])
        #expect(plan.from == at(0) && plan.to == at(20))
        #expect(plan.durationNanoseconds == (keeps ? 20_000_000_000 : 15_000_000_000))
        #expect(plan.pieces[1].followsGap)
    }

    @Test func `a clock that runs differently is spread over the segment`() throws {
        // 10 s of the clock are 10.01 s of the camera.
        let plan = try RecordingPlan(
            [segment(0, 10, media: (0, 10.01))], from: at(5), to: at(10), keepsGaps: false)
        #expect(plan.pieces[0].fromNanoseconds == 5_005_000_000 && plan.durationNanoseconds == 5_005_000_000)
    }

    @Test func `segments whose times overlap a little are no gap`() throws {
        let other = Identifier<RecordingRun>.make(at: begin)
        let plan = try RecordingPlan(
            [segment(0, 10), segment(9.9, 20, media: (0, 10.1), run: other)], from: at(0), to: at(20), keepsGaps: true)
        #expect(plan.gaps.isEmpty && plan.durationNanoseconds == 20_100_000_000)
    }

    @Test func `a change of format is refused with its time, unless the span does not reach it`() throws {
        let segments = [segment(0, 10), segment(10, 20, format: "b")]
        #expect(throws: RecordingPlan.Refusal.formatChanges(at: at(10))) {
            try RecordingPlan(segments, from: at(0), to: at(20), keepsGaps: false)
        }
        #expect(try RecordingPlan(segments, from: at(0), to: at(10), keepsGaps: false).pieces.count == 1)
        #expect(try RecordingPlan(segments, from: at(10), to: at(20), keepsGaps: false).pieces.count == 1)
    }

    @Test func `nothing recorded is refused`() {
        #expect(throws: RecordingPlan.Refusal.empty) {
            try RecordingPlan([segment(0, 10)], from: at(10), to: at(20), keepsGaps: false)
        }
    }
}
