/// Measurements of one thing.
struct Samples: Sendable {
    private(set) var values: [Double] = []

    mutating func add(_ value: Double) { values.append(value) }

    var median: Double { quantile(0.5) }

    /// The value below which that share of the samples lies; 0 without any.
    func quantile(_ share: Double) -> Double {
        guard !values.isEmpty else { return 0 }
        let ordered = values.sorted()
        return ordered[min(ordered.count - 1, Int((Double(ordered.count - 1) * share).rounded()))]
    }
}
