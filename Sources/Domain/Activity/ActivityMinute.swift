/// The activity of one camera within one minute of wall time: a grid for each second in which something moved.
package struct ActivityMinute: Sendable, Hashable {
    package var camera: Identifier<Camera>
    package var organization: Identifier<Organization>
    /// Whole minutes since the epoch.
    package var minute: Int64
    /// Seconds of the minute, 0–59; those in which nothing moved have no grid.
    package private(set) var seconds: [Int: ActivityGrid]

    package init(
        camera: Identifier<Camera>, organization: Identifier<Organization>, minute: Int64,
        seconds: [Int: ActivityGrid] = [:]
    ) {
        self.camera = camera
        self.organization = organization
        self.minute = minute
        self.seconds = seconds
    }

    package var begins: WallTime { WallTime(nanosecondsSinceEpoch: minute * 60_000_000_000) }

    package mutating func add(_ grid: ActivityGrid, second: Int) {
        seconds[second, default: ActivityGrid()].formUnion(grid)
    }

    package mutating func formUnion(_ other: ActivityMinute) {
        for (second, grid) in other.seconds { add(grid, second: second) }
    }

    // MARK: Bytes

    // One entry after the other, in any order; two of one second are one, so that bytes can be joined. An entry is four bytes,
    // the highest first: 6 bits of the second, 5 each of the block's left column, top row, columns − 1 and rows − 1, 6 of zero;
    // then the block's cells, row by row, one bit each, the highest of a byte first, with zeros to the next whole byte.

    /// The seconds as bytes; about eight for a second in which a person walks by.
    package var bytes: [UInt8] {
        var bytes: [UInt8] = []
        for (second, grid) in seconds.sorted(by: { $0.key < $1.key }) {
            guard let (columns, rows) = grid.bounds else { continue }
            var head = UInt32(second)
            for part in [columns.lowerBound, rows.lowerBound, columns.count - 1, rows.count - 1] {
                head = head << 5 | UInt32(part)
            }
            head <<= 6
            for shift in [24, 16, 8, 0] as [UInt32] { bytes.append(UInt8(truncatingIfNeeded: head >> shift)) }
            var byte: UInt8 = 0
            var filled = 0
            for row in rows {
                for column in columns {
                    byte = byte << 1 | (grid[column: column, row: row] ? 1 : 0)
                    filled += 1
                    if filled % 8 == 0 { bytes.append(byte) }
                }
            }
            if filled % 8 != 0 { bytes.append(byte << UInt8(8 - filled % 8)) }
        }
        return bytes
    }

    /// Reads them back; stops at what makes no sense, as bytes of a later version might.
    package static func seconds(of bytes: [UInt8]) -> [Int: ActivityGrid] {
        var seconds: [Int: ActivityGrid] = [:]
        var place = 0
        while place + 4 <= bytes.count {
            let head = bytes[place..<place + 4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            place += 4
            let second = Int(head >> 26), left = Int(head >> 21 & 31), top = Int(head >> 16 & 31)
            let width = Int(head >> 11 & 31) + 1, height = Int(head >> 6 & 31) + 1
            let length = (width * height + 7) / 8
            guard second < 60, left + width <= ActivityGrid.columns, top + height <= ActivityGrid.rows, head & 63 == 0,
                place + length <= bytes.count
            else { return seconds }
            var grid = ActivityGrid()
            for cell in 0..<width * height where bytes[place + cell / 8] & (0x80 >> UInt8(cell % 8)) != 0 {
                grid[column: left + cell % width, row: top + cell / width] = true
            }
            place += length
            seconds[second, default: ActivityGrid()].formUnion(grid)
        }
        return seconds
    }
}
