import Domain
import PostgresKit
import Testing
import TestSupport

@testable import Store

@Suite(.enabled(if: TestDatabase.isAvailable, "needs an installed PostgreSQL server"))
struct MigratorTests {
    private let first = Migrator.Migration(name: "V0001_a", sql: "CREATE TABLE a (x int); INSERT INTO a VALUES (1);")
    private let second = Migrator.Migration(name: "V0002_b", sql: "ALTER TABLE a ADD y int;")

    private func withSettings(_ body: (ConnectionSettings) async throws -> Void) async throws {
        try await TestDatabase.with { database async throws in
            try await body(ConnectionSettings(database.connectionString))
        }
    }

    @Test func `migrating twice does nothing the second time`() async throws {
        try await withSettings { settings async throws in
            #expect(try await Migrator().check(settings) == ["V0001_initial", "V0002_camera_analysis"])
            #expect(try await Migrator().migrate(settings) == ["V0001_initial", "V0002_camera_analysis"])
            #expect(try await Migrator().migrate(settings).isEmpty)
            #expect(try await Migrator().check(settings).isEmpty)
        }
    }

    @Test func `several processes at once migrate once`() async throws {
        try await withSettings { settings async throws in
            let migrator = Migrator([first, second])
            let applied = try await withThrowingTaskGroup(of: [String].self) { group in
                for _ in 0..<6 { group.addTask { try await migrator.migrate(settings) } }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(applied == ["V0001_a", "V0002_b"])
        }
    }

    @Test func `only what is missing is applied`() async throws {
        try await withSettings { settings async throws in
            try await Migrator([first]).migrate(settings)
            #expect(try await Migrator([first, second]).check(settings) == ["V0002_b"])
            #expect(try await Migrator([first, second]).migrate(settings) == ["V0002_b"])
        }
    }

    @Test func `a database of a newer version is refused`() async throws {
        try await withSettings { settings async throws in
            try await Migrator([first, second]).migrate(settings)
            for attempt in [Migrator([first]).migrate, Migrator([first]).check] {
                let refusal = await #expect(throws: Migrator.Refusal.self) { _ = try await attempt(settings) }
                #expect(
                    refusal?.description
                        == "the database has migration V0002_b, which this version does not know; run a newer vedette, or another database"
                )
            }
        }
    }

    @Test func `a migration whose text changed after it was applied is refused`() async throws {
        try await withSettings { settings async throws in
            try await Migrator([first]).migrate(settings)
            let changed = Migrator([.init(name: first.name, sql: first.sql + " ")])
            await #expect(throws: Migrator.Refusal.self) { try await changed.migrate(settings) }
        }
    }

    @Test func `a migration that fails leaves nothing of itself`() async throws {
        try await withSettings { settings async throws in
            let broken = Migrator.Migration(name: "V0002_b", sql: "CREATE TABLE b (x int); SELECT no_such_function();")
            await #expect(throws: PostgresError.self) { try await Migrator([first, broken]).migrate(settings) }
            #expect(try await Migrator([first, second]).check(settings) == ["V0002_b"])
            let connection = try await Connection.open(settings)
            let row = try await connection.query("SELECT to_regclass('b') IS NULL AS gone").first
            #expect(try row?.get("gone") == true)
            await connection.close()
        }
    }

    @Test func `every table and column says what it holds, and every table carries its tenant`() async throws {
        try await TestStore.with { test async throws in
            let mute = try await test.pool.query(
                """
                SELECT c.relname || coalesce('.' || a.attname, '') AS name
                FROM pg_class c LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND c.relname <> 'schema_migrations'
                    AND (col_description(c.oid, a.attnum) IS NULL OR obj_description(c.oid, 'pg_class') IS NULL)
                """
            ).map { try $0.get("name", as: String.self) }
            #expect(mute.isEmpty)
            let homeless = try await test.pool.query(
                """
                SELECT relname FROM pg_class c
                WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
                    AND relname NOT IN ('schema_migrations', 'organizations')
                    AND NOT EXISTS (
                        SELECT FROM pg_attribute WHERE attrelid = c.oid AND attname = 'organization_id' AND attnotnull)
                """
            ).map { try $0.get("relname", as: String.self) }
            #expect(homeless.isEmpty)
        }
    }

    @Test func `the first organization and site have the ids that the code knows`() async throws {
        try await TestStore.with { test async throws in
            let sites = try await test.store.cameras.sites(of: Organization.first)
            #expect(sites.map(\.id) == [Site.first])
        }
    }
}
