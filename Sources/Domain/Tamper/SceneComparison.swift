/// How a picture compares with the scene that a camera usually shows.
package struct SceneComparison: Sendable, Hashable {
    /// Correlation of the slopes between cells, and of the cells' edges, −1 to 1: how far it is the same scene, whatever the
    /// light.
    package var slopes: Double
    package var edges: Double
    /// Fine and coarse contrast as a multiple of what is usual.
    package var fine: Double
    package var coarse: Double
    /// Change of the mean level.
    package var light: Double

    /// Measures `sample` against `usual`.
    package init(_ sample: SceneSample, usual: SceneSample) {
        let now = Self.slopes(sample.levels), then = Self.slopes(usual.levels)
        slopes = Self.likeness(now, then)
        edges = Self.correlation(sample.edges, usual.edges)
        fine = Self.ratio(Self.mean(sample.edges), Self.mean(usual.edges))
        coarse = Self.ratio(Self.meanSize(now), Self.meanSize(then))
        light = Self.mean(sample.levels) - Self.mean(usual.levels)
    }

    /// Likeness of the slopes when `sample` is displaced by the best of all shifts up to `columns` and `rows` cells, without those
    /// of less than one cell.
    package static func bestShifted(
        _ sample: SceneSample, usual: SceneSample, columns: Int = 6, rows: Int = 4
    ) -> Double {
        let now = slopes(sample.levels), then = slopes(usual.levels)
        var best = 0.0
        for down in -rows...rows {
            for across in -columns...columns where abs(down) + abs(across) > 0 {
                best = max(best, likeness(now, then, across: across, down: down))
            }
        }
        return best
    }

    /// Of each cell but those at the margin: how much the level grows to the right, then downwards.
    private static func slopes(_ levels: [Float]) -> [Float] {
        let (columns, rows) = (SceneSample.columns, SceneSample.rows)
        var slopes = [Float](repeating: 0, count: 2 * levels.count)
        for row in 1..<rows - 1 {
            for column in 1..<columns - 1 {
                let place = row * columns + column
                slopes[2 * place] = (levels[place + 1] - levels[place - 1]) / 2
                slopes[2 * place + 1] = (levels[place + columns] - levels[place - columns]) / 2
            }
        }
        return slopes
    }

    /// Cosine of the angle between both over the cells that overlap; 0 where one is flat.
    private static func likeness(_ left: [Float], _ right: [Float], across: Int = 0, down: Int = 0) -> Double {
        let (columns, rows) = (SceneSample.columns, SceneSample.rows)
        var (product, first, second) = (Float(0), Float(0), Float(0))
        for row in max(1, 1 - down)..<min(rows - 1, rows - 1 - down) {
            let begin = max(1, 1 - across), end = min(columns - 1, columns - 1 - across)
            var here = 2 * (row * columns + begin), there = 2 * ((row + down) * columns + begin + across)
            for _ in 0..<2 * (end - begin) {
                product += left[there] * right[here]
                first += left[there] * left[there]
                second += right[here] * right[here]
                here += 1
                there += 1
            }
        }
        let size = (first * second).squareRoot()
        return size > 1e-3 ? Double(product / size) : 0
    }

    private static func correlation(_ left: [Float], _ right: [Float]) -> Double {
        let (leftMean, rightMean) = (Float(mean(left)), Float(mean(right)))
        var (product, first, second) = (Float(0), Float(0), Float(0))
        for index in left.indices {
            let (x, y) = (left[index] - leftMean, right[index] - rightMean)
            product += x * y
            first += x * x
            second += y * y
        }
        let size = (first * second).squareRoot()
        return size > 1e-3 ? Double(product / size) : 0
    }

    private static func mean(_ values: [Float]) -> Double {
        Double(values.reduce(0, +)) / Double(max(values.count, 1))
    }

    private static func meanSize(_ values: [Float]) -> Double {
        Double(values.reduce(0) { $0 + abs($1) }) / Double(max(values.count, 1))
    }

    private static func ratio(_ now: Double, _ usual: Double) -> Double { now / max(usual, 1e-3) }
}
