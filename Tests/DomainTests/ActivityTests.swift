import Domain
import Testing

struct ActivityTests {
    private static let camera = Identifier<Camera>.make(at: WallTime(secondsSinceEpoch: 1))
    private static let organization = Organization.first

    private func grid(_ cells: (column: Int, row: Int)...) -> ActivityGrid {
        var grid = ActivityGrid()
        for cell in cells { grid[column: cell.column, row: cell.row] = true }
        return grid
    }

    private func minute(_ number: Int64, _ seconds: [Int: ActivityGrid]) -> ActivityMinute {
        ActivityMinute(camera: Self.camera, organization: Self.organization, minute: number, seconds: seconds)
    }

    private func at(_ seconds: Double) -> WallTime { WallTime(secondsSinceEpoch: seconds) }

    // MARK: Grid and bytes

    @Test func `a box touches the cells that it lies in`() {
        #expect(ActivityGrid(touching: Box(x: 0, y: 0, width: 1, height: 1)).count == 576)
        #expect(ActivityGrid(touching: Box(x: 0, y: 0, width: 1.0 / 32, height: 1.0 / 18)) == grid((0, 0)))
        #expect(ActivityGrid(touching: Box(x: 0.5, y: 0.5, width: 0.01, height: 0.01)) == grid((16, 9)))
        #expect(ActivityGrid(touching: Box(x: 0.99, y: 0.99, width: 0.5, height: 0.5)) == grid((31, 17)))
        #expect(ActivityGrid(touching: Box(x: 2, y: 0, width: 1, height: 1)).isEmpty)
        #expect(ActivityGrid(touching: Box(x: .nan, y: 0, width: 1, height: 1)).isEmpty)
    }

    @Test(arguments: 0..<20) func `a minute's bytes hold what it holds`(seed: UInt64) {
        var random = Numbers(state: seed)
        var seconds: [Int: ActivityGrid] = [:]
        for _ in 0..<Int.random(in: 0...60, using: &random) {
            var grid = ActivityGrid()
            for _ in 0..<Int.random(in: 1...(seed % 2 == 0 ? 3 : 600), using: &random) {
                grid[
                    column: Int.random(in: 0..<32, using: &random), row: Int.random(in: 0..<18, using: &random)] = true
            }
            seconds[Int.random(in: 0..<60, using: &random)] = grid
        }
        let minute = minute(29_627_160, seconds)
        #expect(ActivityMinute.seconds(of: minute.bytes) == seconds)
        #expect(minute.bytes.count <= seconds.count * 76)
        // Twice the same, and in another order, is the same.
        #expect(ActivityMinute.seconds(of: minute.bytes + minute.bytes) == seconds)
        // Cut off or spoilt anywhere: what is before it is read, and nothing is invented out of bounds.
        for length in 0..<min(minute.bytes.count, 200) {
            let part = ActivityMinute.seconds(of: Array(minute.bytes.prefix(length)))
            #expect(part.allSatisfy { seconds[$0.key] == $0.value })
        }
        let garbage = (0..<300).map { _ in UInt8.random(in: 0...255, using: &random) }
        #expect(ActivityMinute.seconds(of: garbage).keys.allSatisfy { (0..<60).contains($0) })
    }

    @Test func `a person who walks by takes some ten bytes a second`() {
        let walker = ActivityGrid(touching: Box(x: 0.4, y: 0.4, width: 0.12, height: 0.4))
        #expect(minute(0, [7: walker]).bytes.count <= 10)
    }

    // MARK: Collecting

    @Test func `what moves is kept by the second, and taken when its minute is over`() {
        var book = ActivityBook()
        book.note(grid((1, 1)), camera: Self.camera, of: Self.organization, at: at(600.2))
        book.note(grid((2, 1)), camera: Self.camera, of: Self.organization, at: at(600.9))
        book.note(grid((3, 3)), camera: Self.camera, of: Self.organization, at: at(659.99))
        book.note(ActivityGrid(), camera: Self.camera, of: Self.organization, at: at(700))
        book.note(grid((5, 5)), camera: Self.camera, of: Self.organization, at: at(660))
        #expect(book.take(completeAt: at(660 + 14), limit: 10).isEmpty)
        let first = book.take(completeAt: at(660 + 15), limit: 10)
        #expect(first == [minute(10, [0: grid((1, 1), (2, 1)), 59: grid((3, 3))])])
        #expect(book.take(completeAt: at(660 + 15), limit: 10).isEmpty && book.count == 1)
        // Not written: it comes again, with what came late.
        book.putBack(first)
        book.note(grid((9, 9)), camera: Self.camera, of: Self.organization, at: at(600))
        let again = book.take(completeAt: nil, limit: 1)
        #expect(again.first?.seconds[0] == grid((1, 1), (2, 1), (9, 9)) && again.count == 1)
        #expect(book.take(completeAt: nil, limit: 10) == [minute(11, [0: grid((5, 5))])])
        #expect(book.count == 0 && book.lost == 0)
    }

    @Test func `what cannot be written for long is bounded, and the oldest goes`() {
        var book = ActivityBook(mostSeconds: 120)
        for second in 0..<600 {
            book.note(grid((1, 1)), camera: Self.camera, of: Self.organization, at: at(Double(second)))
        }
        #expect(book.lost == 8)
        let left = book.take(completeAt: nil, limit: 100)
        #expect(left.map(\.minute) == [8, 9] && left.allSatisfy { $0.seconds.count == 60 })
        for second in 0..<120 {
            book.note(grid((1, 1)), camera: Self.camera, of: Self.organization, at: at(Double(second)))
        }
        #expect(book.lost == 8 && book.count == 2)
    }

    // MARK: Searching

    @Test func `spans are joined over short pauses, in the region and the range only`() {
        let minutes = [
            minute(
                10,
                [
                    5: grid((1, 1)), 6: grid((1, 1), (2, 1)), 9: grid((1, 1)), 30: grid((20, 10)),
                    58: grid((1, 1)),
                ]),
            minute(11, [1: grid((2, 2)), 40: grid((1, 1))]),
        ]
        func find(
            _ region: Box, least: Int = 1, gap: Int = 2, from: Double = 0, to: Double = 10_000
        ) -> [[Double]] {
            var search = ActivitySearch(
                region: ActivityGrid(touching: region), leastCells: least, gapSeconds: gap, from: at(from), to: at(to))
            for minute in minutes { search.add(minute) }
            search.finish()
            return search.spans.map {
                [$0.startsAt.secondsSinceEpoch, $0.endsAt.secondsSinceEpoch, Double($0.seconds), Double($0.cells)]
            }
        }
        let topLeft = Box(x: 0, y: 0, width: 0.2, height: 0.2)
        #expect(
            find(topLeft) == [[605, 610, 3, 2], [658, 662, 2, 1], [700, 701, 1, 1]])
        #expect(
            find(topLeft, gap: 1) == [
                [605, 607, 2, 2], [609, 610, 1, 1], [658, 659, 1, 1], [661, 662, 1, 1], [700, 701, 1, 1],
            ])
        #expect(find(topLeft, least: 2) == [[606, 607, 1, 2]])
        #expect(find(Box(x: 0.6, y: 0.5, width: 0.1, height: 0.1)) == [[630, 631, 1, 1]])
        #expect(find(topLeft, from: 606, to: 659) == [[606, 610, 2, 2], [658, 659, 1, 1]])
        #expect(find(topLeft, from: 605.5, to: 609).first == [606, 607, 1, 2])
        #expect(find(Box(x: 0.9, y: 0.9, width: 0.1, height: 0.1)).isEmpty)
    }

    @Test func `heat counts the seconds of each cell`() {
        var heat = ActivityHeat(from: at(600), to: at(660))
        heat.add(minute(9, [59: grid((0, 0))]))
        heat.add(minute(10, [0: grid((0, 0), (31, 17)), 1: grid((0, 0)), 59: grid((3, 2))]))
        heat.add(minute(11, [0: grid((0, 0))]))
        #expect(heat.seconds == 3 && heat.cells.reduce(0, +) == 4)
        #expect(heat.cells[0] == 2 && heat.cells[575] == 1 && heat.cells[2 * 32 + 3] == 1)
    }
}

/// Sebastiano Vigna's splitmix64.
private struct Numbers: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
