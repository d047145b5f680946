import Domain

import Glibc

/// The boxes on the top level of an MP4 file, as far as they are whole.
struct MP4Layout: Sendable, Hashable {
    struct Box: Sendable, Hashable {
        var type: String
        var offset: Int64
        var size: Int64
        var end: Int64 { offset + size }
    }
    var boxes: [Box] = []

    /// Length of the part that plays, zero when nothing does. While it grows, a file is "ftyp, free, mdat, moov" and then a
    /// "free, mdat, moof" a second; each index describes the data before it. A finished file ends with its "moov".
    var playableBytes: Int64 {
        guard boxes.first?.type == "ftyp", boxes.contains(where: { $0.type == "moov" }) else { return 0 }
        return boxes.last { $0.type == "moov" || $0.type == "moof" }?.end ?? 0
    }

    /// Reads the box headers; stops at the first box that is cut or makes no sense. Blocks.
    init(of path: String) throws(ClipError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw DurableFile.failure("open", path) }
        defer { close(descriptor) }
        try self.init(of: descriptor, path: path)
    }

    init(of descriptor: Int32, path: String) throws(ClipError) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw DurableFile.failure("look at", path) }
        let fileSize = Int64(status.st_size)
        var offset: Int64 = 0
        while offset + 8 <= fileSize, let box = Self.box(at: offset, in: descriptor), box.end <= fileSize {
            boxes.append(box)
            offset = box.end
        }
    }

    init(boxes: [Box]) { self.boxes = boxes }

    private static func box(at offset: Int64, in descriptor: Int32) -> Box? {
        var header = [UInt8](repeating: 0, count: 16)
        let count = header.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, 16, off_t(offset)) }
        guard count >= 8 else { return nil }
        func number(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
        var size = number(header[0..<4])
        var least: UInt64 = 8
        if size == 1 {
            guard count == 16 else { return nil }
            size = number(header[8..<16])
            least = 16
        }
        guard size >= least, size < 1 << 62, header[4..<8].allSatisfy({ $0 >= 0x20 && $0 < 0x7f }) else { return nil }
        return Box(type: String(decoding: header[4..<8], as: UTF8.self), offset: offset, size: Int64(size))
    }
}
