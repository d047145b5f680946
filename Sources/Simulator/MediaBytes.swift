/// One immutable block of encoded media, shared with GStreamer by reference.
final class MediaBytes: @unchecked Sendable {
    // Immutable after init.
    private let storage: UnsafeMutableRawBufferPointer

    fileprivate init(takingOwnershipOf storage: UnsafeMutableRawBufferPointer) { self.storage = storage }

    deinit { storage.deallocate() }

    var count: Int { storage.count }

    /// The bytes of one unit; they live as long as this object does.
    func bytes(at offset: Int, count: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: storage[offset..<offset + count])
    }

    /// Gathers bytes; `finish` hands them over without another copy.
    struct Builder: ~Copyable {
        private var storage = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
        private(set) var count = 0

        deinit { storage.deallocate() }

        /// Copies `bytes` to the end; where they begin.
        mutating func append(_ bytes: UnsafeRawBufferPointer) -> Int {
            if count + bytes.count > storage.count {
                let larger = UnsafeMutableRawBufferPointer.allocate(
                    byteCount: max(storage.count * 2, count + bytes.count), alignment: 16)
                larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: storage[..<count]))
                storage.deallocate()
                storage = larger
            }
            let offset = count
            UnsafeMutableRawBufferPointer(rebasing: storage[offset...]).copyMemory(from: bytes)
            count += bytes.count
            return offset
        }

        /// What was gathered, in a block of just that size.
        mutating func finish() -> MediaBytes {
            let exact = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 16)
            exact.copyMemory(from: UnsafeRawBufferPointer(rebasing: storage[..<count]))
            count = 0
            return MediaBytes(takingOwnershipOf: exact)
        }
    }
}
