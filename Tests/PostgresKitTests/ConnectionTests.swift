import FoundationEssentials
import Synchronization
import Testing
import TestSupport

@testable import PostgresKit

@Suite(.enabled(if: TestDatabase.isAvailable, "needs an installed PostgreSQL server"))
struct ConnectionTests {
    private func withConnection(
        _ body: (Connection, TestDatabase) async throws -> Void
    ) async throws {
        try await TestDatabase.with { database async throws in
            let connection = try await Connection.open(ConnectionSettings(database.connectionString))
            try await body(connection, database)
            await connection.close()
        }
    }

    @Test func `values of every kind come back as they were sent`() async throws {
        try await withConnection { connection, _ async throws in
            let uuid = UUID()
            let time = PostgresTimestamp(microsecondsSinceEpoch: 1_777_629_605_120_001)
            let texts = ["plain", "with \"quotes\", commas", "back\\slash", "", "NULL", "{braces}", "ümläut 🐎"]
            let rows = try await connection.query(
                """
                SELECT $1::text AS text, $2::bigint AS int, $3::double precision AS double, $4::boolean AS bool,
                       $5::uuid AS uuid, $6::jsonb AS json, $7::bytea AS bytes, $8::timestamptz AS time,
                       $9::text[] AS texts, $10::text AS nothing, $11::uuid[] AS uuids, $12::text[] AS empty
                """,
                [
                    .text("it's 🐎"), .int(Int64.min), .double(0.1), true, .uuid(uuid), .json("{\"a\": [1, null]}"),
                    .bytes([0, 1, 254, 255]), .timestamp(time), .array(texts), .null, .uuids([uuid, uuid]), .array([]),
                ])
            let row = try #require(rows.first)
            #expect(try row.get("text") == "it's 🐎")
            #expect(try row.get("int") == Int64.min)
            #expect(try row.get("double") == 0.1)
            #expect(try row.get("bool") == true)
            #expect(try row.get("uuid") == uuid)
            #expect(try row.get("json", as: String.self) == "{\"a\": [1, null]}")
            #expect(try row.get("bytes") == [UInt8]([0, 1, 254, 255]))
            #expect(try row.get("time") == time)
            #expect(try row.get("texts") == texts)
            #expect(try row.optional("nothing", as: String.self) == nil)
            #expect(try row.get("uuids") == [uuid, uuid])
            #expect(try row.get("empty", as: [String].self) == [])
        }
    }

    @Test func `an error of a row names the column`() async throws {
        try await withConnection { connection, _ async throws in
            let row = try #require(try await connection.query("SELECT 'x' AS word, NULL AS hole").first)
            #expect(throws: PostgresError(.data, "column \"word\" of row 0 does not hold a whole number")) {
                try row.get("word", as: Int.self)
            }
            #expect(throws: PostgresError(.data, "column \"hole\" of row 0 is null where text is expected")) {
                try row.get("hole", as: String.self)
            }
            #expect(throws: PostgresError(.data, "the statement returned no column \"other\"")) {
                try row.get("other", as: String.self)
            }
        }
    }

    @Test func `a violated constraint is named, and the row's values stay out of the description`() async throws {
        try await withConnection { connection, _ async throws in
            try await connection.query("CREATE TABLE t (url text CONSTRAINT short CHECK (length(url) < 5))")
            let error = try await #require(throws: PostgresError.self) {
                try await connection.query("INSERT INTO t VALUES ($1)", [.text("rtsp://user:secret@host")])
            }
            #expect(error.isCheckViolation)
            #expect(error.constraint == "short")
            #expect(error.kind == .server)
            #expect(!"\(error)".contains("secret"))
        }
    }

    @Test(.timeLimit(.minutes(10)))
    func `a statement whose task is cancelled ends at once and the connection goes on`() async throws {
        try await withConnection { connection, database async throws in
            let task = Task { try await connection.query("SELECT pg_sleep(600)") }
            // Until the server is at it, seen from a connection beside it.
            let watcher = try await Connection.open(ConnectionSettings(database.connectionString))
            while try await watcher.query(
                "SELECT FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'SELECT pg_sleep(600)%'"
            ).isEmpty {}
            await watcher.close()
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            #expect(try await connection.query("SELECT 1 AS one").first?.get("one") == 1)
        }
    }

    @Test func `a late cancellation does not hit the next statement`() async throws {
        try await withConnection { connection, _ async throws in
            for _ in 0..<50 {
                let task = Task { try? await connection.query("SELECT 1") }
                task.cancel()
                try await connection.query("SELECT pg_sleep(0.001)")
                _ = await task.value
            }
        }
    }

    @Test func `a transaction that throws leaves nothing behind`() async throws {
        try await withConnection { connection, _ async throws in
            try await connection.query("CREATE TABLE t (a int)")
            struct Stop: Error {}
            await #expect(throws: Stop.self) {
                try await connection.withTransaction { transaction throws in
                    try transaction.run("INSERT INTO t VALUES (1)")
                    throw Stop()
                }
            }
            #expect(try await connection.query("SELECT count(*) AS n FROM t").first?.get("n") == 0)
            let kept = try await connection.withTransaction { transaction in
                try transaction.run("INSERT INTO t VALUES (1), (2)").affected
            }
            #expect(kept == 2)
            #expect(try await connection.query("SELECT count(*) AS n FROM t").first?.get("n") == 2)
        }
    }

    @Test func `a transaction that could not be serialized is repeated`() async throws {
        try await withConnection { connection, _ async throws in
            let runs = Mutex(0)
            let result = try await connection.withTransaction { transaction in
                let run = runs.withLock {
                    $0 += 1; return $0
                }
                if run < 3 {
                    try transaction.run("DO $$ BEGIN RAISE EXCEPTION 'again' USING ERRCODE = '40001'; END $$")
                }
                return run
            }
            #expect(result == 3)
        }
    }

    @Test func `connections that wait in the server do not hold up others`() async throws {
        try await TestDatabase.with { database async throws in
            let settings = ConnectionSettings(database.connectionString)
            let holder = try await Connection.open(settings)
            try await holder.query("SELECT pg_advisory_lock(1)")
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<7 {
                    group.addTask {
                        let connection = try await Connection.open(settings)
                        try await connection.query("SELECT pg_advisory_lock_shared(1)")
                        await connection.close()
                    }
                }
                // All seven block now; if they held shared threads, this one could never let them go.
                let waiting = """
                    SELECT count(*)::int AS n FROM pg_locks
                    WHERE locktype = 'advisory' AND NOT granted
                        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
                    """
                while try await holder.query(waiting).first?.get("n", as: Int.self) != 7 { await Task.yield() }
                try await holder.query("SELECT pg_advisory_unlock(1)")
                try await group.waitForAll()
            }
            await holder.close()
        }
    }

    @Test func `a NUL in a text is refused before it is cut off silently`() async throws {
        try await withConnection { connection, _ async throws in
            await #expect(
                throws: PostgresError(.data, "parameter $1 holds a NUL character, which PostgreSQL cannot store")
            ) {
                try await connection.query("SELECT $1::text", [.text("a\0b")])
            }
        }
    }

    @Test(arguments: [
        "postgresql://user:hunter2@127.0.0.1:1/nowhere", "host=127.0.0.1 port=1 password=hunter2 dbname=x user=hunter",
        "postgresql://user:hunter2@[::1", "postgresql://user:hunter2@host:port:5/x",
    ])
    func `a password never shows`(connectionString: String) async throws {
        let settings = ConnectionSettings(connectionString)
        let error = try await #require(throws: PostgresError.self) { try await Connection.open(settings) }
        for text in ["\(error)", String(reflecting: error), "\(settings)", String(reflecting: settings)] {
            #expect(!text.contains("hunter2"), "\(text)")
        }
    }

    @Test func `a prepared statement gives the same answers`() async throws {
        try await withConnection { connection, _ async throws in
            for number in 0..<5 {
                let row = try await connection.query("SELECT $1::int * 2 AS twice", [.int(number)], prepare: true).first
                #expect(try row?.get("twice") == number * 2)
            }
        }
    }
}
