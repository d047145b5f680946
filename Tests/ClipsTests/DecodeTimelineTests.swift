import Testing

@testable import Clips

struct DecodeTimelineTests {
    private static let frame: Int64 = 40_000_000

    private func decode(_ order: [Int64], depth: Int) -> [Int64] {
        var timeline = DecodeTimeline(reorderDepth: depth, intervalNanoseconds: Self.frame)
        return order.map { timeline.decodingTime(presentation: $0 * Self.frame) }
    }

    @Test func `without reordering decoding and presentation times are the same`() {
        #expect(decode([0, 1, 2, 3], depth: 0) == [0, 1, 2, 3].map { $0 * Self.frame })
    }

    @Test(arguments: [
        ([0, 3, 1, 2, 6, 4, 5, 7], 1), ([0, 4, 2, 1, 3, 8, 6, 5, 7, 9], 2), ([0, 1, 3, 2, 5, 4, 8, 6, 7], 1),
        ([0, 2, 1, 10, 6, 4, 8, 12, 11], 2),
    ])
    func `with the depth known every picture is decoded at or before its presentation, in order`(
        order: [Int64], depth: Int
    ) {
        #expect(DecodeTimeline.depth(of: order) == depth)
        let times = decode(order, depth: depth)
        for (time, presentation) in zip(times, order) { #expect(time <= presentation * Self.frame) }
        for (earlier, later) in zip(times, times.dropFirst()) { #expect(earlier < later) }
        #expect(times[0] == -Int64(depth) * Self.frame)
    }

    @Test func `a depth that was guessed too small grows and time still never goes back`() {
        let order: [Int64] = [0, 1, 2, 5, 3, 4, 8, 6, 7, 11, 9, 10]
        let times = decode(order, depth: 0)
        for (earlier, later) in zip(times, times.dropFirst()) { #expect(earlier < later) }
        for (time, presentation) in zip(times, order).suffix(6) { #expect(time <= presentation * Self.frame) }
    }

    @Test func `pictures with the same time get different decoding times`() {
        let times = decode([0, 1, 1, 1, 2], depth: 0)
        for (earlier, later) in zip(times, times.dropFirst()) { #expect(earlier < later) }
    }
}
