package import PostgresKit

/// Brings a database to the schema of this version.
///
/// Each migration runs in a transaction of its own, under an advisory lock that keeps other processes out. What was applied
/// must be a prefix of what we have, text by text; anything else is refused.
package struct Migrator: Sendable {
    package struct Migration: Sendable {
        package var name: String
        package var sql: String

        package init(name: String, sql: String) {
            self.name = name
            self.sql = sql
        }
    }

    /// A database that this version cannot work with; says what to do.
    package struct Refusal: Error, Sendable, Hashable, CustomStringConvertible {
        package var description: String
    }

    private let migrations: [Migration]

    /// In the order in which they apply.
    package init(_ migrations: [Migration] = Migrator.embedded) { self.migrations = migrations }

    /// The migrations of this version. A new file needs its line here.
    package static let embedded: [Migration] = [
        Migration(name: "V0001_initial", sql: String(decoding: PackageResources.V0001_initial_sql, as: UTF8.self)),
        Migration(
            name: "V0002_row_security", sql: String(decoding: PackageResources.V0002_row_security_sql, as: UTF8.self)),
        Migration(name: "V0003_queue", sql: String(decoding: PackageResources.V0003_queue_sql, as: UTF8.self)),
        Migration(name: "V0004_people", sql: String(decoding: PackageResources.V0004_people_sql, as: UTF8.self)),
        Migration(
            name: "V0005_camera_analysis",
            sql: String(decoding: PackageResources.V0005_camera_analysis_sql, as: UTF8.self)),
        Migration(name: "V0006_zones", sql: String(decoding: PackageResources.V0006_zones_sql, as: UTF8.self)),
        Migration(name: "V0007_feedback", sql: String(decoding: PackageResources.V0007_feedback_sql, as: UTF8.self)),
        Migration(
            name: "V0008_substreams", sql: String(decoding: PackageResources.V0008_substreams_sql, as: UTF8.self)),
        Migration(name: "V0009_triggers", sql: String(decoding: PackageResources.V0009_triggers_sql, as: UTF8.self)),
        Migration(name: "V0010_recording", sql: String(decoding: PackageResources.V0010_recording_sql, as: UTF8.self)),
        Migration(name: "V0011_jobs", sql: String(decoding: PackageResources.V0011_jobs_sql, as: UTF8.self)),
        Migration(name: "V0012_judging", sql: String(decoding: PackageResources.V0012_judging_sql, as: UTF8.self)),
        Migration(name: "V0013_activity", sql: String(decoding: PackageResources.V0013_activity_sql, as: UTF8.self)),
        Migration(
            name: "V0014_analyzer_connections",
            sql: String(decoding: PackageResources.V0014_analyzer_connections_sql, as: UTF8.self)),
        Migration(name: "V0015_exports", sql: String(decoding: PackageResources.V0015_exports_sql, as: UTF8.self)),
        Migration(name: "V0016_sources", sql: String(decoding: PackageResources.V0016_sources_sql, as: UTF8.self)),
        Migration(
            name: "V0017_identities", sql: String(decoding: PackageResources.V0017_identities_sql, as: UTF8.self)),
        Migration(
            name: "V0018_event_filters",
            sql: String(decoding: PackageResources.V0018_event_filters_sql, as: UTF8.self)),
        Migration(
            name: "V0019_lost_requests",
            sql: String(decoding: PackageResources.V0019_lost_requests_sql, as: UTF8.self)),
        Migration(
            name: "V0020_event_labels", sql: String(decoding: PackageResources.V0020_event_labels_sql, as: UTF8.self)),
        Migration(
            name: "V0021_access_changes",
            sql: String(decoding: PackageResources.V0021_access_changes_sql, as: UTF8.self)),
        Migration(
            name: "V0022_events_whole",
            sql: String(decoding: PackageResources.V0022_events_whole_sql, as: UTF8.self)),
    ]

    /// Applies what is missing and returns its names, in order. Throws `Refusal`, or `PostgresError` where a migration fails
    /// (nothing of that one is left).
    @discardableResult
    package func migrate(_ settings: ConnectionSettings) async throws -> [String] {
        var settings = settings
        // A migration may take its time.
        settings.statementTimeoutSeconds = 0
        let connection = try await Connection.open(settings)
        do {
            // "vedette" in ASCII.
            try await connection.query("SELECT pg_advisory_lock(x'76656465747465'::bigint)")
            // Asked for first, because a user that may make no table may still use those that are there.
            if try await !hasSchema(connection) {
                try await connection.query(
                    """
                    CREATE TABLE schema_migrations (
                        position int PRIMARY KEY,
                        name text NOT NULL UNIQUE,
                        checksum text NOT NULL,
                        applied_at timestamptz NOT NULL DEFAULT now()
                    )
                    """)
            }
            let pending = try await pending(connection)
            for (position, migration) in pending {
                try await connection.withTransaction(attempts: 1) { transaction in
                    // Row security would hide from a later migration the rows that it is to change.
                    try transaction.run("SELECT set_config('vedette.duty', 'migration', true)")
                    try transaction.runScript(migration.sql)
                    try transaction.run(
                        "INSERT INTO schema_migrations (position, name, checksum) VALUES ($1, $2, encode(sha256($3), 'hex'))",
                        [.int(position), .text(migration.name), .bytes(Array(migration.sql.utf8))])
                }
            }
            try await ApplicationRole.prepare(connection)
            await connection.close()
            return pending.map(\.migration.name)
        } catch {
            // Closing gives the lock back.
            await connection.close()
            throw error
        }
    }

    /// The names of what `migrate` would apply; changes nothing. Throws as `migrate` does.
    package func check(_ settings: ConnectionSettings) async throws -> [String] {
        let connection = try await Connection.open(settings)
        do {
            let names =
                try await hasSchema(connection)
                ? try await pending(connection).map(\.migration.name) : migrations.map(\.name)
            await connection.close()
            return names
        } catch {
            await connection.close()
            throw error
        }
    }

    private func hasSchema(_ connection: Connection) async throws -> Bool {
        try await connection.query("SELECT to_regclass('schema_migrations') IS NOT NULL AS is_there").first?
            .get("is_there") ?? false
    }

    private func pending(_ connection: Connection) async throws -> [(position: Int, migration: Migration)] {
        let rows = try await connection.query(
            """
            SELECT a.name, a.checksum, encode(sha256(ours.sql), 'hex') AS our_checksum
            FROM schema_migrations a
            LEFT JOIN unnest($1::bytea[]) WITH ORDINALITY ours (sql, position) ON ours.position = a.position
            ORDER BY a.position
            """,
            [.array(migrations.map { PostgresValue.hexadecimal(Array($0.sql.utf8)) })])
        for (index, row) in rows.enumerated() {
            let name: String = try row.get("name")
            guard index < migrations.count, migrations[index].name == name else {
                throw Refusal(
                    description:
                        "the database has migration \(name), which this version does not know; run a newer vedette, or another database"
                )
            }
            guard try row.get("checksum", as: String.self) == row.optional("our_checksum", as: String.self) else {
                throw Refusal(
                    description:
                        "migration \(name) was applied to the database with another text than this version's; run the version that made it"
                )
            }
        }
        return Array(migrations.enumerated().dropFirst(rows.count)).map { ($0.offset + 1, $0.element) }
    }
}
