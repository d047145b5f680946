internal import CGStreamer
internal import CGStreamerShims
import Synchronization

/// Copies buffers one behind the other into blocks that are mapped by themselves, for buffers that live long and end in the
/// order in which they came, as those of a ring do.
///
/// What a parser allocates for each picture lies between what was allocated for other cameras and other ends; a page is
/// with the system again only when everything in it has ended. A block is given back with its last buffer.
package final class BufferPacker: Sendable {
    /// Of a block; a larger buffer gets one of its own.
    private static let blockBytes = 256 << 10

    /// The one that is being filled; a share of it is ours.
    private let open = Mutex<OpaquePointer?>(nil)

    package init() {}

    deinit { open.withLock { $0.map(cgst_block_unref) } }

    /// A copy with the same times and flags; the buffer itself where there is no memory for one.
    package func packed(_ buffer: Buffer) -> Buffer {
        let size = buffer.byteCount
        return open.withLock { open in
            if open.map(cgst_block_free_bytes) ?? 0 < size {
                guard let block = cgst_block_new(gsize(max(size, Self.blockBytes))) else { return buffer }
                open.map(cgst_block_unref)
                open = block
            }
            return open.flatMap { cgst_block_copy($0, buffer.pointer) }.map(Buffer.init(takingOwnershipOf:)) ?? buffer
        }
    }
}
