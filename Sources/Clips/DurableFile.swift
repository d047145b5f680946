import Domain
internal import Crypto

import Glibc

/// Files that survive a power cut. Every call blocks: run them off the shared pool (`DurableFile.run`).
package enum DurableFile {
    /// `fsync` of a file's data and size.
    package static func sync(_ path: String) throws(ClipError) { try syncOpened(path, O_RDONLY | O_CLOEXEC) }

    /// `fsync` of the folder that holds `path`, which makes a creation, a rename or a removal there durable.
    package static func syncFolder(of path: String) throws(ClipError) {
        let folder = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        try syncOpened(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    }

    /// Replaces `target` by `source` (same file system) atomically and durably.
    package static func replace(_ target: String, with source: String) throws(ClipError) {
        try sync(source)
        guard rename(source, target) == 0 else { throw failure("rename to", target) }
        try syncFolder(of: target)
    }

    /// Size and lower-case hexadecimal SHA-256, read in pieces.
    package static func digest(_ path: String) throws(ClipError) -> (sizeBytes: Int64, sha256: String) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("open", path) }
        defer { close(descriptor) }
        var hash = SHA256()
        var size: Int64 = 0
        var piece = [UInt8](repeating: 0, count: 1 << 18)
        while true {
            let count = piece.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
            if count == 0 { break }
            if count < 0 {
                if errno == EINTR { continue }
                throw failure("read", path)
            }
            piece.withUnsafeBytes { hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: $0[..<count])) }
            size += Int64(count)
        }
        let digits = Array("0123456789abcdef".utf8)
        let text = hash.finalize().flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        return (size, String(decoding: text, as: UTF8.self))
    }

    static func failure(_ verb: String, _ path: String) -> ClipError {
        let reason = String(cString: strerror(errno))
        return ClipError("cannot \(verb) \(path): \(reason)")
    }

    private static func syncOpened(_ path: String, _ flags: Int32) throws(ClipError) {
        let descriptor = open(path, flags)
        guard descriptor >= 0 else { throw failure("open", path) }
        defer { close(descriptor) }
        // A failed fsync must not be tried again: the kernel may have dropped the pages already.
        guard fsync(descriptor) == 0 else { throw failure("make durable", path) }
    }
}
