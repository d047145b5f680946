internal import Glibc
internal import Logging
package import PostgresKit

/// An empty database of its own for one test, on a server that all tests of the process share.
///
/// The server lies in a temporary folder and ends with the process, also when that is killed.
package struct TestDatabase: Sendable {
    package let name: String
    package let connectionString: String

    /// False where no PostgreSQL server is installed.
    package static var isAvailable: Bool { EmbeddedCluster.isInstalled }

    /// Makes a database and drops it after `body`.
    package static func with<Value>(_ body: (TestDatabase) async throws -> Value) async throws -> Value {
        let database = try await make()
        do {
            let value = try await body(database)
            await database.drop()
            return value
        } catch {
            await database.drop()
            throw error
        }
    }

    /// Makes a database; the caller drops it, or leaves it to the end of the process.
    package static func make() async throws -> TestDatabase {
        try await SharedCluster.shared.makeDatabase()
    }

    /// As `connectionString` for another user; the superuser is `postgres`.
    package func connectionString(user: String) -> String { connectionString + " user=\(user)" }

    /// For looking at all rows behind row security, as the owner of the tables may.
    package var inspectionString: String { connectionString + " options='-c vedette.duty=migration'" }

    /// One statement as the superuser, outside this database.
    package func administer(_ sql: String) async throws { try await SharedCluster.shared.administer(sql) }

    package func drop() async {
        await SharedCluster.shared.drop(name)
    }

    /// Ends the sessions of this database, as a crash of their server processes would; they are gone when it returns.
    package func killSessions() async throws {
        try await SharedCluster.shared.administer(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = $1", [.text(name)])
    }
}

/// A folder under `/tmp` that others can enter, as a server that runs as another user needs it.
package enum TestFolder {
    /// Makes one; the caller removes it.
    package static func make() throws -> String {
        var template = Array("/tmp/vedette-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw TestFolderError(code: errno) }
        let path = template.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
        guard chmod(path, 0o755) == 0 else { throw TestFolderError(code: errno) }
        return path
    }

    /// Runs a script without waiting as soon as this process has ended, however it ends. Words of `arguments` are `$1`….
    package static func atExitOfProcess(_ script: String, _ arguments: [String]) {
        let quoted = arguments.map { "'" + $0.replacing("'", with: "'\\''") + "'" }.joined(separator: " ")
        // `read` returns when the other end of the pipe closes with this process. What else was inherited is closed at
        // once: Foundation's `Process` waits for a socket of its own to close, which a copy here would keep open for ever.
        let closing = "for f in /proc/$BASHPID/fd/*; do n=${f##*/}; [ \"$n\" -gt 2 ] && eval \"exec $n>&-\"; done"
        let watching =
            "trap '' INT TERM HUP; exec >/dev/null 2>&1; \(closing); cd /; set -- \(quoted); read x; \(script)"
        let whole = "exec bash -c '" + watching.replacing("'", with: "'\\''") + "'"
        // Never closed on purpose. Close-on-exec, so that no other child holds the pipe open.
        _ = popen(whole, "we")
    }
}

package struct TestFolderError: Error, Sendable {
    package var code: Int32
}

private actor SharedCluster {
    static let shared = SharedCluster()

    private var starting: Task<EmbeddedCluster, any Error>?
    private var pool: Pool?
    private var count = 0

    private func cluster() async throws -> EmbeddedCluster {
        if let starting { return try await starting.value }
        let task = Task {
            let folder = try TestFolder.make()
            // SIGQUIT is PostgreSQL's immediate shutdown.
            TestFolder.atExitOfProcess(
                """
                pid=$(head -n 1 "$1/postgres/data/postmaster.pid") && kill -QUIT "$pid"
                while [ -n "$pid" ] && readlink "/proc/$pid/cwd"; do sleep 0.1; done
                rm -rf "$1"
                """, [folder])
            let cluster = EmbeddedCluster(
                dataDirectory: folder,
                options: .init(
                    settings: [
                        "fsync": "off", "synchronous_commit": "off", "full_page_writes": "off",
                        "max_connections": "300",
                    ], isDisposable: true, roles: ["vedette_application"]),
                logger: Logger(label: "test.cluster"))
            _ = try await cluster.start()
            return cluster
        }
        starting = task
        return try await task.value
    }

    private func administration() async throws -> Pool {
        let cluster = try await cluster()
        if let pool { return pool }
        guard let connectionString = await cluster.administratorConnectionString() else {
            throw PostgresError(.cluster, "the test server is not running")
        }
        let made = pool ?? Pool(ConnectionSettings(connectionString), size: 2, waitSeconds: 900)
        pool = made
        return made
    }

    @discardableResult
    func administer(_ sql: String, _ parameters: [PostgresValue] = []) async throws -> Rows {
        try await administration().query(sql, parameters)
    }

    func makeDatabase() async throws -> TestDatabase {
        count += 1
        let name = "test_\(count)"
        try await administer("CREATE DATABASE \(name) OWNER vedette")
        guard let connectionString = try await cluster().connectionString(database: name) else {
            throw PostgresError(.cluster, "the test server is not running")
        }
        return TestDatabase(name: name, connectionString: connectionString)
    }

    func drop(_ name: String) async {
        // What cannot be dropped goes with the server.
        _ = try? await administer("DROP DATABASE IF EXISTS \(name) WITH (FORCE)")
    }
}

extension TransactionSettings {
    /// A single setting; nil as its initializer.
    package static func of(_ name: String, _ value: String) -> TransactionSettings? {
        Names([name]).flatMap { TransactionSettings($0, [value]) }
    }
}
