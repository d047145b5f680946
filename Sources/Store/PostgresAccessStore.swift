internal import Domain
internal import PostgresKit

/// People, keys and sessions in PostgreSQL.
struct PostgresAccessStore: AccessStore {
    let pool: Pool
    private let keys: GatheredReads<Duty, String>
    private let sessions: GatheredReads<Duty, String>
    let memory: PrincipalMemory

    init(pool: Pool, memory: PrincipalMemory) {
        self.pool = pool
        self.memory = memory
        keys = Self.reads(pool, Self.ofKeys)
        sessions = Self.reads(pool, Self.ofSessions)
    }

    // MARK: Who is it?

    /// `u` user, `k` key; of a session or not. In both cases the one that is not there is null.
    private static let principal = """
        u.id AS user_id, k.id AS key_id, coalesce(u.organization_id, k.organization_id) AS organization_id,
            coalesce(u.name, k.name) AS name, coalesce(u.role, k.role) AS role,
            coalesce(u.is_restricted, false) AS is_restricted, k.scopes
        """
    private static let mayComeIn = """
        coalesce(NOT u.is_disabled, k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > $2))
        """

    func credentials(ofUserNamed name: String) async throws -> Credentials? {
        try await storing("users") {
            let rows = try await pool.on(.signIn).query(
                "SELECT \(UserRow.columns), password_hash, NULL AS sites, NULL AS cameras FROM users u WHERE name = $1",
                [.text(name.storable(limit: 1000))])
            return try rows.first.map {
                Credentials(user: try UserRow.user($0), passwordHash: try $0.get("password_hash"))
            }
        }
    }

    func user(of identity: OutsideIdentity) async throws -> User? {
        try await storing("users") {
            try await pool.on(.signIn).query(
                """
                SELECT \(UserRow.columns), NULL AS sites, NULL AS cameras FROM users u WHERE issuer = $1 AND subject = $2
                """, [.text(identity.issuer.storable(limit: 1000)), .text(identity.subject.storable(limit: 1000))]
            ).first.map(UserRow.user)
        }
    }

    func principal(keyHash: [UInt8], at now: WallTime) async throws -> Principal? {
        try await storing("API keys") {
            let text = PostgresValue.hexadecimal(keyHash)
            return try await principal(of: text, at: now) {
                guard let row = try await keys.row(text, in: .signIn) else { return nil }
                let known = try Self.known(row)
                // Written at most once a minute, so that reading costs no write.
                let usedAt = try row.optional("last_used_at", as: PostgresTimestamp.self).map { WallTime($0) }
                if Self.isGood(known, at: now), usedAt.map({ now.seconds(since: $0) > 60 }) ?? true {
                    try await pool.on(.signIn).query(
                        """
                        UPDATE api_keys SET last_used_at = $2
                        WHERE hash = $1 AND coalesce(last_used_at < $2::timestamptz - interval '1 minute', true)
                        """, [.bytes(keyHash), .time(now)], prepare: true)
                }
                return known
            }
        }
    }

    func principal(accessHash: [UInt8], at now: WallTime) async throws -> Principal? {
        try await storing("sessions") {
            let text = PostgresValue.hexadecimal(accessHash)
            return try await principal(of: text, at: now) { try await sessions.row(text, in: .signIn).map(Self.known) }
        }
    }

    private func principal(
        of hash: String, at now: WallTime, read: () async throws -> PrincipalMemory.Known?
    ) async throws -> Principal? {
        guard let known = try await memory.known(hash, read: read), Self.isGood(known, at: now) else { return nil }
        return known.principal
    }

    private static func known(_ row: Row) throws -> PrincipalMemory.Known {
        PrincipalMemory.Known(
            principal: try principal(row),
            endsAt: try row.optional("ends_at", as: PostgresTimestamp.self).map { WallTime($0) })
    }

    private static func isGood(_ known: PrincipalMemory.Known, at now: WallTime) -> Bool {
        known.endsAt.map { $0 > now } ?? true
    }

    /// Keys that were not revoked, of these hashes (`$1`).
    private static let ofKeys = """
        SELECT found.* FROM unnest($1::bytea[]) given (hash) CROSS JOIN LATERAL (
            SELECT '\\x' || encode(given.hash, 'hex') AS hash, \(principal), NULL AS session_id, k.expires_at AS ends_at, k.last_used_at
            FROM api_keys k LEFT JOIN users u ON false WHERE k.hash = given.hash AND k.revoked_at IS NULL LIMIT 1
        ) found
        """
    /// Sessions that were not ended, of the access tokens of these hashes (`$1`).
    private static let ofSessions = """
        SELECT found.* FROM unnest($1::bytea[]) given (hash) CROSS JOIN LATERAL (
            SELECT '\\x' || encode(given.hash, 'hex') AS hash, \(principal), s.id AS session_id, least(t.expires_at, k.expires_at) AS ends_at
            FROM session_tokens t JOIN sessions s ON s.id = t.session_id
            LEFT JOIN users u ON u.id = s.user_id LEFT JOIN api_keys k ON k.id = s.api_key_id
            WHERE t.hash = given.hash AND t.kind = 'access' AND s.ended_at IS NULL
                AND coalesce(NOT u.is_disabled, k.revoked_at IS NULL) LIMIT 1
        ) found
        """

    private static func reads(_ pool: Pool, _ statement: String) -> GatheredReads<Duty, String> {
        GatheredReads { duty, hashes in
            let rows = try await pool.on(duty).query(statement, [.array(Array(hashes))], prepare: true)
            return Dictionary(try rows.map { (try $0.get("hash"), $0) }) { first, _ in first }
        }
    }

    func rotate(refreshHash: [UInt8], to tokens: SessionTokens, at now: WallTime) async throws -> Rotation {
        defer { memory.forget() }
        return try await storing("sessions") {
            try await pool.on(.signIn).withTransaction { transaction in
                // The lock on the session makes two uses at the same moment come one after the other.
                let found = try transaction.run(
                    """
                    SELECT \(Self.principal), s.id AS session_id, t.used_at IS NOT NULL AS is_used
                    FROM session_tokens t JOIN sessions s ON s.id = t.session_id
                    LEFT JOIN users u ON u.id = s.user_id LEFT JOIN api_keys k ON k.id = s.api_key_id
                    WHERE t.hash = $1 AND t.kind = 'refresh' AND t.expires_at > $2 AND s.ended_at IS NULL
                        AND \(Self.mayComeIn)
                    FOR UPDATE OF s, t
                    """, [.bytes(refreshHash), .time(now)])
                guard let row = found.first else { return Rotation.unknown }
                let principal = try Self.principal(row)
                guard let session = principal.session else { return .unknown }
                if try row.get("is_used") {
                    try transaction.run("UPDATE sessions SET ended_at = $2 WHERE id = $1", [.id(session), .time(now)])
                    return .reused(principal)
                }
                try transaction.run(
                    "UPDATE session_tokens SET used_at = $2 WHERE hash = $1", [.bytes(refreshHash), .time(now)])
                try transaction.run(
                    "DELETE FROM session_tokens WHERE session_id = $1 AND kind = 'access'", [.id(session)])
                try Self.insert(tokens, session, principal.organization, transaction)
                return .rotated(principal)
            }
        }
    }

    // MARK: Sessions

    func openSession(for principal: Principal, tokens: SessionTokens, at now: WallTime) async throws -> Principal {
        let id = Identifier<Session>.make(at: now)
        return try await storing("the session") {
            try await pool.of(principal.organization).withTransaction { transaction in
                // Nobody else tidies: what ended or ran out a while ago goes with each sign-in of the organization.
                try transaction.run(
                    "DELETE FROM session_tokens WHERE expires_at < $1", [.time(now.advanced(bySeconds: -86_400))])
                try transaction.run(
                    """
                    DELETE FROM sessions s WHERE created_at < $1
                        AND NOT EXISTS (SELECT FROM session_tokens t WHERE t.session_id = s.id)
                    """, [.time(now.advanced(bySeconds: -86_400))])
                let (user, key): (PostgresValue, PostgresValue) =
                    switch principal.actor {
                    case .user(let id): (.id(id), .null)
                    case .key(let id): (.null, .id(id))
                    }
                try transaction.run(
                    """
                    INSERT INTO sessions (id, organization_id, user_id, api_key_id, created_at)
                    VALUES ($1, $2, $3, $4, $5)
                    """, [.id(id), .id(principal.organization), user, key, .time(now)])
                try Self.insert(tokens, id, principal.organization, transaction)
                var opened = principal
                opened.session = id
                return opened
            }
        }
    }

    func endSession(_ id: Identifier<Session>, of organization: Identifier<Organization>) async throws {
        defer { memory.forget() }
        try await storing("the session") {
            try await pool.of(organization).query(
                "UPDATE sessions SET ended_at = clock_timestamp() WHERE id = $1 AND ended_at IS NULL", [.id(id)])
        }
    }

    private static func insert(
        _ tokens: SessionTokens, _ session: Identifier<Session>, _ organization: Identifier<Organization>,
        _ transaction: isolated Connection
    ) throws {
        try transaction.run(
            """
            INSERT INTO session_tokens (hash, organization_id, session_id, kind, expires_at)
            VALUES ($1, $2, $3, 'access', $4), ($5, $2, $3, 'refresh', $6)
            """,
            [
                .bytes(tokens.accessHash), .id(organization), .id(session), .time(tokens.accessExpiresAt),
                .bytes(tokens.refreshHash), .time(tokens.refreshExpiresAt),
            ])
    }

    private static func principal(_ row: Row) throws -> Principal {
        let actor: Principal.Actor =
            if try !row.isNull("user_id") {
                .user(try row.id("user_id"))
            } else {
                .key(try row.id("key_id"))
            }
        return Principal(
            actor: actor, organization: try row.id("organization_id"), name: try row.get("name"),
            role: try row.word("role"), isRestricted: try row.get("is_restricted"),
            scopes: try row.optional("scopes", as: [String].self).map(Set.init),
            session: try row.optional("session_id"))
    }

    // MARK: Audit

    func record(_ entry: AuditEntry) async throws {
        try await storing("the audit log") {
            try await pool.of(entry.organization).query(
                """
                INSERT INTO audit_log (id, organization_id, at, actor_kind, actor_name, action, path, status, address, request_id)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
                """,
                [
                    .id(entry.id), .id(entry.organization), .time(entry.at), .text(entry.actorKind),
                    .text(entry.actorName.storable(limit: 200)), .text(entry.action.storable(limit: 200)),
                    .text(entry.path.storable(limit: 500)), .int(entry.status),
                    .text(entry.address.storable(limit: 100)),
                    .text(entry.requestID.storable(limit: 100)),
                ])
        }
    }

    func audit(
        of organization: Identifier<Organization>, after: Identifier<AuditEntry>?, limit: Int
    ) async throws -> [AuditEntry] {
        try await storing("the audit log") {
            try await pool.of(organization).query(
                """
                SELECT id, organization_id, at, actor_kind, actor_name, action, path, status, address, request_id
                FROM audit_log WHERE organization_id = $1 AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3
                """, [.id(organization), .optional(after) { .id($0) }, .int(limit)]
            ).map { row in
                AuditEntry(
                    id: try row.id("id"), organization: try row.id("organization_id"), at: try row.time("at"),
                    actorKind: try row.get("actor_kind"), actorName: try row.get("actor_name"),
                    action: try row.get("action"), path: try row.get("path"), status: try row.get("status"),
                    address: try row.get("address"), requestID: try row.get("request_id"))
            }
        }
    }
}
