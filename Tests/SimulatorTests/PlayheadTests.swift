import Testing

@testable import Simulator

struct PlayheadTests {
    private let millisecond: Int64 = 1_000_000

    /// Pictures given by presentation in milliseconds, in decoding order; the first and every one at a tenth is a key.
    private func timeline(_ presentations: [Int64], loop: Int64) -> Timeline {
        Timeline(
            tracks: [
                presentations.map {
                    EncodedUnit(
                        offset: 0, byteCount: 1, presentation: $0 * millisecond, duration: 0, isKeyframe: $0 % 1000 == 0
                    )
                }
            ], loopNanoseconds: loop * millisecond)
    }

    @Test func `times go on over the end of the loop`() {
        var head = Playhead(timeline: timeline([0, 100, 200], loop: 300), repeats: true, turn: 0, index: 0)
        head.run(at: 5000)
        var sent: [Playhead.Emission] = []
        while sent.count < 8, let next = head.nextDue { sent += head.due(at: next) }
        #expect(sent.map { $0.presentation / millisecond } == [0, 100, 200, 300, 400, 500, 600, 700])
        #expect(sent.map(\.turn) == [0, 0, 0, 1, 1, 1, 2, 2])
        #expect(sent.last?.turnStart == 5000 + 600 * millisecond)
    }

    @Test func `pictures out of order are sent in decoding order at a steady pace`() {
        let line = timeline([0, 300, 100, 200], loop: 400)
        #expect(line.steps.map(\.send) == [0, 100, 200, 300].map { $0 * millisecond })
        #expect(line.steps.map(\.presentation) == [0, 300, 100, 200].map { $0 * millisecond })
        #expect(line.leadNanoseconds == 100 * millisecond)
        var head = Playhead(timeline: line, repeats: true, turn: 0, index: 0)
        head.run(at: 0)
        let sent = head.due(at: 399 * millisecond)
        // No time is negative, and differences are those of the file.
        #expect(sent.map { $0.presentation / millisecond } == [100, 400, 200, 300])
    }

    @Test func `a unit sent ahead is not sent again`() {
        var head = Playhead(timeline: timeline([0, 100], loop: 200), repeats: true, turn: 0, index: 0)
        #expect(head.ahead(track: 0)?.step.unit == 0)
        #expect(head.ahead(track: 0) == nil)
        head.run(at: 0)
        #expect(head.due(at: 0).isEmpty)
        #expect(head.due(at: 100 * millisecond).map(\.step.unit) == [1])
        #expect(head.due(at: 200 * millisecond).map(\.step.unit) == [0])
    }

    @Test func `a program that does not repeat ends`() {
        var head = Playhead(timeline: timeline([0, 100], loop: 200), repeats: false, turn: 0, index: 0)
        head.run(at: 0)
        #expect(head.due(at: 150 * millisecond).count == 2)
        #expect(head.isAtEnd && head.nextDue == nil)
        #expect(head.due(at: 900 * millisecond).isEmpty)
    }

    @Test func `a machine that slept does not send a flood`() {
        var head = Playhead(timeline: timeline([0, 100], loop: 200), repeats: true, turn: 0, index: 0)
        head.run(at: 0)
        #expect(head.due(at: 3_600_000 * millisecond).count == 1)
        #expect(head.nextDue == 3_600_100 * millisecond)
    }

    @Test func `decoding can start at the last keyframe before`() {
        let line = timeline([0, 500, 1000, 1500, 2000], loop: 2500)
        #expect(line.entry(atOrBefore: 1999 * millisecond) == 2)
        #expect(line.entry(atOrBefore: 2000 * millisecond) == 4)
        #expect(line.entry(atOrBefore: 0) == 0)
    }
}
