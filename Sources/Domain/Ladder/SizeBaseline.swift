/// What is usual for the sizes of a camera's encoded pictures, by position in the GOP; learnt from quiet GOPs.
///
/// Sizes are compared as logarithms, so that a deviation is a factor. Each position has a median of its own over the last
/// GOPs (keyframes are large, the pictures after one often small, and encoders have layers); the spread is common to all.
package struct SizeBaseline: Sendable {
    /// GOPs that a position's median covers.
    static let memory = 9
    /// Positions beyond this one share one median.
    static let mostPositions = 512
    /// Samples behind the common median and the spread.
    static let mostSamples = 256
    /// Pictures smaller than this differ by little, whatever their factor.
    static let insignificantBytes = 64.0
    /// A spread below this is taken as this, in powers of two: no encoder is that regular.
    static let leastSpread = 0.08

    /// Levels by position, oldest first.
    private var positions: [[Float]] = []
    /// The latest levels and deviations of what is no keyframe.
    private var levels: [Float] = []
    private var deviations: [Float] = []
    private var usualLevel: Float?
    /// One unit of `deviation`, in powers of two.
    package private(set) var spread = 0.3
    /// Quiet GOPs seen.
    package private(set) var learntGOPs = 0

    package init() {}

    /// Learns one quiet GOP: its sizes in decoding order, the keyframe first.
    package mutating func learn(_ sizes: [Int]) {
        for (position, size) in sizes.enumerated() {
            let level = Self.level(size)
            if position > 0 {
                if let usual = usual(at: position) { deviations.append(level - usual) }
                levels.append(level)
            }
            guard position < Self.mostPositions else { continue }
            if position == positions.count { positions.append([]) }
            positions[position].append(level)
            if positions[position].count > Self.memory { positions[position].removeFirst() }
        }
        levels.removeFirst(max(0, levels.count - Self.mostSamples))
        deviations.removeFirst(max(0, deviations.count - Self.mostSamples))
        usualLevel = levels.count >= 8 ? Self.quantile(levels, 0.5) : nil
        learntGOPs += 1
        guard deviations.count >= 16 else { return }
        // Half of the samples lie within the first; the second speaks for encoders that now and then make a large picture.
        let middle = 1.4826 * Self.quantile(deviations.map { abs($0) }, 0.5)
        let tail = Self.quantile(deviations, 0.98) / 2.5
        spread = max(Double(max(middle, tail)), Self.leastSpread)
    }

    /// How far a size lies above the usual at its position (0 is the keyframe), in spreads; nil while that is not known.
    package func deviation(size: Int, position: Int) -> Double? {
        guard let usual = usual(at: position) else { return nil }
        let deviation = Double(Self.level(size) - usual) / spread
        // Keyframes are few and depend on everything in the picture.
        return position == 0 ? deviation / 2 : deviation
    }

    /// By how many spreads a picture would lie above the usual if it held a thirtieth of a keyframe more: what something
    /// small that moves adds, whatever the rate. Small where sizes are erratic anyway; nil while that is not known.
    package var contrast: Double? {
        guard let usualLevel, let keyframe = usual(at: 0) else { return nil }
        // Levels are logarithms; five less is a thirty-second.
        let added = Self.sum(usualLevel, keyframe - 5) - usualLevel
        return Double(added) / spread
    }

    /// The level of two sizes together.
    private static func sum(_ one: Float, _ other: Float) -> Float {
        let (high, low) = (max(one, other), min(one, other))
        return high + level(of: 1 + 1 / powerOfTwo(high - low))
    }

    private static func powerOfTwo(_ exponent: Float) -> Double {
        let whole = exponent.rounded(.down)
        let part = Double(exponent - whole) * 0.693_147_18
        let factor = 1 + part * (1 + part / 2 * (1 + part / 3 * (1 + part / 4)))
        return Double(sign: .plus, exponent: Int(min(max(whole, -60), 60)), significand: factor)
    }

    private func usual(at position: Int) -> Float? {
        if position < positions.count, positions[position].count >= (position == 0 ? 2 : 3) {
            return Self.quantile(positions[position], 0.5)
        }
        return position == 0 ? nil : usualLevel
    }

    private static func quantile(_ values: [Float], _ share: Double) -> Float {
        let sorted = values.sorted()
        let place = min(max(share * Double(sorted.count - 1), 0), Double(sorted.count - 1))
        let low = Int(place)
        let high = min(low + 1, sorted.count - 1)
        return sorted[low] + Float(place - Double(low)) * (sorted[high] - sorted[low])
    }

    /// Logarithm to base two; Domain has no `log2`.
    static func level(_ size: Int) -> Float {
        level(of: Double(max(size, 0)) + insignificantBytes)
    }

    private static func level(of value: Double) -> Float {
        let part = value.significand
        // Within 0.0001 from 1 to 2.
        let fraction =
            -2.50561466 + (4.04961689 + (-2.09940228 + (0.63551112 - 0.08001088 * part) * part) * part) * part
        return Float(Double(value.exponent) + fraction)
    }
}
