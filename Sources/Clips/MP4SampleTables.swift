/// A table of (count, value) pairs, one value at a time: `stts` and `ctts`.
struct RunLengths {
    private var cursor: ByteCursor
    private var left = 0
    private var value: Int64 = 0

    init(_ table: ArraySlice<UInt8>?) {
        cursor = ByteCursor(table ?? [])
        // Version, flags and the number of pairs, which the table's length tells as well. Both tables hold numbers below
        // 2^31, and an offset may be negative, so both are read as signed.
        _ = cursor.skip(8)
    }

    mutating func next() -> Int64? {
        while left == 0 {
            guard let count = cursor.word32(), let value = cursor.signed32() else { return nil }
            left = count
            self.value = value
        }
        left -= 1
        return value
    }
}

/// Where each sample lies: `stsc` with `stco` or `co64`.
struct Chunks {
    private var runs: ByteCursor
    private var offsets: ByteCursor
    private let areWide: Bool
    private var chunk = 0
    private var samplesPerChunk = 0
    private var upcoming: (firstChunk: Int, samples: Int)?
    private var leftInChunk = 0
    private var position: Int64 = 0

    init(stsc: ArraySlice<UInt8>, offsets: ArraySlice<UInt8>, areWide: Bool) {
        runs = ByteCursor(stsc)
        self.offsets = ByteCursor(offsets)
        self.areWide = areWide
        _ = runs.skip(8)
        _ = self.offsets.skip(8)
        upcoming = Self.run(&runs)
    }

    /// The offset of the next sample, which has this size.
    mutating func next(_ size: Int) -> Int64? {
        if leftInChunk == 0 {
            chunk += 1
            if let run = upcoming, run.firstChunk <= chunk {
                samplesPerChunk = run.samples
                upcoming = Self.run(&runs)
            }
            guard samplesPerChunk > 0, let offset = areWide ? offsets.word64() : offsets.word32().map({ Int64($0) })
            else { return nil }
            position = offset
            leftInChunk = samplesPerChunk
        }
        leftInChunk -= 1
        defer { position &+= Int64(size) }
        return position
    }

    private static func run(_ cursor: inout ByteCursor) -> (firstChunk: Int, samples: Int)? {
        guard let first = cursor.word32(), let samples = cursor.word32(), cursor.skip(4) else { return nil }
        return (first, samples)
    }
}
