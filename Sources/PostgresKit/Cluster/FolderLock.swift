internal import Glibc

/// An advisory lock on a data folder, held for as long as this value lives; the kernel drops it with the process.
final class FolderLock: Sendable {
    private let descriptor: Int32

    /// Takes `<folder>/postgres.lock`, or throws `PostgresError` of kind `cluster` that names who has it.
    ///
    /// Asks for up to two seconds: a child process has a copy of each descriptor from its birth to its `exec`, so one that is
    /// born as the last holder lets go keeps the lock for that moment.
    static func take(folder: String) async throws -> FolderLock {
        for _ in 0..<100 {
            if let lock = try FolderLock(folder: folder, isLastTry: false) { return lock }
            try await Task.sleep(for: .milliseconds(20))
        }
        guard let lock = try FolderLock(folder: folder, isLastTry: true) else {
            throw PostgresError(.cluster, "the data folder \(folder) is in use by another vedette")
        }
        return lock
    }

    /// Nil where somebody has it and this is not the last try.
    private init?(folder: String, isLastTry: Bool) throws(PostgresError) {
        let path = folder + "/postgres.lock"
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw Files.failure("open", path) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            close(descriptor)
            guard code == EWOULDBLOCK else {
                throw PostgresError(.cluster, "cannot lock \(path): \(Files.reason(code))")
            }
            guard isLastTry else { return nil }
            let holder = Files.text(path).flatMap { Int32($0.split(separator: "\n").first ?? "") }
            throw PostgresError(
                .cluster,
                "the data folder \(folder) is in use by another vedette\(holder.map { " (process \($0))" } ?? ""); stop it or set another data_dir"
            )
        }
        let text = "\(getpid())\n"
        // Only for the message above; without it the lock holds just as well.
        _ = ftruncate(descriptor, 0)
        _ = pwrite(descriptor, text, text.utf8.count, 0)
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }
}
