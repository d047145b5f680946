import Domain
internal import Crypto
import Synchronization

import Glibc

/// See `ExportFile`.
final class DiskExportFile: ExportFile {
    static let partSuffix = ".part"
    private static let pieceBytes = 1 << 20

    private enum Writer {
        case zip(ZipWriter)
        /// One part as it is; the number is how many bytes there are.
        case plain(UInt64)
    }
    private struct State {
        var writer: Writer
        var isFinished = false
    }
    private let file: String
    private let folder: String
    private let mediaFolder: String
    private let descriptor: Int32
    private let state: Mutex<State>
    private let letGo: @Sendable () -> Void

    private var path: String { folder + "/" + file }
    private var partPath: String { path + Self.partSuffix }

    init(
        _ file: String, in folder: String, mediaFolder: String, isZip: Bool, letGo: @escaping @Sendable () -> Void
    ) throws(ClipError) {
        self.file = file
        self.folder = folder
        self.mediaFolder = mediaFolder
        self.letGo = letGo
        let part = folder + "/" + file + Self.partSuffix
        descriptor = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw DurableFile.failure("make", part) }
        state = Mutex(State(writer: isZip ? .zip(ZipWriter(descriptor, path: part)) : .plain(0)))
    }

    deinit {
        close(descriptor)
        if !state.withLock({ $0.isFinished }) { unlink(partPath) }
        letGo()
    }

    func add(
        _ part: ExportPart, name: String, modified: WallTime, wrote: @Sendable (Int) async throws -> Void
    ) async throws -> (sizeBytes: Int64, sha256: String) {
        switch part {
        case .bytes(let bytes):
            return try await add(name, modified, Int64(bytes.count), wrote) { offset, count in
                Array(bytes[Int(offset)...].prefix(count))
            }
        case .recording(let recording):
            return try await add(name, modified, recording.sizeBytes, wrote) { offset, count in
                try await recording.read(at: offset, count: count)
            }
        case .media(let path):
            let source = try await DurableFile.run { [mediaFolder] () throws(ClipError) in
                try Source(mediaFolder + "/" + path)
            }
            guard let source else { throw FileIsGone() }
            return try await add(name, modified, source.sizeBytes, wrote) { offset, count in
                try await DurableFile.run { () throws(ClipError) in try source.read(at: offset, count: count) }
            }
        }
    }

    private func add(
        _ name: String, _ modified: WallTime, _ size: Int64, _ wrote: @Sendable (Int) async throws -> Void,
        read: (Int64, Int) async throws -> [UInt8]
    ) async throws -> (sizeBytes: Int64, sha256: String) {
        try await change { (writer) throws(ClipError) in
            guard case .zip(var zip) = writer else { return }
            try zip.begin(name, modified: modified, sizeBytes: size)
            writer = .zip(zip)
        }
        var hash = SHA256()
        var position: Int64 = 0
        while position < size {
            try Task.checkCancellation()
            let bytes = try await read(position, Int(min(Int64(Self.pieceBytes), size - position)))
            guard !bytes.isEmpty else { throw ClipError("\(name) ended after \(position) of \(size) bytes") }
            hash.update(data: bytes)
            try await change { [self] (writer) throws(ClipError) in try write(bytes, to: &writer) }
            position += Int64(bytes.count)
            try await wrote(bytes.count)
        }
        try await change { (writer) throws(ClipError) in
            guard case .zip(var zip) = writer else { return }
            // Held once only, or the directory would be copied with each entry.
            writer = .plain(0)
            try zip.end()
            writer = .zip(zip)
        }
        return (size, hash.finalize().map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined())
    }

    func finish() async throws -> (file: String, sizeBytes: Int64, sha256: String) {
        try await change { (writer) throws(ClipError) in
            guard case .zip(var zip) = writer else { return }
            try zip.finish()
            writer = .zip(zip)
        }
        return try await DurableFile.run { [self] () throws(ClipError) in
            // Read again: what is hashed is what lies there.
            let (size, digest) = try DurableFile.digest(partPath)
            try DurableFile.replace(path, with: partPath)
            state.withLock { $0.isFinished = true }
            return (file, size, digest)
        }
    }

    private func change(
        _ body: @escaping @Sendable (inout Writer) throws(ClipError) -> Void
    ) async throws {
        try await DurableFile.run { [self] () throws(ClipError) in
            let result: Result<Void, ClipError> = state.withLock { state in
                Result { () throws(ClipError) in try body(&state.writer) }
            }
            try result.get()
        }
    }

    private func write(_ bytes: [UInt8], to writer: inout Writer) throws(ClipError) {
        let before = writer
        let result: Result<Writer, ClipError> = bytes.withUnsafeBytes { buffer in
            Result { () throws(ClipError) in
                switch before {
                case .zip(var zip):
                    try zip.write(buffer)
                    return .zip(zip)
                case .plain(let position):
                    try ZipWriter.write(buffer, to: descriptor, at: position, path)
                    return .plain(position + UInt64(buffer.count))
                }
            }
        }
        writer = try result.get()
    }

    /// An opened file.
    private final class Source: Sendable {
        let sizeBytes: Int64
        private let descriptor: Int32
        private let path: String

        /// Nil where there is no such file.
        init?(_ path: String) throws(ClipError) {
            self.path = path
            descriptor = open(path, O_RDONLY | O_CLOEXEC)
            if descriptor < 0, errno == ENOENT { return nil }
            guard descriptor >= 0 else { throw DurableFile.failure("open", path) }
            var info = stat()
            sizeBytes = fstat(descriptor, &info) == 0 ? Int64(info.st_size) : 0
        }

        deinit { close(descriptor) }

        func read(at offset: Int64, count: Int) throws(ClipError) -> [UInt8] {
            var failed = false
            let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, length in
                var got = -1
                repeat {
                    got = pread(descriptor, buffer.baseAddress, count, off_t(offset))
                } while got < 0
                    && errno == EINTR
                failed = got < 0
                length = max(0, got)
            }
            if failed { throw DurableFile.failure("read", path) }
            return bytes
        }
    }
}
