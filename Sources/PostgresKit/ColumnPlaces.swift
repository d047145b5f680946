internal import CPostgres

/// Where a result's columns stand, by name: made once for a prepared statement, whose results all have the same columns. For one event a
/// `Dictionary` of some sixty names was made with each answer, and asking it took a third more than hashing a few bytes does here.
struct ColumnPlaces: Sendable {
    static let none = ColumnPlaces([])

    private var names: [[UInt8]] = []
    /// Places + 1; 0 where a slot is free. A power of two of slots, at least twice as many as names.
    private var slots: [Int32]

    /// Of a result; where two columns have a name, it means the last.
    init(of result: OpaquePointer) {
        let count = PQnfields(result)
        self.init(
            (0..<count).map { index in
                PQfname(result, index).map { name in Array(String(cString: name).utf8) } ?? []
            })
    }

    init(_ names: [[UInt8]]) {
        var size = 4
        while size < names.count * 2 { size *= 2 }
        slots = [Int32](repeating: 0, count: size)
        self.names = names
        for (place, name) in names.enumerated() {
            name.withUnsafeBufferPointer { slots[slot(of: $0)] = Int32(place) + 1 }
        }
    }

    func place(of column: String) -> Int32? {
        let slot =
            column.utf8.withContiguousStorageIfAvailable { self.slot(of: $0) }
            ?? Array(column.utf8).withUnsafeBufferPointer { self.slot(of: $0) }
        return slots[slot] > 0 ? slots[slot] - 1 : nil
    }

    /// The slot that holds this name, or the one where it belongs.
    private func slot(of name: UnsafeBufferPointer<UInt8>) -> Int {
        let mask = slots.count - 1
        var slot = Self.hash(name) & mask
        while slots[slot] > 0 {
            let other = names[Int(slots[slot]) - 1]
            if other.count == name.count, other.elementsEqual(name) { break }
            slot = (slot + 1) & mask
        }
        return slot
    }

    /// Length, first, middle and last letter: names of columns differ in these.
    private static func hash(_ name: UnsafeBufferPointer<UInt8>) -> Int {
        guard let first = name.first, let last = name.last else { return 0 }
        let mixed =
            UInt32(truncatingIfNeeded: name.count) | UInt32(first) << 8 | UInt32(name[name.count / 2]) << 16 | UInt32(
                last) << 24
        // Knuth's multiplicative hash: the golden ratio of 2^32. The upper bits are the mixed ones.
        return Int((mixed &* 0x9E37_79B1) >> 16)
    }
}
