internal import Domain
internal import PostgresKit

extension PostgresAccessStore {
    func keys(of organization: Identifier<Organization>) async throws -> [APIKey] {
        try await storing("API keys") {
            try await pool.of(organization).query(
                """
                SELECT id, organization_id, name, prefix, role, scopes, created_at, expires_at, last_used_at
                FROM api_keys WHERE organization_id = $1 AND revoked_at IS NULL ORDER BY name
                """, [.id(organization)]
            ).map { row in
                APIKey(
                    id: try row.id("id"), organization: try row.id("organization_id"), name: try row.get("name"),
                    prefix: try row.get("prefix"), role: try row.word("role"),
                    scopes: try row.optional("scopes", as: [String].self).map(Set.init),
                    createdAt: try row.time("created_at"),
                    expiresAt: try row.optional("expires_at", as: PostgresTimestamp.self).map { WallTime($0) },
                    lastUsedAt: try row.optional("last_used_at", as: PostgresTimestamp.self).map { WallTime($0) })
            }
        }
    }

    func insert(_ key: APIKey, hash: [UInt8]) async throws {
        try await storing("API key \"\(key.name)\"") {
            try await pool.of(key.organization).withTransaction { try Self.insert(key, hash, $0) }
        }
    }

    func put(_ key: APIKey, hash: [UInt8]) async throws {
        defer { memory.forget() }
        try await storing("API key \"\(key.name)\"") {
            try await pool.of(key.organization).withTransaction { transaction in
                try transaction.run(
                    """
                    UPDATE api_keys SET revoked_at = clock_timestamp()
                    WHERE organization_id = $1 AND name = $2 AND revoked_at IS NULL AND hash <> $3
                    """, [.id(key.organization), .text(key.name), .bytes(hash)])
                let same = try transaction.run(
                    "SELECT FROM api_keys WHERE hash = $1 AND revoked_at IS NULL", [.bytes(hash)])
                if same.isEmpty { try Self.insert(key, hash, transaction) }
            }
        }
    }

    func revoke(_ id: Identifier<APIKey>, of organization: Identifier<Organization>) async throws {
        defer { memory.forget() }
        try await storing("API key \(id)") {
            let rows = try await pool.of(organization).query(
                """
                UPDATE api_keys SET revoked_at = clock_timestamp()
                WHERE id = $1 AND organization_id = $2 AND revoked_at IS NULL RETURNING 1
                """, [.id(id), .id(organization)])
            if rows.isEmpty { throw StoreError.notFound("there is no API key \(id)") }
        }
    }

    private static func insert(_ key: APIKey, _ hash: [UInt8], _ transaction: isolated Connection) throws {
        try transaction.run(
            """
            INSERT INTO api_keys (id, organization_id, name, prefix, hash, role, scopes, created_at, expires_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
            """,
            [
                .id(key.id), .id(key.organization), .text(key.name), .text(key.prefix), .bytes(hash),
                .text(key.role.rawValue), .optional(key.scopes) { .array($0.sorted()) }, .time(key.createdAt),
                .optional(key.expiresAt) { .time($0) },
            ])
    }
}
