import FoundationEssentials
import Glibc

/// A file system call that failed: which, on what, why.
package struct FileError: Error, Sendable, Hashable, CustomStringConvertible {
    package var call: String
    package var path: String
    package var errno: Int32

    package init(_ call: String, _ path: String, errno: Int32) {
        self.call = call
        self.path = path
        self.errno = errno
    }

    package var description: String { "\(call) of \(path) failed: \(String(cString: strerror(errno)))" }
}

/// File system steps whose order on disk matters (I1, I2, I5). All block; call them off the cooperative pool's hot path.
package enum DurableFile {
    /// Writes a new file and, with `sync`, waits until its bytes are on the disk.
    package static func write(_ bytes: [UInt8], to path: String, sync: Bool = true) throws(FileError) {
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o640)
        guard file >= 0 else { throw FileError("open", path, errno: errno) }
        defer { close(file) }
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { buffer -> Int in
                guard let base = buffer.baseAddress else { return 0 }
                return Glibc.write(file, base + written, buffer.count - written)
            }
            if count < 0 {
                if errno == EINTR { continue }
                throw FileError("write", path, errno: errno)
            }
            written += count
        }
        guard !sync || fsync(file) == 0 else { throw FileError("fsync", path, errno: errno) }
    }

    /// Replaces a file as one step: readers see the old or the new one, whole.
    package static func replace(_ path: String, with bytes: [UInt8]) throws(FileError) {
        try write(bytes, to: path + ".new")
        try rename(path + ".new", to: path)
        try sync(folderOf: path)
    }

    package static func rename(_ from: String, to: String) throws(FileError) {
        guard Glibc.rename(from, to) == 0 else { throw FileError("rename", from, errno: errno) }
    }

    /// Makes the entries of the folder that holds `path` durable.
    package static func sync(folderOf path: String) throws(FileError) {
        let slash = path.lastIndex(of: "/")
        try sync(folder: slash.map { String(path[..<$0]) } ?? ".")
    }

    package static func sync(folder: String) throws(FileError) {
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError("open", folder, errno: errno) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw FileError("fsync", folder, errno: errno) }
    }

    /// Makes a folder and those above it; one that is there already is fine.
    package static func makeFolder(_ path: String) throws(FileError) {
        guard mkdir(path, 0o750) != 0, errno != EEXIST else { return }
        guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash > path.startIndex else {
            throw FileError("mkdir", path, errno: errno)
        }
        try makeFolder(String(path[..<slash]))
        guard mkdir(path, 0o750) == 0 || errno == EEXIST else { throw FileError("mkdir", path, errno: errno) }
        try sync(folderOf: path)
    }

    /// Removes a file or a folder with everything in it; what is not there is fine.
    package static func remove(_ path: String) throws(FileError) {
        if unlink(path) == 0 || errno == ENOENT { return }
        guard errno == EISDIR || errno == EPERM else { throw FileError("unlink", path, errno: errno) }
        for name in try list(path) { try remove(path + "/" + name) }
        guard rmdir(path) == 0 || errno == ENOENT else { throw FileError("rmdir", path, errno: errno) }
    }

    /// Names in a folder, sorted; none when it is not there.
    package static func list(_ folder: String) throws(FileError) -> [String] {
        guard let stream = opendir(folder) else {
            if errno == ENOENT || errno == ENOTDIR { return [] }
            throw FileError("opendir", folder, errno: errno)
        }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    package static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    package static func size(_ path: String) -> Int64? {
        var info = stat()
        return stat(path, &info) == 0 ? Int64(info.st_size) : nil
    }

    /// The whole file; nil when it is not there or cannot be read.
    package static func read(_ path: String) -> [UInt8]? {
        (try? Data(contentsOf: URL(filePath: path))).map { [UInt8]($0) }
    }
}
