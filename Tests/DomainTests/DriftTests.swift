import Domain
import Testing

struct DriftTests {
    private static let group = Accuracy.Group(definitionVersion: 1, analyzer: "vlm")

    /// A generator that gives the same numbers each time (SplitMix64).
    private struct Dice: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9e37_79b9_7f4a_7c15
            var z = state
            z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
            z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
            return z ^ (z >> 31)
        }
    }

    private static func period(
        _ number: Int, _ verdicts: Int, _ abnormal: Int, confidence: Double = 0.8, spread: Double = 0.1
    ) -> Drift.Period {
        let count = Double(verdicts)
        return Drift.Period(
            start: "2026-\(number)", verdicts: verdicts, abnormal: abnormal, confidenceSum: confidence * count,
            confidenceSquares: (confidence * confidence + spread * spread) * count)
    }

    private static func drift(_ periods: [Drift.Period]) -> Drift? {
        Drift(Drift.Series(group: group, periods: periods))
    }

    @Test func `too little says nothing`() throws {
        let week = { Self.period($0, 100, 10) }
        #expect(Self.drift([]) == nil)
        #expect(Self.drift((0..<6).map(week)) == nil, "five before it")
        #expect(Self.drift((0..<7).map(week)) != nil)
        #expect(Self.drift((0..<9).map(week) + [Self.period(9, 19, 19)]) == nil, "few in the last one")
        let quiet = (0..<6).map { Self.period($0, 5, 5) }
        #expect(Self.drift(quiet + (6..<12).map(week)) == nil, "five that say something, and six that do not")
        #expect(try #require(Self.drift(quiet + (6..<13).map(week))).history == 6)
    }

    @Test func `the limits of steady weeks are those of a p chart`() throws {
        // Ten weeks of 10 in 100: no moving range, so nothing but chance. The mean of 1000 is known to √(0.09/1000).
        let steady = (0..<10).map { Self.period($0, 100, 10) }
        let same = try #require(Self.drift(steady + [Self.period(10, 100, 12)]))
        #expect(abs(same.abnormalShare.expected - 0.1) < 1e-9 && !same.isAlarm)
        // By hand: p̃ = 100.5/1001; 3 · √(p̃(1−p̃)(1/100 + 1/1000)) = 0.09455.
        #expect(abs(same.abnormalShare.high - 0.19455) < 0.0001 && abs(same.abnormalShare.low - 0.00545) < 0.0001)
        #expect(try #require(Self.drift(steady + [Self.period(10, 100, 19)])).abnormalShare.isAlarm == false)
        #expect(try #require(Self.drift(steady + [Self.period(10, 100, 20)])).abnormalShare.isAlarm)
        #expect(try #require(Self.drift(steady + [Self.period(10, 400, 16)])).abnormalShare.isAlarm, "or fewer")
    }

    @Test func `a place that was always restless alarms only beyond its own restlessness`() throws {
        // 5 % and 25 % by turns, as a place with market days: 40 % is beyond, 26 % is not, though chance alone would alarm.
        let restless = (0..<12).map { Self.period($0, 400, $0 % 2 == 0 ? 20 : 100) }
        #expect(try #require(Self.drift(restless + [Self.period(12, 400, 104)])).isAlarm == false)
        let steady = (0..<12).map { Self.period($0, 400, 60) }
        #expect(try #require(Self.drift(steady + [Self.period(12, 400, 104)])).isAlarm)
        // Nothing but a multiple of what was seen so far is news there.
        let high = try #require(Self.drift(restless + [Self.period(12, 400, 104)])).abnormalShare.high
        #expect(try #require(Self.drift(restless + [Self.period(12, 400, Int(high * 400) + 2)])).isAlarm)
    }

    @Test func `confidence that falls is an alarm, a hair's breadth is none`() throws {
        let steady = (0..<8).map { Self.period($0, 100, 10, confidence: 0.8) }
        let fallen = try #require(Self.drift(steady + [Self.period(8, 100, 10, confidence: 0.7)]))
        #expect(fallen.confidence.isAlarm && !fallen.abnormalShare.isAlarm && fallen.isAlarm)
        #expect(try #require(Self.drift(steady + [Self.period(8, 100, 10, confidence: 0.785)])).isAlarm == false)
        // An analyzer that always says the same has no spread; still a hundredth is nothing.
        let stiff = (0..<8).map { Self.period($0, 1000, 100, confidence: 0.9, spread: 0) }
        #expect(
            try #require(Self.drift(stiff + [Self.period(8, 1000, 100, confidence: 0.89, spread: 0)])).isAlarm == false)
        #expect(try #require(Self.drift(stiff + [Self.period(8, 1000, 100, confidence: 0.86, spread: 0)])).isAlarm)
    }

    @Test func `where nothing ever happened a few events are no alarm, many are`() throws {
        let empty = (0..<10).map { Self.period($0, 200, 0) }
        #expect(try #require(Self.drift(empty + [Self.period(10, 200, 4)])).isAlarm == false)
        #expect(try #require(Self.drift(empty + [Self.period(10, 200, 12)])).isAlarm)
        #expect(try #require(Self.drift(empty + [Self.period(10, 200, 0)])).isAlarm == false)
    }

    @Test func `of places that do not change few alarm, of those that double most do`() throws {
        var dice = Dice(state: 4)
        func binomial(_ count: Int, _ share: Double) -> Int {
            (0..<count).reduce(0) { sum, _ in sum + (Double.random(in: 0..<1, using: &dice) < share ? 1 : 0) }
        }
        var (alarms, found) = (0, 0)
        for _ in 0..<400 {
            let past = (0..<12).map { Self.period($0, 150, binomial(150, 0.15)) }
            if try #require(Self.drift(past + [Self.period(12, 150, binomial(150, 0.15))])).isAlarm { alarms += 1 }
            if try #require(Self.drift(past + [Self.period(12, 150, binomial(150, 0.30))])).isAlarm { found += 1 }
        }
        #expect(alarms <= 8, "\(alarms) of 400 for nothing")
        #expect(found >= 330, "\(found) of 400 found")
    }
}
