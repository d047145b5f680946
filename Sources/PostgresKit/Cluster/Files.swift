internal import Glibc

/// The few file operations that a cluster needs, with errors that name the path.
enum Files {
    static func reason(_ code: Int32) -> String { String(cString: strerror(code)) }

    static func failure(_ action: String, _ path: String) -> PostgresError {
        PostgresError(.cluster, "cannot \(action) \(path): \(reason(errno))")
    }

    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// Makes the folder and its parents; an existing folder is left as it is.
    static func makeFolder(_ path: String, mode: mode_t) throws(PostgresError) {
        if mkdir(path, mode) == 0 || errno == EEXIST { return }
        guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash > path.startIndex else {
            throw failure("make the folder", path)
        }
        try makeFolder(String(path[..<slash]), mode: 0o755)
        guard mkdir(path, mode) == 0 || errno == EEXIST else { throw failure("make the folder", path) }
    }

    /// Makes the folder, or takes an existing one only if it is a real folder of `owner`'s, and closes it to others.
    static func makePrivateFolder(_ path: String, owner: uid_t, group: gid_t) throws(PostgresError) {
        if mkdir(path, 0o700) == 0 {
            guard chown(path, owner, group) == 0 else { throw failure("give away the folder", path) }
        } else if errno == ENOENT {
            try makeFolder(path, mode: 0o700)
            guard chown(path, owner, group) == 0 else { throw failure("give away the folder", path) }
        } else if errno != EEXIST {
            throw failure("make the folder", path)
        }
        var status = stat()
        guard lstat(path, &status) == 0 else { throw failure("look at", path) }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            throw PostgresError(.cluster, "\(path) is not a folder; remove it")
        }
        if status.st_uid != owner {
            // Someone who runs as root may have made it before; anyone else's is not safe to use.
            guard status.st_uid == geteuid(), chown(path, owner, group) == 0 else {
                throw PostgresError(.cluster, "the folder \(path) belongs to user \(status.st_uid); remove it")
            }
        }
        guard status.st_mode & 0o777 == 0o700 || chmod(path, 0o700) == 0 else { throw failure("protect", path) }
    }

    /// The whole text of a small file; nil where it cannot be read.
    static func text(_ path: String) -> String? {
        guard let file = fopen(path, "re") else { return nil }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while bytes.count < 1 << 20 {
            let count = fread(&buffer, 1, buffer.count, file)
            if count == 0 { break }
            bytes += buffer[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Writes through a temporary file, so that no reader sees half of it.
    static func write(_ text: String, to path: String, owner: uid_t, group: gid_t) throws(PostgresError) {
        let temporary = path + ".new"
        guard let file = fopen(temporary, "we") else { throw failure("write", temporary) }
        let bytes = Array(text.utf8)
        let isWritten =
            fwrite(bytes, 1, bytes.count, file) == bytes.count && fflush(file) == 0
            && fchown(fileno(file), owner, group) == 0 && fsync(fileno(file)) == 0
        guard fclose(file) == 0, isWritten, rename(temporary, path) == 0 else { throw failure("write", path) }
    }

    /// Names in a folder, without the two dots; empty where it cannot be read.
    static func names(in folder: String) -> [String] {
        guard let directory = opendir(folder) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    /// Removes a folder and what is in it, as far as that is possible; follows no links.
    static func removeTree(_ path: String) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        if status.st_mode & S_IFMT == S_IFDIR {
            for name in names(in: path) { removeTree(path + "/" + name) }
            rmdir(path)
        } else {
            unlink(path)
        }
    }

    /// The absolute path without links; nil where it does not exist.
    static func resolved(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    /// Where a link leads; nil where it is none or may not be read.
    static func linkTarget(_ path: String) -> String? {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
        guard readlink(path, &buffer, buffer.count - 1) > 0 else { return nil }
        return buffer.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } }
    }
}
