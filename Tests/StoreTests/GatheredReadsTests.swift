import Domain
import PostgresKit
import Testing
import TestSupport

@testable import Store

/// Many askers, few statements, and nobody gets another's answer.
@Suite(.enabled(if: TestDatabase.isAvailable, "needs an installed PostgreSQL server"), .timeLimit(.minutes(20)))
struct GatheredReadsTests {
    private static func reads(_ pool: Pool, _ statements: StatementCount) -> GatheredReads<String, Int> {
        GatheredReads { scope, keys in
            await statements.add()
            let rows = try await pool.query(
                """
                SELECT key, $2 || key AS value, pg_sleep(0.05) FROM unnest($1::int[]) key
                WHERE key % 3 <> 0 AND 1 / (key - 1000) IS NOT NULL
                """, [.array(keys.map { "\($0)" }), .text(scope)])
            return Dictionary(uniqueKeysWithValues: try rows.map { (try $0.get("key"), $0) })
        }
    }

    @Test func `each asker gets its own row, of its own scope, with far fewer statements`() async throws {
        try await TestStore.with { test async throws in
            let statements = StatementCount()
            let reads = Self.reads(test.pool, statements)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 1...300 {
                    group.addTask {
                        let scope = number % 2 == 0 ? "even " : "odd "
                        let value: String? = try await reads.row(number % 50, in: scope)?.get("value")
                        #expect(value == (number % 50 % 3 == 0 ? nil : "\(scope)\(number % 50)"))
                    }
                }
                try await group.waitForAll()
            }
            #expect(await statements.count <= 20)
            // Nobody waits: a statement of its own, at once.
            let before = await statements.count
            #expect(try await reads.row(1, in: "alone ")?.get("value") == "alone 1")
            #expect(await statements.count == before + 1)
        }
    }

    @Test func `a statement that fails is told to all who waited for it, and the next one is sent`() async throws {
        try await TestStore.with { test async throws in
            let reads = Self.reads(test.pool, StatementCount())
            await withTaskGroup(of: Void.self) { group in
                for number in 0..<20 {
                    // 1000 divides by zero.
                    group.addTask { _ = try? await reads.row(number == 10 ? 1000 : 1, in: "") }
                }
                await group.waitForAll()
            }
            await #expect(throws: PostgresError.self) { _ = try await reads.row(1000, in: "") }
            #expect(try await reads.row(2, in: "")?.get("value") == "2")
        }
    }

    @Test func `a scope whose statement takes long keeps no other waiting`() async throws {
        try await TestStore.with { test async throws in
            let (begun, gate) = (AsyncStream.makeStream(of: Void.self), AsyncStream.makeStream(of: Void.self))
            let reads = GatheredReads<String, Int> { scope, keys in
                if scope == "slow" {
                    begun.continuation.yield()
                    for await _ in gate.stream { break }
                }
                let rows = try await test.pool.query(
                    "SELECT key FROM unnest($1::int[]) key", [.array(keys.map { "\($0)" })])
                return Dictionary(uniqueKeysWithValues: try rows.map { (try $0.get("key"), $0) })
            }
            async let slow = reads.row(1, in: "slow")
            for await _ in begun.stream { break }
            for number in 0..<5 { #expect(try await reads.row(number, in: "other") != nil) }
            gate.continuation.finish()
            #expect(try await slow != nil)
        }
    }

    @Test func `a row is read after it was asked for`() async throws {
        try await TestStore.with { test async throws in
            let camera = try await test.makeCamera()
            let event = TestStore.record(camera)
            try await test.store.events.handOver(event)
            try await withThrowingTaskGroup(of: Void.self) { group in
                // Others ask all the while.
                for _ in 0..<8 {
                    group.addTask {
                        while !Task.isCancelled {
                            _ = try await test.store.events.event(event.id, of: event.organization)
                        }
                    }
                }
                for number in 0..<50 {
                    try await test.store.events.annotate(
                        event.id, of: event.organization, reviewed: nil, starred: nil, note: "\(number)",
                        ifChangedAt: nil)
                    let seen = try await test.store.events.event(event.id, of: event.organization).note
                    #expect(seen == "\(number)")
                }
                group.cancelAll()
            }
        }
    }
}

private actor StatementCount {
    private(set) var count = 0
    func add() { count += 1 }
}
