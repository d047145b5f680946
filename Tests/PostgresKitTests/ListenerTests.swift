import Logging
import Testing
import TestSupport

@testable import PostgresKit

@Suite(.enabled(if: TestDatabase.isAvailable, "needs an installed PostgreSQL server"))
struct ListenerTests {
    private func withListener(_ body: (Listener, Pool, TestDatabase) async throws -> Void) async throws {
        try await TestDatabase.with { database async throws in
            let settings = ConnectionSettings(database.connectionString)
            let listener = Listener(settings, channels: ["one", "two"], logger: Logger(label: "test"))
            let pool = Pool(settings, size: 2)
            do {
                try await body(listener, pool, database)
                await listener.close()
                await pool.close()
            } catch {
                await listener.close()
                await pool.close()
                throw error
            }
        }
    }

    @Test func `every subscriber hears every notification after a resync`() async throws {
        try await withListener { listener, pool, _ async throws in
            var first = await listener.subscribe().makeAsyncIterator()
            var second = await listener.subscribe().makeAsyncIterator()
            try await pool.query("SELECT pg_notify('one', 'a'), pg_notify('two', ''), pg_notify('three', 'not ours')")
            try await pool.query("SELECT pg_notify('one', 'b')")
            let expected: [Listener.Item] = [
                .resync, .notification(channel: "one", payload: "a"), .notification(channel: "two", payload: ""),
                .notification(channel: "one", payload: "b"),
            ]
            for item in expected {
                #expect(await first.next() == item)
                #expect(await second.next() == item)
            }
        }
    }

    @Test func `a lost connection comes back and says that something may have been missed`() async throws {
        try await withListener { listener, pool, database async throws in
            var items = await listener.subscribe().makeAsyncIterator()
            #expect(await items.next() == .resync)
            try await database.killSessions()
            #expect(await items.next() == .resync)
            try await pool.query("SELECT pg_notify('one', 'again')")
            #expect(await items.next() == .notification(channel: "one", payload: "again"))
        }
    }

    @Test func `a subscriber that does not read loses the oldest and is told`() async throws {
        try await withListener { listener, pool, _ async throws in
            var slow = await listener.subscribe(buffering: 4).makeAsyncIterator()
            var quick = await listener.subscribe(buffering: 1000).makeAsyncIterator()
            try await pool.query("SELECT pg_notify('one', n::text) FROM generate_series(1, 100) n")
            var last: Listener.Item?
            repeat { last = await quick.next() } while last != .notification(channel: "one", payload: "100")
            var heard: [Listener.Item] = []
            for _ in 0..<4 { if let item = await slow.next() { heard.append(item) } }
            #expect(heard.last == .resync)
            #expect(!heard.contains(.notification(channel: "one", payload: "1")))
        }
    }

    @Test func `closing ends the streams`() async throws {
        try await withListener { listener, _, _ async throws in
            var items = await listener.subscribe().makeAsyncIterator()
            #expect(await items.next() == .resync)
            await listener.close()
            #expect(await items.next() == nil)
            var late = await listener.subscribe().makeAsyncIterator()
            #expect(await late.next() == nil)
        }
    }
}
