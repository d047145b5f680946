/// A stretch of time in which something moved in a region.
package struct ActivitySpan: Sendable, Hashable {
    /// The first second, and the end of the last.
    package var startsAt: WallTime
    package var endsAt: WallTime
    /// Seconds in which something moved.
    package var seconds: Int
    /// The most cells of the region in any of them.
    package var cells: Int

    package init(startsAt: WallTime, endsAt: WallTime, seconds: Int, cells: Int) {
        self.startsAt = startsAt
        self.endsAt = endsAt
        self.seconds = seconds
        self.cells = cells
    }
}

/// Finds when something moved in a region, second by second in order of time.
package struct ActivitySearch: Sendable {
    /// The cells that count.
    package let region: ActivityGrid
    /// How many of them must have moved within a second.
    package let leastCells: Int
    /// Pauses of at most so many seconds do not end a span.
    package let gapSeconds: Int
    private let from: Int64
    private let to: Int64
    private var open: (first: Int64, last: Int64, seconds: Int, cells: Int)?
    /// Those that are over, oldest first.
    package private(set) var spans: [ActivitySpan] = []

    /// Seconds that begin before `from`, or not before `to`, do not count.
    package init(region: ActivityGrid, leastCells: Int, gapSeconds: Int, from: WallTime, to: WallTime) {
        self.region = region
        self.leastCells = max(1, leastCells)
        self.gapSeconds = max(0, gapSeconds)
        self.from = Self.seconds(from)
        self.to = Self.seconds(to)
    }

    /// Rounded up to whole seconds since the epoch.
    private static func seconds(_ time: WallTime) -> Int64 {
        let (whole, rest) = time.nanosecondsSinceEpoch.quotientAndRemainder(dividingBy: 1_000_000_000)
        return whole + (rest > 0 ? 1 : 0)
    }

    package mutating func add(_ minute: ActivityMinute) {
        for (second, grid) in minute.seconds.sorted(by: { $0.key < $1.key }) {
            let at = minute.minute * 60 + Int64(second)
            let cells = grid.intersection(region).count
            guard at >= from, at < to, cells >= leastCells else { continue }
            if let span = open, at - span.last <= Int64(gapSeconds) + 1 {
                open = (span.first, at, span.seconds + 1, max(span.cells, cells))
            } else {
                finish()
                open = (at, at, 1, cells)
            }
        }
    }

    /// No more minutes come.
    package mutating func finish() {
        guard let span = open else { return }
        open = nil
        spans.append(
            ActivitySpan(
                startsAt: WallTime(nanosecondsSinceEpoch: span.first * 1_000_000_000),
                endsAt: WallTime(nanosecondsSinceEpoch: (span.last + 1) * 1_000_000_000), seconds: span.seconds,
                cells: span.cells))
    }
}

/// How often each cell moved.
package struct ActivityHeat: Sendable, Hashable {
    /// Seconds in which a cell moved, row by row from the top left.
    package private(set) var cells = [Int](repeating: 0, count: ActivityGrid.columns * ActivityGrid.rows)
    /// Seconds in which anything moved.
    package private(set) var seconds = 0
    private let from: WallTime
    private let to: WallTime

    /// Seconds that begin before `from`, or not before `to`, do not count.
    package init(from: WallTime, to: WallTime) {
        self.from = from
        self.to = to
    }

    package mutating func add(_ minute: ActivityMinute) {
        for (second, grid) in minute.seconds {
            let at = minute.begins.advanced(bySeconds: Double(second))
            guard at >= from, at < to, !grid.isEmpty else { continue }
            seconds += 1
            for row in 0..<ActivityGrid.rows {
                var word = grid.words[row]
                while word != 0 {
                    cells[row * ActivityGrid.columns + word.trailingZeroBitCount] += 1
                    word &= word - 1
                }
            }
        }
    }
}
