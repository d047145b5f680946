import Logging
import Synchronization
import Testing
import TestSupport

@testable import PostgresKit

@Suite(.enabled(if: TestDatabase.isAvailable, "needs an installed PostgreSQL server"))
struct PoolTests {
    private func withPool(
        size: Int, waitSeconds: Double = 60, _ body: (Pool, TestDatabase) async throws -> Void
    ) async throws {
        try await TestDatabase.with { database async throws in
            let pool = Pool(ConnectionSettings(database.connectionString), size: size, waitSeconds: waitSeconds)
            do {
                try await body(pool, database)
                await pool.close()
            } catch {
                await pool.close()
                throw error
            }
        }
    }

    @Test func `no more connections are opened than the pool holds`() async throws {
        try await withPool(size: 3) { pool, _ async throws in
            try await withThrowingTaskGroup(of: Int32.self) { group in
                for _ in 0..<60 {
                    group.addTask { try await pool.withConnection { await $0.backendProcess } }
                }
                var processes: Set<Int32> = []
                for try await process in group { processes.insert(process) }
                #expect((1...3).contains(processes.count))
            }
            #expect((1...3).contains(pool.usage.connections))
        }
    }

    @Test func `of more prepared statements than a connection keeps, the one goes that was not used for longest`()
        async throws
    {
        try await withPool(size: 1) { pool, _ async throws in
            for number in 0..<250 {
                for wanted in [number, 0] {
                    let row = try await pool.query("SELECT \(wanted) + $1::int AS sum", [.int(1)], prepare: true).first
                    #expect(try row?.get("sum", as: Int.self) == wanted + 1)
                }
            }
            let kept = try await pool.query("SELECT statement FROM pg_prepared_statements").map {
                try $0.get("statement", as: String.self)
            }
            #expect(kept.count == 100)
            for number in [0, 151, 249] { #expect(kept.contains("SELECT \(number) + $1::int AS sum"), "\(number)") }
        }
    }

    @Test func `with settings, what is prepared is planned once, and nothing else`() async throws {
        try await withPool(size: 1) { pool, _ async throws in
            let settings = try #require(TransactionSettings.of("test.word", "here"))
            for number in 0..<10 {
                let row = try await pool.setting(settings).query(
                    "SELECT $1::int + 1 AS next", [.int(number)], prepare: true
                ).first
                #expect(try row?.get("next", as: Int.self) == number + 1)
            }
            let plans = try await pool.query(
                "SELECT generic_plans, custom_plans FROM pg_prepared_statements WHERE statement LIKE 'SELECT $1::int%'")
            #expect(try plans.first?.get("generic_plans", as: Int.self) == 10)
            #expect(try plans.first?.get("custom_plans", as: Int.self) == 0)
            let mode = try await pool.query("SHOW plan_cache_mode").first
            #expect(try mode?.get("plan_cache_mode", as: String.self) == "auto")
        }
    }

    @Test func `whoever waits longest is served first`() async throws {
        try await withPool(size: 1) { pool, _ async throws in
            let order = Order()
            let (started, start) = AsyncStream.makeStream(of: Void.self)
            let (gate, open) = AsyncStream.makeStream(of: Void.self)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    try await pool.withConnection { _ async throws in
                        start.finish()
                        for await _ in gate {}
                    }
                }
                for await _ in started {}
                for number in 0..<5 {
                    group.addTask { try await pool.withConnection { _ in order.append(number) } }
                    while pool.usage.waiting <= number { await Task.yield() }
                }
                open.finish()
                try await group.waitForAll()
            }
            #expect(order.numbers == [0, 1, 2, 3, 4])
        }
    }

    @Test func `a task that is cancelled while it waits leaves the queue`() async throws {
        try await withPool(size: 1) { pool, _ async throws in
            try await pool.withConnection { _ async throws in
                let waiting = Task { try await pool.query("SELECT 1") }
                while pool.usage.waiting == 0 { await Task.yield() }
                waiting.cancel()
                await #expect(throws: CancellationError.self) { try await waiting.value }
                #expect(pool.usage.waiting == 0)
            }
            try await pool.query("SELECT 1")
        }
    }

    @Test func `waiting for a connection ends with an error that says so`() async throws {
        try await withPool(size: 1, waitSeconds: 0.2) { pool, _ async throws in
            try await pool.withConnection { _ async throws in
                let error = await #expect(throws: PostgresError.self) { try await pool.query("SELECT 1") }
                #expect(error?.kind == .unavailable)
                #expect(error?.message == "no database connection became free within 0.2 s; all 1 are in use")
            }
        }
    }

    @Test func `connections that the server ended are replaced`() async throws {
        try await withPool(size: 2) { pool, database async throws in
            try await pool.query("SELECT 1")
            for _ in 0..<3 {
                try await database.killSessions()
                try await pool.query("SELECT 1")
            }
        }
    }

    @Test func `a connection that dies in use fails that statement only`() async throws {
        try await withPool(size: 1) { pool, _ async throws in
            let error = await #expect(throws: PostgresError.self) {
                try await pool.query("SELECT pg_terminate_backend(pg_backend_pid())")
            }
            #expect(error?.isOutage == true)
            #expect(try await pool.query("SELECT 1 AS one").first?.get("one") == 1)
            #expect(pool.usage.connections == 1)
        }
    }

    @Test func `a failed open gives its place back`() async throws {
        let pool = Pool(ConnectionSettings("host=/nonexistent dbname=x user=y"), size: 1, waitSeconds: 5)
        for _ in 0..<3 {
            await #expect(throws: PostgresError.self) { try await pool.query("SELECT 1") }
            #expect(pool.usage.connections == 0)
        }
    }

    /// What is prepared is sent from the caller's thread, another way than the rest.
    @Test(.timeLimit(.minutes(10)))
    func `a prepared statement is cancelled, fails and finds its connection lost as others do`() async throws {
        try await withPool(size: 1) { pool, database async throws in
            let watcher = Pool(ConnectionSettings(database.connectionString), size: 1)
            func answer(_ sql: String, _ value: PostgresValue) async throws {
                try await pool.query(sql, [value], prepare: true)
            }
            // Once to prepare it, once more to send it ahead.
            let sleep = "SELECT pg_sleep($1::float8)"
            for _ in 0..<2 { try await answer(sleep, .double(0)) }
            let task = Task { try await pool.query(sleep, [.double(600)], prepare: true) }
            while try await watcher.query(
                "SELECT FROM pg_stat_activity WHERE state = 'active' AND query = $1", [.text(sleep)]
            ).isEmpty {}
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            try await answer(sleep, .double(0))

            let early = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                try await pool.query(sleep, [.double(0)], prepare: true)
            }
            await #expect(throws: CancellationError.self) { try await early.value }

            let divide = "SELECT 1 / $1::int"
            for _ in 0..<2 { try await answer(divide, .int(1)) }
            let error = await #expect(throws: PostgresError.self) { try await answer(divide, .int(0)) }
            #expect(error?.sqlState == "22012" && error?.kind == .server)
            let unstorable = await #expect(throws: PostgresError.self) { try await answer(divide, .text("\0")) }
            #expect(unstorable?.kind == .data)
            try await answer(divide, .int(1))
            let long = String(repeating: "x", count: 1_000_000)
            for _ in 0..<3 {
                let row = try await pool.query("SELECT length($1::text) AS n", [.text(long)], prepare: true).first
                #expect(try row?.get("n", as: Int.self) == 1_000_000)
            }

            let die = "SELECT CASE WHEN $1::bool THEN pg_terminate_backend(pg_backend_pid()) END"
            for _ in 0..<2 { try await answer(die, .bool(false)) }
            let lost = await #expect(throws: PostgresError.self) { try await answer(die, .bool(true)) }
            #expect(lost?.kind == .connection)
            for _ in 0..<2 { try await answer(die, .bool(false)) }
            let process = try await pool.withConnection { $0.backendProcess }
            try await watcher.query("SELECT pg_terminate_backend($1::int, 60000)", [.int(Int(process))])
            try await answer(die, .bool(false))
            #expect(pool.usage.connections == 1)
            await watcher.close()
        }
    }

    @Test(.timeLimit(.minutes(10)), arguments: ["COPY (SELECT 1) TO STDOUT", "COPY pg_temp.t FROM STDIN"])
    func `a statement that would copy to or from us is refused, and the pool goes on`(sql: String) async throws {
        try await withPool(size: 1) { pool, _ async throws in
            try await pool.query("CREATE TEMP TABLE t (a int)")
            let error = await #expect(throws: PostgresError.self) { try await pool.query(sql) }
            #expect(error?.kind == .data)
            #expect(try await pool.query("SELECT 1 AS one").first?.get("one") == 1)
            let tenant = pool.setting(try #require(TransactionSettings.of("test.word", "here")))
            for prepare in [false, true] {
                try await tenant.query("CREATE TEMP TABLE IF NOT EXISTS t (a int)")
                await #expect(throws: PostgresError.self) { try await tenant.query(sql, prepare: prepare) }
                #expect(try await tenant.query("SELECT 1 AS one").first?.get("one") == 1)
            }
        }
    }

    @Test func `a closed pool refuses work and those who wait`() async throws {
        try await withPool(size: 1) { pool, _ async throws in
            try await pool.withConnection { _ async throws in
                let waiting = Task { try await pool.query("SELECT 1") }
                while pool.usage.waiting == 0 { await Task.yield() }
                await pool.close()
                await #expect(throws: PostgresError.self) { try await waiting.value }
            }
            await pool.close()
            await #expect(throws: PostgresError.self) { try await pool.query("SELECT 1") }
            #expect(pool.usage.connections == 0)
        }
    }

    @Test func `a cancelled statement gives a usable connection back`() async throws {
        try await withPool(size: 1) { pool, _ async throws in
            let (started, start) = AsyncStream.makeStream(of: Void.self)
            let task = Task {
                try await pool.withTransaction { transaction throws in
                    try transaction.run("CREATE TABLE half (a int)")
                    start.finish()
                    try transaction.run("SELECT pg_sleep(20)")
                }
            }
            for await _ in started {}
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            #expect(try await pool.query("SELECT to_regclass('half') IS NULL AS gone").first?.get("gone") == true)
        }
    }
}

private final class Order: Sendable {
    private let list = Mutex<[Int]>([])
    var numbers: [Int] { list.withLock { $0 } }
    func append(_ number: Int) { list.withLock { $0.append(number) } }
}
