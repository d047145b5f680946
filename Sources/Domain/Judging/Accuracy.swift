/// How well verdicts agree with what people said the events really were.
package struct Accuracy: Sendable, Hashable {
    /// Whose verdicts; where not grouped by camera or week those are nil.
    package struct Group: Sendable, Hashable {
        /// Which definition the version counts in; nil where it is not known.
        package var definition: Identifier<Definition>?
        package var definitionVersion: Int
        package var analyzer: String
        package var camera: Identifier<Camera>?
        /// The Monday it begins with in UTC, as 2026-05-04.
        package var week: String?

        package init(
            definitionVersion: Int, analyzer: String, camera: Identifier<Camera>? = nil, week: String? = nil,
            definition: Identifier<Definition>? = nil
        ) {
            self.definition = definition
            self.definitionVersion = definitionVersion
            self.analyzer = analyzer
            self.camera = camera
            self.week = week
        }
    }

    /// Verdicts that are alike.
    package struct Tally: Sendable, Hashable {
        package var group: Group
        package var verdict: Verdict.State
        package var truth: Verdict.State
        /// 0…9: tenths of confidence.
        package var bin: Int
        package var count: Int
        package var confidenceSum: Double

        package init(
            group: Group, verdict: Verdict.State, truth: Verdict.State, bin: Int, count: Int, confidenceSum: Double
        ) {
            self.group = group
            self.verdict = verdict
            self.truth = truth
            self.bin = bin
            self.count = count
            self.confidenceSum = confidenceSum
        }
    }

    /// How often a label was said and was true.
    package struct LabelTally: Sendable, Hashable {
        package var group: Group
        package var label: String
        package var both: Int
        package var onlySaid: Int
        package var onlyTrue: Int

        package init(group: Group, label: String, both: Int, onlySaid: Int, onlyTrue: Int) {
            self.group = group
            self.label = label
            self.both = both
            self.onlySaid = onlySaid
            self.onlyTrue = onlyTrue
        }

        package var precision: Proportion { Proportion(both, of: both + onlySaid) }
        package var recall: Proportion { Proportion(both, of: both + onlyTrue) }
    }

    /// Of the verdicts with a confidence in this tenth: the confidence they claimed, and how many were right.
    package struct Bin: Sendable, Hashable {
        package var lower: Double
        package var upper: Double
        package var meanConfidence: Double
        package var right: Proportion
    }

    package var group: Group
    package var tallies: [Tally]
    /// By name.
    package var labels: [LabelTally]

    /// One for each group, by definition version, analyzer, camera and week.
    package static func groups(_ tallies: [Tally], labels: [LabelTally]) -> [Accuracy] {
        let labels = Dictionary(grouping: labels, by: \.group)
        return Dictionary(grouping: tallies, by: \.group).map { group, tallies in
            Accuracy(
                group: group, tallies: tallies, labels: (labels[group] ?? []).sorted { $0.label < $1.label })
        }.sorted { $0.group.order < $1.group.order }
    }

    /// Verdicts that said `verdict` of events that really were `truth`.
    package func count(_ verdict: Verdict.State, truly truth: Verdict.State) -> Int {
        sum { $0.verdict == verdict && $0.truth == truth }
    }

    /// Verdicts that were right about the state.
    package var agreement: Proportion { Proportion(sum { $0.verdict == $0.truth }, of: sum { _ in true }) }

    /// Of what was called abnormal and people could tell: how much really was.
    package var precision: Proportion {
        Proportion(
            count(.abnormal, truly: .abnormal), of: sum { $0.verdict == .abnormal && $0.truth != .uncertain })
    }

    /// Of what really was abnormal: how much was called that. `uncertain` is not calling it that.
    package var recall: Proportion {
        Proportion(count(.abnormal, truly: .abnormal), of: sum { $0.truth == .abnormal })
    }

    /// The tenths of confidence that occurred, lowest first.
    package var calibration: [Bin] {
        (0...9).compactMap { bin in
            let inside = tallies.filter { $0.bin == bin }
            let total = inside.reduce(0) { $0 + $1.count }
            guard total > 0 else { return nil }
            return Bin(
                lower: Double(bin) / 10, upper: Double(bin + 1) / 10,
                meanConfidence: inside.reduce(0) { $0 + $1.confidenceSum } / Double(total),
                right: Proportion(inside.reduce(0) { $0 + ($1.verdict == $1.truth ? $1.count : 0) }, of: total))
        }
    }

    private func sum(_ isCounted: (Tally) -> Bool) -> Int {
        tallies.reduce(0) { $0 + (isCounted($1) ? $1.count : 0) }
    }
}

extension Accuracy.Group {
    fileprivate var order: (String, Int, String, String, String) {
        (definition?.description ?? "", definitionVersion, analyzer, camera?.description ?? "", week ?? "")
    }
}

/// Which verdicts are compared, and what is told apart besides definition version and analyzer.
package struct AccuracyQuery: Sendable, Hashable {
    package var camera: Identifier<Camera>?
    /// `from` ≤ `triggered_at` < `to` of the events.
    package var from: WallTime?
    package var to: WallTime?
    package var byCamera = false
    package var byWeek = false

    package init() {}
}
