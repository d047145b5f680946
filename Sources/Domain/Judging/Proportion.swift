/// How many of how many, and how sure one may be of the share.
package struct Proportion: Sendable, Hashable {
    package var successes: Int
    package var total: Int

    package init(_ successes: Int, of total: Int) {
        self.successes = successes
        self.total = total
    }

    /// 0–1; nil of nothing.
    package var value: Double? { total > 0 ? Double(successes) / Double(total) : nil }

    /// Wilson's score interval at 95 %: where the true share is likely to be. Nil of nothing.
    package var interval: ClosedRange<Double>? {
        guard let value else { return nil }
        let z = 1.959964
        let count = Double(total)
        let scale = 1 + z * z / count
        let middle = (value + z * z / (2 * count)) / scale
        let half = z * (value * (1 - value) / count + z * z / (4 * count * count)).squareRoot() / scale
        return max(0, min(middle - half, value))...min(1, max(middle + half, value))
    }
}
