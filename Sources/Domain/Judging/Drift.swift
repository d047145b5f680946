/// Whether what an analyzer says has shifted by more than its own past explains.
///
/// Two figures of each period are watched: the share of abnormal verdicts and the mean confidence. Each is compared with all
/// earlier periods on a control chart whose limits are widened by how much the periods really varied, as cameras' days and
/// weeks differ by more than chance: D. B. Laney, "Improved control charts for attributes", Quality Engineering 14(4), 2002
/// (the p′ chart; for the mean the same is done with its standard error). Beyond three such standard deviations is drift.
package struct Drift: Sendable, Hashable {
    /// What was said in one period.
    package struct Period: Sendable, Hashable {
        /// Its first day in UTC, as 2026-05-04.
        package var start: String
        package var verdicts: Int
        package var abnormal: Int
        package var confidenceSum: Double
        /// Of the confidences' squares.
        package var confidenceSquares: Double

        package init(
            start: String, verdicts: Int, abnormal: Int, confidenceSum: Double, confidenceSquares: Double
        ) {
            self.start = start
            self.verdicts = verdicts
            self.abnormal = abnormal
            self.confidenceSum = confidenceSum
            self.confidenceSquares = confidenceSquares
        }
    }

    /// Whose verdicts: one definition version, analyzer and camera.
    package struct Series: Sendable, Hashable {
        package var group: Accuracy.Group
        /// Complete ones, oldest first; those without verdicts are left out.
        package var periods: [Period]

        package init(group: Accuracy.Group, periods: [Period]) {
            self.group = group
            self.periods = periods
        }
    }

    /// One figure of the last period against its limits.
    package struct Figure: Sendable, Hashable {
        package var observed: Double
        package var expected: Double
        package var low: Double
        package var high: Double
        package var isAlarm: Bool
    }

    package var group: Accuracy.Group
    /// The period that is looked at.
    package var period: Period
    /// How many periods it is compared with.
    package var history: Int
    package var abnormalShare: Figure
    package var confidence: Figure

    package var isAlarm: Bool { abnormalShare.isAlarm || confidence.isAlarm }

    /// A period with fewer verdicts says nothing.
    package static let fewestVerdicts = 20
    /// With fewer periods before it nothing is known of how they vary.
    package static let fewestPeriods = 6
    /// The last so many count; what was said longer ago explains little.
    package static let mostPeriods = 26
    private static let sigmas = 3.0
    /// Differences below this are of no use to anyone, however certain: shares, and confidences.
    private static let smallest = 0.02
    /// So many abnormal events more or fewer than expected, at least: with less the bell curve is no picture of counts.
    private static let fewestEvents = 5.0

    /// Nil where there is too little to compare.
    package init?(_ series: Series) {
        let enough = series.periods.filter { $0.verdicts >= Self.fewestVerdicts }
        guard let last = enough.last, last == series.periods.last else { return nil }
        let past = Array(enough.dropLast().suffix(Self.mostPeriods))
        guard past.count >= Self.fewestPeriods else { return nil }
        group = series.group
        period = last
        history = past.count

        let verdicts = past.reduce(0.0) { $0 + Double($1.verdicts) }
        let abnormal = past.reduce(0.0) { $0 + Double($1.abnormal) }
        // Half an event is added, so that a place where nothing ever happened has a variance.
        let share = abnormal / verdicts
        let smoothed = (abnormal + 0.5) / (verdicts + 1)
        var figure = Self.figure(
            past.map { Double($0.abnormal) / Double($0.verdicts) }, weights: past.map { Double($0.verdicts) },
            mean: share, variance: smoothed * (1 - smoothed), observed: Double(last.abnormal) / Double(last.verdicts),
            weight: Double(last.verdicts))
        if abs(figure.observed - figure.expected) * Double(last.verdicts) < Self.fewestEvents { figure.isAlarm = false }
        abnormalShare = figure

        let sum = past.reduce(0.0) { $0 + $1.confidenceSum }
        let mean = sum / verdicts
        // Within the periods; what differs between them is in the moving ranges. At least a hundredth: finer is not said.
        let within =
            past.reduce(0.0) { total, period in
                total
                    + max(
                        0,
                        period.confidenceSquares - period.confidenceSum * period.confidenceSum / Double(period.verdicts)
                    )
            } / max(1, verdicts - Double(past.count))
        confidence = Self.figure(
            past.map { $0.confidenceSum / Double($0.verdicts) }, weights: past.map { Double($0.verdicts) }, mean: mean,
            variance: max(within, 0.0001), observed: last.confidenceSum / Double(last.verdicts),
            weight: Double(last.verdicts))
    }

    /// `variance` is of one verdict; the figure of a period with `weight` verdicts has the standard error √(variance/weight).
    private static func figure(
        _ values: [Double], weights: [Double], mean: Double, variance: Double, observed: Double, weight: Double
    ) -> Figure {
        let scores = zip(values, weights).map { ($0 - mean) / (variance / $1).squareRoot() }
        let ranges = zip(scores.dropFirst(), scores).map { abs($0 - $1) }
        // The mean moving range of two is 1.128 standard deviations (d₂ of Shewhart's constants). Below one there is
        // nothing that chance does not explain.
        let spread = max(1, ranges.reduce(0, +) / Double(ranges.count) / 1.128)
        // The mean itself is known no better than its verdicts allow.
        let error = (variance / weight + variance / weights.reduce(0, +)).squareRoot() * spread
        let low = max(0, mean - sigmas * error)
        let high = min(1, mean + sigmas * error)
        return Figure(
            observed: observed, expected: mean, low: low, high: high,
            isAlarm: (observed < low || observed > high) && abs(observed - mean) >= smallest)
    }
}

/// Which verdicts are watched for drift.
package struct DriftQuery: Sendable, Hashable {
    package enum Step: String, Sendable, CaseIterable { case day, week }
    package var step = Step.week
    package var camera: Identifier<Camera>?

    package init() {}
}
