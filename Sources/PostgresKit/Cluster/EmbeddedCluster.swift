internal import Glibc
package import Logging

/// A private PostgreSQL server in a data folder, reached through a unix socket that only its owner can open; it never
/// listens on TCP.
///
/// It outlives a killed process: the next `start` on the same data folder takes over the running server. Only one
/// `EmbeddedCluster` at a time can hold a data folder.
package actor EmbeddedCluster {
    /// What may differ between uses.
    package struct Options: Sendable {
        /// Lines for `postgresql.conf`, after ours.
        package var settings: [String: String]
        /// Skips waiting for the disk while making the cluster: for tests.
        package var isDisposable: Bool
        /// Roles without sign-in that the usual role is made a member of.
        package var roles: [String]

        package init(settings: [String: String] = [:], isDisposable: Bool = false, roles: [String] = []) {
            self.settings = settings
            self.isDisposable = isDisposable
            self.roles = roles
        }
    }

    /// Name of the database and of the role that owns it, which is no superuser.
    private static let name = "vedette"
    private static let administrator = "postgres"

    let dataDirectory: String
    private let options: Options
    private let logger: Logger
    private var lock: FolderLock?
    private var running: Running?
    /// Puts a new cluster's files on disk; `stop` waits for it.
    private var syncing: Task<Void, Never>?

    private struct Running {
        var folders: ClusterFolders
        var binaries: ServerBinaries
        var user: ClusterUser
        var socketFolder: String
        var port: Int
    }

    /// `dataDirectory` may be relative and need not exist.
    package init(dataDirectory: String, options: Options = Options(), logger: Logger) {
        self.dataDirectory = dataDirectory
        self.options = options
        self.logger = logger
    }

    // MARK: Life

    /// Makes the cluster if there is none, starts the server or takes over one that runs, and returns a libpq connection
    /// string. Calling it again starts a server that has died since.
    ///
    /// Throws `PostgresError` of kind `cluster` with the last lines of the server's log where that helps.
    package func start() async throws -> String {
        let hadLock = lock != nil
        do {
            let running = try await bringUp()
            self.running = running
            try await makeDatabase(running)
            return Self.connectionString(running, database: Self.name, user: Self.name)
        } catch {
            if !hadLock { lock = nil }
            throw error
        }
    }

    /// Starts the server again whenever it died, at the same place; returns when cancelled. For after `start`.
    package func keepRunning() async {
        while (try? await Task.sleep(for: .seconds(1))) != nil {
            guard running != nil, process == nil else { continue }
            logger.error("the private database died; starting it again")
            do {
                _ = try await start()
                logger.notice("the private database runs again")
            } catch {
                logger.error("the private database cannot be started again; trying on", metadata: ["error": "\(error)"])
                try? await Task.sleep(for: .seconds(5))
            }
        }
    }

    /// Connection string of the usual role for the private server that another process runs on this data folder; nil where
    /// none runs. Holds nothing: whoever started the server ends it.
    package static func connectionString(ofServerIn dataDirectory: String) -> String? {
        guard let folder = Files.resolved(dataDirectory) else { return nil }
        let elsewhere = Files.text(folder + "/postgres.location")?.split(separator: "\n").first
        let data = ClusterFolders(root: elsewhere.map(String.init) ?? folder + "/postgres").data
        guard let postmaster = Postmaster(dataFolder: data), postmaster.isAlive(dataFolder: data),
            let socketFolder = postmaster.socketFolder
        else { return nil }
        return connectionString(socketFolder, postmaster.port, database: name, user: name)
    }

    /// Connection string of the superuser, for making databases and for `pg_dumpall`; nil while not started.
    package func administratorConnectionString() -> String? {
        running.map { Self.connectionString($0, database: "postgres", user: Self.administrator) }
    }

    /// Connection string of the usual role for another database of the cluster; nil while not started.
    package func connectionString(database: String) -> String? {
        running.map { Self.connectionString($0, database: database, user: Self.name) }
    }

    /// Whether a server is installed that `start` can use.
    package static var isInstalled: Bool { (try? ServerBinaries.find(version: nil)) != nil }

    /// Where the cluster lies; nil while not started.
    package var location: String? { running?.folders.root }

    /// The server's process; nil while none runs.
    package var process: Int32? {
        guard let running, let postmaster = Postmaster(dataFolder: running.folders.data),
            postmaster.isAlive(dataFolder: running.folders.data)
        else { return nil }
        return postmaster.process
    }

    /// Ends the server, at first without waiting for its clients to go, and gives up the data folder. Idempotent; leaves no
    /// process behind. Throws where even that could not be done.
    package func stop() async throws {
        await syncing?.value
        syncing = nil
        guard let running else {
            lock = nil
            return
        }
        try await Self.shutDown(running, logger: logger)
        if !running.socketFolder.hasPrefix(running.folders.root) { Files.removeTree(running.socketFolder) }
        self.running = nil
        lock = nil
    }

    // MARK: Steps of starting

    private func bringUp() async throws -> Running {
        try Files.makeFolder(dataDirectory, mode: 0o755)
        guard let dataFolder = Files.resolved(dataDirectory) else { throw Files.failure("find", dataDirectory) }
        if lock == nil { lock = try await FolderLock.take(folder: dataFolder) }
        let user = try ClusterUser.choose()
        let folders = try await ClusterFolders.prepare(dataFolder: dataFolder, user: user, logger: logger)
        let binaries = try ServerBinaries.find(version: folders.version)
        if folders.version == nil { try await initialize(folders, binaries, user) }

        let socketFolder = folders.socketFolder(for: user)
        var running = Running(
            folders: folders, binaries: binaries, user: user, socketFolder: socketFolder, port: 5432)
        if let adopted = try await adopt(running) { return adopted }
        try Files.makePrivateFolder(socketFolder, owner: user.user, group: user.group)
        // A killed server leaves these, and a new one believes them while the number in them is any process's. The folder is
        // this cluster's alone, and no server of it runs.
        for name in [".s.PGSQL.5432", ".s.PGSQL.5432.lock"] { unlink(socketFolder + "/" + name) }
        try await launch(running)
        running.port = Postmaster(dataFolder: folders.data)?.port ?? running.port
        return running
    }

    /// Into a folder that gets its name when it is whole, so that a crash in the middle leaves nothing that looks ready.
    private func initialize(_ folders: ClusterFolders, _ binaries: ServerBinaries, _ user: ClusterUser) async throws {
        let unfinished = folders.root + "/data.new"
        Files.removeTree(unfinished)
        let command =
            user.prefix + [
                binaries.folder + "/initdb", "-D", unfinished, "-U", Self.administrator, "-E", "UTF8",
                "--locale=C.UTF-8", "-A", "trust", "--no-instructions", "--no-sync",
            ]
        let output = try await Subprocess.run(command, timeoutSeconds: 120)
        guard output.status == 0 else {
            throw PostgresError(
                .cluster, "cannot make a private database in \(folders.root): \(Self.lastLines(output.text, 5))")
        }
        guard let configuration = Files.text(unfinished + "/postgresql.conf") else {
            throw Files.failure("read", unfinished + "/postgresql.conf")
        }
        try Files.write(
            configuration + "\ninclude 'vedette.conf'\n", to: unfinished + "/postgresql.conf", owner: user.user,
            group: user.group)
        guard rename(unfinished, folders.data) == 0 else { throw Files.failure("rename", unfinished) }
        guard !options.isDisposable else { return }
        // On a busy disk this takes many seconds, in which the new and empty database can be used already.
        let sync = user.prefix + [binaries.folder + "/initdb", "--sync-only", "-D", folders.data]
        let logger = self.logger
        syncing = Task {
            do {
                let output = try await Subprocess.run(sync, timeoutSeconds: 600)
                if output.status == 0 { return }
                logger.warning("the new private database is not surely on disk: \(Self.lastLines(output.text, 2))")
            } catch {
                logger.warning("the new private database is not surely on disk: \(error)")
            }
        }
    }

    /// Takes over the server that runs in the data folder, if any; one that does not answer is ended.
    private func adopt(_ running: Running) async throws -> Running? {
        let data = running.folders.data
        var isOurs = false
        for _ in 0..<200 {
            guard let postmaster = Postmaster(dataFolder: data), postmaster.isAlive(dataFolder: data) else { break }
            isOurs = true
            if let socketFolder = postmaster.socketFolder {
                var candidate = running
                candidate.socketFolder = socketFolder
                candidate.port = postmaster.port
                if await Self.answers(candidate) {
                    logger.info(
                        "took over the private database that was running", metadata: ["pid": "\(postmaster.process)"])
                    return candidate
                }
            }
            try await Task.sleep(for: .milliseconds(50))
        }
        if isOurs, Postmaster(dataFolder: data)?.isAlive(dataFolder: data) ?? false {
            logger.warning("a private database was running but did not answer; ending it")
            try await Self.shutDown(running, logger: logger)
        }
        // The children of a killed server end by themselves; a new one must not begin before.
        for _ in 0..<200 where !Postmaster.processes(in: data).isEmpty { try await Task.sleep(for: .milliseconds(50)) }
        if let stale = Postmaster(dataFolder: data), kill(stale.process, 0) == 0, Postmaster.processes(in: data).isEmpty
        {
            // The number is another process's by now, which the server could not tell from itself.
            unlink(data + "/postmaster.pid")
        }
        return nil
    }

    private func launch(_ running: Running) async throws {
        let user = running.user
        try Files.write(
            configuration(socketFolder: running.socketFolder), to: running.folders.data + "/vedette.conf",
            owner: user.user, group: user.group)
        unlink(running.folders.startupLog)
        let command =
            user.prefix + [
                running.binaries.folder + "/pg_ctl", "start", "-D", running.folders.data, "-l",
                running.folders.startupLog, "-w", "-t", "60", "-s",
            ]
        let output = try await Subprocess.run(command, timeoutSeconds: 75)
        guard output.status == 0 else {
            throw PostgresError(
                .cluster,
                "the private database in \(running.folders.root) does not start: \(Self.lastLines(output.text, 3)); its log ends: \(Self.logTail(running.folders))"
            )
        }
    }

    private func configuration(socketFolder: String) -> String {
        func quoted(_ text: String) -> String { "'" + text.replacing("'", with: "''") + "'" }
        var lines = [
            "# Written anew at each start.",
            "listen_addresses = ''",
            "unix_socket_directories = \(quoted("\"" + socketFolder.replacing("\"", with: "\"\"") + "\""))",
            "unix_socket_permissions = 0700",
            "port = 5432",
            "max_connections = 200",
            "shared_buffers = 64MB",
            "max_wal_size = 256MB",
            "timezone = 'UTC'",
            "log_timezone = 'UTC'",
            // At most a day of log: a file for each hour, overwritten the next day. Neither values nor whole rows in it.
            "logging_collector = on",
            "log_directory = 'log'",
            "log_filename = 'postgresql-%H.log'",
            "log_truncate_on_rotation = on",
            "log_rotation_age = 1h",
            "log_rotation_size = 0",
            "log_error_verbosity = terse",
            "log_min_error_statement = panic",
            "log_checkpoints = off",
        ]
        for (name, value) in options.settings.sorted(by: { $0.key < $1.key }) {
            lines.append("\(name) = \(quoted(value))")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private func makeDatabase(_ running: Running) async throws {
        let connection = try await Connection.open(
            ConnectionSettings(Self.connectionString(running, database: "postgres", user: Self.administrator)))
        let roles = try await connection.query("SELECT FROM pg_roles WHERE rolname = $1", [.text(Self.name)])
        if roles.isEmpty { try await connection.query("CREATE ROLE \(Self.name) LOGIN") }
        for role in options.roles {
            let found = try await connection.query("SELECT FROM pg_roles WHERE rolname = $1", [.text(role)])
            if found.isEmpty { try await connection.query("CREATE ROLE \"\(role)\" NOLOGIN") }
            try await connection.query("GRANT \"\(role)\" TO \(Self.name)")
        }
        let databases = try await connection.query("SELECT FROM pg_database WHERE datname = $1", [.text(Self.name)])
        if databases.isEmpty { try await connection.query("CREATE DATABASE \(Self.name) OWNER \(Self.name)") }
        await connection.close()
    }

    // MARK: Helpers

    private static func connectionString(_ running: Running, database: String, user: String) -> String {
        connectionString(running.socketFolder, running.port, database: database, user: user)
    }

    private static func connectionString(
        _ socketFolder: String, _ port: Int, database: String, user: String
    ) -> String {
        let host = socketFolder.replacing("\\", with: "\\\\").replacing("'", with: "\\'")
        return "host='\(host)' port=\(port) dbname=\(database) user=\(user)"
    }

    private static func answers(_ running: Running) async -> Bool {
        let settings = ConnectionSettings(
            connectionString(running, database: "postgres", user: administrator), connectTimeoutSeconds: 2)
        guard let connection = try? await Connection.open(settings) else { return false }
        await connection.close()
        return true
    }

    /// Ends the server of a folder: fast, then immediate, then by force.
    private static func shutDown(_ running: Running, logger: Logger) async throws {
        let data = running.folders.data
        guard let postmaster = Postmaster(dataFolder: data), postmaster.isAlive(dataFolder: data) else { return }
        for (mode, seconds) in [("fast", 30), ("immediate", 10)] {
            let command =
                running.user.prefix + [
                    running.binaries.folder + "/pg_ctl", "stop", "-D", data, "-m", mode, "-w", "-t", "\(seconds)", "-s",
                ]
            let output = try await Subprocess.run(command, timeoutSeconds: Double(seconds) + 5)
            // pg_ctl waits for the file to go, and the process goes a little later.
            for _ in 0..<250 where output.status == 0 && !Postmaster.processes(in: data).isEmpty {
                try await Task.sleep(for: .milliseconds(20))
            }
            if !postmaster.isAlive(dataFolder: data) { return }
            logger.warning("the private database did not stop (\(mode)): \(lastLines(output.text, 2))")
        }
        kill(postmaster.process, SIGKILL)
        for _ in 0..<100 {
            if Postmaster.processes(in: data).isEmpty { return }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw PostgresError(.cluster, "the private database in \(data) cannot be ended (process \(postmaster.process))")
    }

    private static func lastLines(_ text: String, _ count: Int) -> String {
        let lines = text.split(separator: "\n").suffix(count)
        return lines.isEmpty ? "no output" : lines.joined(separator: " | ")
    }

    private static func logTail(_ folders: ClusterFolders) -> String {
        let newest = Files.names(in: folders.logs)
            .map { folders.logs + "/" + $0 }
            .max { modified($0) < modified($1) }
        let texts = [folders.startupLog, newest].compactMap { $0.flatMap { Files.text($0) } }
        return lastLines(texts.joined(separator: "\n"), 8)
    }

    private static func modified(_ path: String) -> Int {
        var status = stat()
        return stat(path, &status) == 0 ? status.st_mtim.tv_sec : 0
    }
}
