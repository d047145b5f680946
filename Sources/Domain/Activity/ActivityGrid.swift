/// Where in a picture something moved: 32 columns by 18 rows of cells, row by row from the top left.
package struct ActivityGrid: Sendable, Hashable {
    package static let columns = 32
    package static let rows = 18

    /// A bit for each column, the lowest the leftmost; one word for each row, the first the topmost.
    package private(set) var words: [UInt32]

    /// Nothing moved.
    package init() { words = Array(repeating: 0, count: Self.rows) }

    /// Nil unless there is one word for each row.
    package init?(words: [UInt32]) {
        guard words.count == Self.rows else { return nil }
        self.words = words
    }

    package var isEmpty: Bool { words.allSatisfy { $0 == 0 } }
    /// Cells in which something moved.
    package var count: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }

    package subscript(column column: Int, row row: Int) -> Bool {
        get { words[row] & (1 << UInt32(column)) != 0 }
        set {
            if newValue { words[row] |= 1 << UInt32(column) } else { words[row] &= ~(1 << UInt32(column)) }
        }
    }

    package mutating func formUnion(_ other: ActivityGrid) {
        for row in words.indices { words[row] |= other.words[row] }
    }

    package func intersection(_ other: ActivityGrid) -> ActivityGrid {
        var both = self
        for row in words.indices { both.words[row] &= other.words[row] }
        return both
    }

    /// The cells that a box touches with more than a hair; positions are fractions of the picture.
    package init(touching box: Box) {
        self.init()
        func cells(_ from: Double, _ length: Double, _ count: Int) -> ClosedRange<Int>? {
            guard from.isFinite, length.isFinite, length > 0 else { return nil }
            let first = max(0, (from * Double(count) + 1e-6).rounded(.down))
            let last = min(Double(count) - 1, ((from + length) * Double(count) - 1e-6).rounded(.down))
            return first <= last ? Int(first)...Int(last) : nil
        }
        guard let columns = cells(box.x, box.width, Self.columns), let rows = cells(box.y, box.height, Self.rows)
        else { return }
        for row in rows { for column in columns { self[column: column, row: row] = true } }
    }

    /// The smallest block of cells that holds all in which something moved; nil where nothing did.
    var bounds: (columns: ClosedRange<Int>, rows: ClosedRange<Int>)? {
        let any = words.reduce(0, |)
        guard any != 0, let top = words.firstIndex(where: { $0 != 0 }), let bottom = words.lastIndex(where: { $0 != 0 })
        else { return nil }
        return (any.trailingZeroBitCount...(31 - any.leadingZeroBitCount), top...bottom)
    }
}
