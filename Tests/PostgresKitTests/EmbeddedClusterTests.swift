import Glibc
import Logging
import Testing
import TestSupport

@testable import PostgresKit

/// Each test makes a cluster, so they run one after the other.
@Suite(
    .serialized, .timeLimit(.minutes(10)),
    .enabled(if: TestDatabase.isAvailable, "needs an installed PostgreSQL server"))
struct EmbeddedClusterTests {
    private static let logger = Logger(label: "test.cluster")

    private func cluster(_ folder: String, settings: [String: String] = ["fsync": "off"]) -> EmbeddedCluster {
        EmbeddedCluster(
            dataDirectory: folder, options: .init(settings: settings, isDisposable: true), logger: Self.logger)
    }

    /// Gives a folder, and ends whatever still runs in it afterwards.
    private func withFolder(_ body: (String) async throws -> Void) async throws {
        let folder = try TestFolder.make()
        TestFolder.atExitOfProcess("rm -rf \"$1\"", [folder])
        do {
            try await body(folder)
        } catch {
            try? await cluster(folder).end()
            throw error
        }
        try await cluster(folder).end()
        Files.removeTree(folder)
    }

    private func answer(_ connectionString: String) async throws -> Int? {
        let connection = try await Connection.open(ConnectionSettings(connectionString))
        let answer = try await connection.query("SELECT 42 AS answer").first?.get("answer", as: Int.self)
        await connection.close()
        return answer
    }

    @Test func `it starts from nothing, keeps its data, and stops without a trace`() async throws {
        try await withFolder { folder async throws in
            let first = EmbeddedCluster(dataDirectory: folder + "/new/data", logger: Self.logger)
            let start = ContinuousClock.now
            let connectionString = try await first.start()
            let fromNothing = ContinuousClock.now - start
            // About 1.4 s on an idle machine; the bound is for one that builds at the same time.
            let connection = try await Connection.open(ConnectionSettings(connectionString))
            try await connection.query("CREATE TABLE kept (a int)")
            let settings = try await connection.query(
                """
                SELECT current_setting('listen_addresses') AS addresses, current_setting('fsync') AS fsync, current_user AS me,
                    (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS super,
                    current_setting('server_encoding') AS encoding
                """)
            #expect(try settings.first?.get("addresses") == "")
            #expect(try settings.first?.get("fsync") == "on")
            #expect(try settings.first?.get("super") == false)
            #expect(try settings.first?.get("encoding") == "UTF8")
            let process = try #require(await first.process)
            try await first.stop()
            try await first.stop()
            #expect(Files.linkTarget("/proc/\(process)/cwd") == nil)
            #expect(Postmaster.processes(in: folder + "/new/data/postgres/data").isEmpty)

            let again = ContinuousClock.now
            let second = EmbeddedCluster(dataDirectory: folder + "/new/data", logger: Self.logger)
            #expect(try await second.start() == connectionString)
            print("cluster: from nothing \(fromNothing), again \(ContinuousClock.now - again)")
            let kept = try await Connection.open(ConnectionSettings(connectionString))
            #expect(try await kept.query("SELECT to_regclass('kept') IS NOT NULL AS kept").first?.get("kept") == true)
            await kept.close()
            try await second.stop()
        }
    }

    @Test func `a server that a killed process left is taken over`() async throws {
        try await withFolder { folder async throws in
            var left: EmbeddedCluster? = cluster(folder)
            _ = try await left?.start()
            let process = await left?.process
            // What the kernel does for a killed process: the lock goes, the server stays.
            left = nil
            let next = cluster(folder)
            let connectionString = try await next.start()
            #expect(await next.process == process)
            #expect(try await answer(connectionString) == 42)
            try await next.stop()
            #expect(await next.process == nil)
        }
    }

    @Test func `a server that was killed is replaced, also when its number is another process's now`() async throws {
        try await withFolder { folder async throws in
            let first = cluster(folder)
            let connectionString = try await first.start()
            let process = try #require(await first.process)
            kill(process, SIGKILL)
            // Starting again on the same object brings it back.
            #expect(try await first.start() == connectionString)
            #expect(try await answer(connectionString) == 42)
            let second = try #require(await first.process)
            #expect(second != process)
            kill(second, SIGKILL)
            // Another process's children: there is no signal for their end.
            while !Postmaster.processes(in: folder + "/postgres/data").isEmpty {
                try await Task.sleep(for: .milliseconds(10))
            }
            let file = folder + "/postgres/data/postmaster.pid"
            let text = try #require(Files.text(file))
            let user = try ClusterUser.choose()
            try Files.write(
                text.replacing("\(second)\n", with: "1\n"), to: file, owner: user.user, group: user.group)
            #expect(try await first.start() == connectionString)
            #expect(try await answer(connectionString) == 42)
            try await first.stop()
        }
    }

    @Test func `a second user of the same data folder is refused and told who has it`() async throws {
        try await withFolder { folder async throws in
            let first = cluster(folder)
            let connectionString = try await first.start()
            let second = cluster(folder)
            let error = await #expect(throws: PostgresError.self) { try await second.start() }
            #expect(error?.kind == .cluster)
            #expect(error?.message.contains("in use by another vedette (process \(getpid()))") == true)
            // Its stop must not hurt the first.
            try await second.stop()
            #expect(try await answer(connectionString) == 42)
            try await first.stop()
            // Free again.
            _ = try await second.start()
            try await second.stop()
        }
    }

    @Test func `a data folder with a path too long for a socket works`() async throws {
        try await withFolder { folder async throws in
            let long = folder + "/" + String(repeating: "a long, odd 'name' ", count: 6)
            let cluster = cluster(long)
            let connectionString = try await cluster.start()
            #expect(try await answer(connectionString) == 42)
            #expect(connectionString.contains("/tmp/vedette-"))
            try await cluster.stop()
            let socket = try #require(connectionString.split(separator: "'").dropFirst().first)
            #expect(!Files.exists(String(socket)))
        }
    }

    @Test func `a server that cannot start says why`() async throws {
        try await withFolder { folder async throws in
            let broken = cluster(folder, settings: ["shared_preload_libraries": "no_such_library"])
            let error = await #expect(throws: PostgresError.self) { try await broken.start() }
            #expect(error?.message.contains("no_such_library") == true, "\(String(describing: error))")
            // And gives the folder back.
            let sound = cluster(folder)
            #expect(try await answer(try await sound.start()) == 42)
            try await sound.stop()
        }
    }

    @Test(.enabled(if: geteuid() == 0, "only root has to drop to another user"))
    func `root's closed data folder has its database elsewhere, and finds it again`() async throws {
        try await withFolder { folder async throws in
            let closed = folder + "/closed"
            let open = folder + "/open"
            for (path, mode) in [(closed, mode_t(0o700)), (open, 0o755)] { #expect(mkdir(path, mode) == 0) }
            let user = try ClusterUser.choose()
            for _ in 0..<2 {
                let folders = try await ClusterFolders.prepare(
                    dataFolder: closed, user: user, elsewhere: open, logger: Self.logger)
                #expect(folders.root.hasPrefix(open + "/postgres-"))
                #expect(try await user.canWork(in: folders.root))
                #expect(Files.text(closed + "/postgres.location") == folders.root + "\n")
            }
        }
    }

    @Test func `a program that hangs is ended, and its output is kept`() async throws {
        let output = try await Subprocess.run(["/bin/sh", "-c", "echo begun; sleep 60"], timeoutSeconds: 0.3)
        #expect(output.status == 128 + SIGKILL)
        #expect(output.text == "begun\n")
    }

    @Test func `what is not installed is named`() throws {
        let error = #expect(throws: PostgresError.self) { try ServerBinaries.find(version: nil, root: "/nonexistent") }
        #expect(error?.message.contains("install postgresql-15 (make deps)") == true)
        let other = #expect(throws: PostgresError.self) { try ServerBinaries.find(version: "9") }
        #expect(other?.message.contains("install postgresql-9") == true)
    }
}

extension EmbeddedCluster {
    /// Takes the folder over and ends its server, whatever state a test left.
    fileprivate func end() async throws {
        guard let root = Files.resolved(dataDirectory), Files.exists(root + "/postgres/data/postmaster.pid") else {
            return
        }
        _ = try await start()
        try await stop()
    }
}
