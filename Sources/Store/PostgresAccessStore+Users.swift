internal import Domain
internal import FoundationEssentials
internal import PostgresKit

/// Reads a user from a row.
enum UserRow {
    static let columns = """
        u.id, u.organization_id, u.name, u.role, u.is_restricted, u.is_disabled, u.created_at, u.revision, u.issuer,
            u.subject
        """
    static let grants = """
        (SELECT array_agg(site_id) FROM user_grants g WHERE g.user_id = u.id AND site_id IS NOT NULL) AS sites,
            (SELECT array_agg(camera_id) FROM user_grants g WHERE g.user_id = u.id AND camera_id IS NOT NULL) AS cameras
        """

    static func user(_ row: Row) throws -> User {
        let sites = try row.optional("sites", as: [String].self) ?? []
        let cameras = try row.optional("cameras", as: [String].self) ?? []
        var identity: OutsideIdentity?
        if let issuer = try row.optional("issuer", as: String.self),
            let subject = try row.optional("subject", as: String.self)
        {
            identity = OutsideIdentity(issuer: issuer, subject: subject)
        }
        return User(
            id: try row.id("id"), organization: try row.id("organization_id"), name: try row.get("name"),
            role: try row.word("role"),
            grants: try row.get("is_restricted")
                ? CameraGrants(
                    sites: Set(sites.compactMap { Identifier($0) }), cameras: Set(cameras.compactMap { Identifier($0) })
                )
                : nil, isDisabled: try row.get("is_disabled"), createdAt: try row.time("created_at"),
            identity: identity, revision: try row.get("revision"))
    }
}

extension PostgresAccessStore {
    func users(of organization: Identifier<Organization>) async throws -> [User] {
        try await storing("users") {
            try await pool.of(organization).query(
                "SELECT \(UserRow.columns), \(UserRow.grants) FROM users u WHERE organization_id = $1 ORDER BY name",
                [.id(organization)]
            ).map(UserRow.user)
        }
    }

    func user(_ id: Identifier<User>, of organization: Identifier<Organization>) async throws -> User {
        try await storing("user \(id)") {
            let rows = try await pool.of(organization).query(
                "SELECT \(UserRow.columns), \(UserRow.grants) FROM users u WHERE id = $1 AND organization_id = $2",
                [.id(id), .id(organization)])
            guard let row = rows.first else { throw StoreError.notFound("there is no user \(id)") }
            return try UserRow.user(row)
        }
    }

    func insert(_ user: User, passwordHash: String) async throws {
        try await storing("user \"\(user.name)\"") {
            try await pool.of(user.organization).withTransaction { transaction in
                try transaction.run(
                    """
                    INSERT INTO users (id, organization_id, name, password_hash, role, is_restricted, is_disabled, created_at,
                        issuer, subject)
                    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
                    """,
                    [
                        .id(user.id), .id(user.organization), .text(user.name), .text(passwordHash),
                        .text(user.role.rawValue), .bool(user.grants != nil), .bool(user.isDisabled),
                        .time(user.createdAt), .optional(user.identity) { .text($0.issuer) },
                        .optional(user.identity) { .text($0.subject) },
                    ])
                try Self.put(user.grants, of: user, transaction)
            }
        }
    }

    func update(_ user: User, passwordHash: String?) async throws -> Int64 {
        defer { memory.forget() }
        return try await storing("user \"\(user.name)\"") {
            try await pool.of(user.organization).withTransaction { transaction in
                try Self.lock(user.organization, transaction)
                let old = try transaction.run(
                    "SELECT role, is_disabled, revision FROM users WHERE id = $1 AND organization_id = $2 FOR UPDATE",
                    [.id(user.id), .id(user.organization)])
                guard let row = old.first else { throw StoreError.notFound("there is no user \(user.id)") }
                guard try row.get("revision", as: Int64.self) == user.revision else {
                    throw StoreError.conflict("user \"\(user.name)\" was changed by someone else; read it again")
                }
                let role: Role = try row.word("role")
                let changed = try transaction.run(
                    """
                    UPDATE users SET name = $3, password_hash = coalesce($4, password_hash), role = $5, is_restricted = $6,
                        is_disabled = $7, issuer = $8, subject = $9, revision = revision + 1, updated_at = now()
                    WHERE id = $1 AND organization_id = $2 RETURNING revision
                    """,
                    [
                        .id(user.id), .id(user.organization), .text(user.name),
                        .optional(passwordHash) { .text($0) }, .text(user.role.rawValue), .bool(user.grants != nil),
                        .bool(user.isDisabled), .optional(user.identity) { .text($0.issuer) },
                        .optional(user.identity) { .text($0.subject) },
                    ])
                try transaction.run("DELETE FROM user_grants WHERE user_id = $1", [.id(user.id)])
                try Self.put(user.grants, of: user, transaction)
                if passwordHash != nil || user.role < role || user.isDisabled {
                    try transaction.run(
                        "UPDATE sessions SET ended_at = clock_timestamp() WHERE user_id = $1 AND ended_at IS NULL",
                        [.id(user.id)])
                }
                try Self.needAdministrator(user.organization, transaction)
                guard let revision = try changed.first?.get("revision", as: Int64.self) else {
                    throw StoreError.notFound("there is no user \(user.id)")
                }
                return revision
            }
        }
    }

    func delete(
        _ id: Identifier<User>, of organization: Identifier<Organization>, ifRevision revision: Int64?
    ) async throws {
        defer { memory.forget() }
        try await storing("user \(id)") {
            try await pool.of(organization).withTransaction { transaction in
                try Self.lock(organization, transaction)
                let gone = try transaction.run(
                    "DELETE FROM users WHERE id = $1 AND organization_id = $2 RETURNING revision",
                    [.id(id), .id(organization)])
                guard let row = gone.first else { throw StoreError.notFound("there is no user \(id)") }
                if let revision, try row.get("revision", as: Int64.self) != revision {
                    throw StoreError.conflict("the user was changed by someone else; read it again")
                }
                try Self.needAdministrator(organization, transaction)
            }
        }
    }

    private static func put(_ grants: CameraGrants?, of user: User, _ transaction: isolated Connection) throws {
        guard let grants else { return }
        try transaction.run(
            """
            INSERT INTO user_grants (organization_id, user_id, site_id, camera_id)
            SELECT $1::uuid, $2::uuid, id, NULL::uuid FROM unnest($3::uuid[]) id
            UNION ALL SELECT $1::uuid, $2::uuid, NULL::uuid, id FROM unnest($4::uuid[]) id
            """, [.id(user.organization), .id(user.id), .ids(Array(grants.sites)), .ids(Array(grants.cameras))])
    }

    /// Makes those who change the people of one organization come one after the other.
    private static func lock(_ organization: Identifier<Organization>, _ transaction: isolated Connection) throws {
        try transaction.run("SELECT FROM organizations WHERE id = $1 FOR NO KEY UPDATE", [.id(organization)])
    }

    private static func needAdministrator(
        _ organization: Identifier<Organization>, _ transaction: isolated Connection
    ) throws {
        let left = try transaction.run(
            """
            SELECT FROM users WHERE organization_id = $1 AND role = 'administrator' AND NOT is_disabled LIMIT 1
            """, [.id(organization)])
        if left.isEmpty {
            throw StoreError.duplicate("the last administrator stays one; make another user administrator first")
        }
    }
}
