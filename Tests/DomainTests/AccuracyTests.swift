import Domain
import Testing

struct AccuracyTests {
    private static let group = Accuracy.Group(definitionVersion: 1, analyzer: "local")

    private static func tally(
        _ verdict: Verdict.State, _ truth: Verdict.State, _ count: Int, bin: Int = 9, of group: Accuracy.Group = group
    ) -> Accuracy.Tally {
        Accuracy.Tally(
            group: group, verdict: verdict, truth: truth, bin: bin, count: count,
            confidenceSum: Double(count) * (Double(bin) / 10 + 0.05))
    }

    @Test func `an interval is Wilson's, also at the ends and of nothing`() throws {
        // By hand for 8 of 10: (0.8 + 0.19207) / 1.38415 ± 1.95996 · √(0.016 + 0.0096037) / 1.38415.
        let eight = try #require(Proportion(8, of: 10).interval)
        #expect(abs(eight.lowerBound - 0.4902) < 0.0001 && abs(eight.upperBound - 0.9433) < 0.0001)
        // All of 10: from 1 / 1.38415 to 1. None of 10 mirrors it.
        let all = try #require(Proportion(10, of: 10).interval)
        #expect(abs(all.lowerBound - 0.7225) < 0.0001 && all.upperBound == 1)
        let none = try #require(Proportion(0, of: 10).interval)
        #expect(none.lowerBound == 0 && abs(none.upperBound - 0.2775) < 0.0001)
        #expect(Proportion(0, of: 0).interval == nil && Proportion(0, of: 0).value == nil)
    }

    @Test func `matrix, agreement, precision and recall of a table worked out by hand`() throws {
        let found = Accuracy.groups(
            [
                Self.tally(.abnormal, .abnormal, 6), Self.tally(.abnormal, .abnormal, 2, bin: 5),
                Self.tally(.abnormal, .normal, 3), Self.tally(.abnormal, .uncertain, 1),
                Self.tally(.normal, .normal, 10), Self.tally(.normal, .abnormal, 4),
                Self.tally(.uncertain, .abnormal, 2), Self.tally(.uncertain, .uncertain, 1),
            ], labels: [])
        let accuracy = try #require(found.first)
        #expect(found.count == 1)
        #expect(accuracy.count(.abnormal, truly: .abnormal) == 8)
        #expect(accuracy.count(.uncertain, truly: .normal) == 0)
        #expect(accuracy.agreement == Proportion(19, of: 29))
        // Of 12 called abnormal, 1 nobody could tell.
        #expect(accuracy.precision == Proportion(8, of: 11))
        // Of 14 that were abnormal, 4 were called normal and 2 uncertain.
        #expect(accuracy.recall == Proportion(8, of: 14))
    }

    @Test func `calibration compares the confidence of each tenth with how many were right`() throws {
        let accuracy = try #require(
            Accuracy.groups(
                [
                    Self.tally(.abnormal, .abnormal, 6), Self.tally(.abnormal, .normal, 2),
                    Self.tally(.normal, .normal, 1, bin: 0),
                ], labels: []
            ).first)
        let bins = accuracy.calibration
        #expect(bins.map(\.lower) == [0, 0.9] && bins.map(\.upper) == [0.1, 1])
        #expect(bins.map(\.right) == [Proportion(1, of: 1), Proportion(6, of: 8)])
        #expect(abs(bins[1].meanConfidence - 0.95) < 1e-9)
    }

    @Test func `groups and their labels stay apart, in order`() {
        let other = Accuracy.Group(definitionVersion: 1, analyzer: "cloud", week: "2026-05-04")
        let found = Accuracy.groups(
            [Self.tally(.normal, .normal, 1), Self.tally(.normal, .abnormal, 5, of: other)],
            labels: [
                .init(group: Self.group, label: "person", both: 3, onlySaid: 1, onlyTrue: 2),
                .init(group: Self.group, label: "dog", both: 0, onlySaid: 0, onlyTrue: 1),
            ])
        #expect(found.map(\.group) == [other, Self.group])
        #expect(found[0].labels.isEmpty && found[0].agreement == Proportion(0, of: 5))
        #expect(found[1].labels.map(\.label) == ["dog", "person"])
        #expect(found[1].labels.map(\.precision) == [Proportion(0, of: 0), Proportion(3, of: 4)])
        #expect(found[1].labels.map(\.recall) == [Proportion(0, of: 1), Proportion(3, of: 5)])
    }
}
