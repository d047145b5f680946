internal import PostgresKit

/// The role that statements run as: no owner of tables, no superuser, so that row security binds it and it can change no
/// table's definition (I7). Where the user of the database URL may not make roles, it acts itself, under forced security.
enum ApplicationRole {
    static let name = "vedette_application"

    /// Makes the role where it is missing and may be made, and grants it the tables of the schema. Called by one process at
    /// a time for each database, after migrating.
    static func prepare(_ connection: Connection) async throws {
        guard let user = try await User.read(connection) else { return }
        if !user.roleExists, user.mayMakeRoles {
            do {
                try await connection.query("CREATE ROLE \(name) NOLOGIN")
            } catch let error as PostgresError where ["42710", "23505"].contains(error.sqlState) {
                // Another database of the same server was prepared at the same moment.
            }
        }
        if !user.isMember, user.mayMakeRoles {
            try await connection.query("GRANT \(name) TO CURRENT_USER")
        }
        guard try await User.read(connection)?.roleExists ?? false else { return }
        try await connection.query(grants)
    }

    /// The role to act as on this database, or nil for the user itself. Throws `Migrator.Refusal` where row security would
    /// bind neither.
    static func choose(_ settings: ConnectionSettings) async throws -> String? {
        let connection = try await Connection.open(settings)
        let user: User?
        do {
            user = try await User.read(connection)
            await connection.close()
        } catch {
            await connection.close()
            throw error
        }
        guard let user else { return nil }
        if user.roleExists, user.isMember, user.canUseTables { return name }
        guard user.ignoresSecurity else { return nil }
        throw Migrator.Refusal(
            description:
                "the database user \"\(user.name)\" is not bound by row-level security, which keeps organizations apart, and may not act as \(name); run CREATE ROLE \(name) NOLOGIN; GRANT \(name) TO \"\(user.name)\" as an administrator, or use a user without BYPASSRLS"
        )
    }

    private struct User {
        var name: String
        var ignoresSecurity: Bool
        var mayMakeRoles: Bool
        var roleExists: Bool
        var isMember: Bool
        var canUseTables: Bool

        static func read(_ connection: Connection) async throws -> User? {
            try await connection.query(
                """
                SELECT u.rolname, u.rolsuper OR u.rolbypassrls AS ignores, u.rolsuper OR u.rolcreaterole AS may,
                    a.oid IS NOT NULL AS there, coalesce(pg_has_role(u.oid, a.oid, 'MEMBER'), false) AS member,
                    coalesce(has_table_privilege(a.oid, to_regclass('organizations'), 'SELECT'), false) AS can_use
                FROM pg_roles u LEFT JOIN pg_roles a ON a.rolname = $1 WHERE u.rolname = current_user
                """, [.text(ApplicationRole.name)]
            ).first.map { row in
                User(
                    name: try row.get("rolname"), ignoresSecurity: try row.get("ignores"),
                    mayMakeRoles: try row.get("may"), roleExists: try row.get("there"),
                    isMember: try row.get("member"), canUseTables: try row.get("can_use"))
            }
        }
    }

    /// Of our own tables only; a partition is reached through its table, whose policies then count. No TRUNCATE, which knows no row security, and nothing on the list of migrations.
    private static let grants = """
        DO $$
        DECLARE
            item record;
        BEGIN
            IF pg_has_role(current_user, (SELECT nspowner FROM pg_namespace WHERE nspname = current_schema()), 'USAGE')
                OR has_schema_privilege(current_schema(), 'USAGE WITH GRANT OPTION') THEN
                EXECUTE format('GRANT USAGE ON SCHEMA %I TO \(name)', current_schema());
            END IF;
            FOR item IN SELECT c.oid::regclass AS name FROM pg_class c
                WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p')
                    AND c.relowner = (SELECT oid FROM pg_roles WHERE rolname = current_user)
                    AND c.relname <> 'schema_migrations' AND NOT c.relispartition
                    AND NOT has_table_privilege('\(name)', c.oid, 'DELETE')
            LOOP
                EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO \(name)', item.name);
            END LOOP;
            FOR item IN SELECT c.oid::regclass AS name FROM pg_class c
                WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'S'
                    AND c.relowner = (SELECT oid FROM pg_roles WHERE rolname = current_user)
            LOOP
                EXECUTE format('GRANT USAGE ON SEQUENCE %s TO \(name)', item.name);
            END LOOP;
        END
        $$
        """
}
