internal import CPostgres
internal import Dispatch
internal import Glibc
internal import Synchronization

/// Runs a program to its end without holding one of the threads that tasks share.
enum Subprocess {
    struct Output: Sendable {
        /// Exit code, or 128 plus the signal that ended it.
        var status: Int32
        /// What it wrote to standard output and error, at most the last 64 KiB.
        var text: String
    }

    /// Starts `arguments[0]` (an absolute path) in `/` with no other files open than its output, and waits. After
    /// `timeoutSeconds` it is killed. Throws `PostgresError` of kind `cluster` where it cannot be started.
    static func run(_ arguments: [String], timeoutSeconds: Double) async throws -> Output {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue(label: "postgres.subprocess").async {
                continuation.resume(with: Result { try runNow(arguments, timeoutSeconds: timeoutSeconds) })
            }
        }
    }

    private static func runNow(_ arguments: [String], timeoutSeconds: Double) throws(PostgresError) -> Output {
        // A file and not a pipe: a server that outlives its starter would keep a pipe open.
        let output = memfd_create("output", UInt32(memfd_close_on_exec))
        guard output >= 0 else { throw failure("make a file for the output of \(arguments[0])", errno) }
        defer { close(output) }
        let process = try spawn(arguments, output: output)

        let isReaped = Mutex(false)
        let watchdog = DispatchWorkItem {
            isReaped.withLock { isReaped in
                if !isReaped { kill(process, SIGKILL) }
            }
        }
        DispatchQueue.global().asyncAfter(deadline: .now() + timeoutSeconds, execute: watchdog)
        defer { watchdog.cancel() }
        var info = siginfo_t()
        // Leaves the zombie, so that its number cannot be another's while the watchdog may fire.
        while waitid(P_PID, id_t(process), &info, Int32(WEXITED | WNOWAIT)) == -1, errno == EINTR {}
        var status: Int32 = 0
        isReaped.withLock { isReaped in
            isReaped = true
            while waitpid(process, &status, 0) == -1, errno == EINTR {}
        }
        // WIFEXITED and WEXITSTATUS are macros that do not import.
        let code = status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f)
        return Output(status: code, text: tail(of: output, bytes: 65_536))
    }

    private static func spawn(_ arguments: [String], output: Int32) throws(PostgresError) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        guard posix_spawn_file_actions_init(&actions) == 0, posix_spawnattr_init(&attributes) == 0 else {
            throw PostgresError(.cluster, "no memory to start \(arguments[0])")
        }
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        // Threads of dispatch queues block signals, and a child inherits that.
        var none = sigset_t()
        var all = sigset_t()
        sigemptyset(&none)
        sigfillset(&all)
        let steps: [Int32] = [
            posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0),
            posix_spawn_file_actions_adddup2(&actions, output, 1),
            posix_spawn_file_actions_adddup2(&actions, output, 2),
            // Sockets and locks of ours must not live on in a server.
            posix_spawn_file_actions_addclosefrom_np(&actions, 3),
            posix_spawn_file_actions_addchdir_np(&actions, "/"),
            posix_spawnattr_setsigmask(&attributes, &none),
            posix_spawnattr_setsigdefault(&attributes, &all),
            posix_spawnattr_setflags(
                &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF) | Int16(posix_spawn_new_session)),
        ]
        if let code = steps.first(where: { $0 != 0 }) { throw failure("prepare to start \(arguments[0])", code) }

        var argv = arguments.map { strdup($0) } + [nil]
        let variables =
            ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8", "TZ=UTC"]
        var environment = variables.map { strdup($0) } + [nil]
        defer { for pointer in argv + environment { free(pointer) } }
        var process: pid_t = 0
        let code = posix_spawn(&process, arguments[0], &actions, &attributes, &argv, &environment)
        guard code == 0 else { throw failure("start \(arguments[0])", code) }
        return process
    }

    private static func tail(of file: Int32, bytes limit: Int) -> String {
        let size = Int(lseek(file, 0, SEEK_END))
        let start = max(0, size - limit)
        guard size > 0, lseek(file, off_t(start), SEEK_SET) >= 0 else { return "" }
        let bytes = [UInt8](unsafeUninitializedCapacity: size - start) { buffer, count in
            count = max(0, read(file, buffer.baseAddress, buffer.count))
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func failure(_ action: String, _ code: Int32) -> PostgresError {
        PostgresError(.cluster, "cannot \(action): \(Files.reason(code))")
    }
}
