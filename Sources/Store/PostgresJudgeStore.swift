internal import Domain
internal import FoundationEssentials
internal import PostgresKit

/// Analyzers and policies as people see and change them.
struct PostgresJudgeStore: JudgeStore {
    let pool: Pool

    // MARK: Analyzers

    /// What is not settled of today's requests has been lost with its worker, and counts as the most that was expected.
    private static let selectAnalyzer = """
        SELECT \(AnalyzerRow.columns), a.source, a.revision, coalesce(b.failures, 0) AS failures,
            CASE WHEN isfinite(b.blocked_until) AND b.blocked_until > clock_timestamp() THEN b.blocked_until END AS blocked_until,
            coalesce(t.day_requests, 0) + lost.requests AS requests_today, coalesce(t.day_tokens, 0) + lost.tokens AS tokens_today,
            coalesce(t.day_money, 0) + lost.money AS money_today
        FROM analyzers a CROSS JOIN (SELECT (clock_timestamp() AT TIME ZONE 'UTC')::date AS day) today
        LEFT JOIN analyzer_budgets b ON b.analyzer_id = a.id
        LEFT JOIN analyzer_budgets t ON t.analyzer_id = a.id AND t.day = today.day
        CROSS JOIN LATERAL (
            SELECT count(*)::int AS requests, coalesce(sum(tokens), 0)::bigint AS tokens, coalesce(sum(money), 0) AS money
            FROM analyzer_requests
            WHERE analyzer_id = a.id AND ended_at IS NULL AND expires_at <= clock_timestamp()
                AND begun_at >= today.day::timestamp AT TIME ZONE 'UTC'
        ) lost
        """

    func analyzers(of organization: Identifier<Organization>) async throws -> [StoredAnalyzer] {
        try await storing("analyzers") {
            try await pool.of(organization).query(
                Self.selectAnalyzer + " WHERE a.organization_id = $1 ORDER BY a.name", [.id(organization)]
            ).map(Self.analyzer)
        }
    }

    func analyzer(
        _ id: Identifier<Analyzer>, of organization: Identifier<Organization>
    ) async throws -> StoredAnalyzer {
        try await storing("analyzer \(id)") {
            let rows = try await pool.of(organization).query(
                Self.selectAnalyzer + " WHERE a.id = $1 AND a.organization_id = $2", [.id(id), .id(organization)])
            guard let row = rows.first else { throw StoreError.notFound("there is no analyzer \(id)") }
            return try Self.analyzer(row)
        }
    }

    func insert(_ analyzer: Analyzer) async throws {
        try await storing("analyzer \"\(analyzer.name)\"") {
            _ = try await pool.of(analyzer.organization).query(
                AnalyzerRow.insert(source: "api"), try AnalyzerRow.values(analyzer))
        }
    }

    func update(_ analyzer: StoredAnalyzer) async throws -> Int64 {
        let wanted = analyzer.analyzer
        return try await storing("analyzer \"\(wanted.name)\"") {
            let rows = try await pool.of(wanted.organization).query(
                """
                UPDATE analyzers SET \(AnalyzerRow.assignments), revision = revision + 1, updated_at = now()
                WHERE id = $1 AND organization_id = $2 AND revision = $\(AnalyzerRow.next) AND source = 'api'
                RETURNING revision
                """, try AnalyzerRow.values(wanted) + [.int(analyzer.revision)])
            guard let row = rows.first else {
                throw StoreError.conflict("the analyzer was changed meanwhile; read it again")
            }
            return try row.get("revision")
        }
    }

    func deleteAnalyzer(
        _ id: Identifier<Analyzer>, of organization: Identifier<Organization>, ifRevision revision: Int64?
    ) async throws {
        try await storing("analyzer \(id)") {
            try await pool.of(organization).withTransaction { transaction in
                let found = try transaction.run(
                    "SELECT revision FROM analyzers WHERE id = $1 AND organization_id = $2 FOR UPDATE",
                    [.id(id), .id(organization)])
                guard let row = found.first else { throw StoreError.notFound("there is no analyzer \(id)") }
                if let revision, try row.get("revision", as: Int64.self) != revision {
                    throw StoreError.conflict("the analyzer was changed meanwhile; read it again")
                }
                let policy = try transaction.run(
                    """
                    SELECT p.name FROM policies p JOIN policy_analyzers pa ON pa.policy_id = p.id
                    WHERE pa.analyzer_id = $1 AND p.organization_id = $2 LIMIT 1
                    """, [.id(id), .id(organization)]
                ).first
                if let policy {
                    throw StoreError.duplicate(
                        "the policy \"\(try policy.get("name", as: String.self))\" asks this analyzer; change that first"
                    )
                }
                let reanalysis = try transaction.run(
                    """
                    SELECT FROM reanalyses
                    WHERE organization_id = $2 AND $1 = ANY (analyzer_ids) AND state IN ('running', 'paused') LIMIT 1
                    """, [.id(id), .id(organization)])
                if !reanalysis.isEmpty {
                    throw StoreError.duplicate("a re-analysis that has not ended asks this analyzer; cancel it first")
                }
                try transaction.run("DELETE FROM analyzers WHERE id = $1", [.id(id)])
            }
        }
    }

    private static func analyzer(_ row: Row) throws -> StoredAnalyzer {
        StoredAnalyzer(
            analyzer: try AnalyzerRow.analyzer(row),
            isFromSettings: try row.get("source", as: String.self) == "settings", revision: try row.get("revision"),
            usage: AnalyzerUsage(
                requestsToday: try row.get("requests_today"), tokensToday: try row.get("tokens_today"),
                moneyToday: try row.get("money_today"), failures: try row.get("failures"),
                blockedUntil: try row.optional("blocked_until", as: PostgresTimestamp.self).map { WallTime($0) }))
    }

    // MARK: Policies

    private static let selectPolicy = """
        SELECT p.id, p.organization_id, p.name, p.mode, p.site_id, p.camera_id, p.revision,
            (SELECT coalesce(array_agg(analyzer_id ORDER BY position), '{}') FROM policy_analyzers
                WHERE policy_id = p.id) AS analyzers
        FROM policies p
        """

    func policies(of organization: Identifier<Organization>) async throws -> [StoredPolicy] {
        try await storing("policies") {
            try await pool.of(organization).query(
                Self.selectPolicy + " WHERE p.organization_id = $1 ORDER BY p.name", [.id(organization)]
            ).map(Self.policy)
        }
    }

    func policy(_ id: Identifier<Policy>, of organization: Identifier<Organization>) async throws -> StoredPolicy {
        try await storing("policy \(id)") {
            let rows = try await pool.of(organization).query(
                Self.selectPolicy + " WHERE p.id = $1 AND p.organization_id = $2", [.id(id), .id(organization)])
            guard let row = rows.first else { throw StoreError.notFound("there is no policy \(id)") }
            return try Self.policy(row)
        }
    }

    func insert(_ policy: StoredPolicy) async throws {
        var site: Identifier<Site>?
        var camera: Identifier<Camera>?
        switch policy.place {
        case .site(let id)?: site = id
        case .camera(let id)?: camera = id
        case nil: throw StoreError.duplicate("the organization has its policy already, in the settings file")
        }
        try await storing("the policy \"\(policy.name)\", or one for this place") { [site, camera] in
            try await pool.of(policy.organization).withTransaction { transaction in
                try transaction.run(
                    """
                    INSERT INTO policies (id, organization_id, name, mode, site_id, camera_id) VALUES ($1, $2, $3, $4, $5, $6)
                    """,
                    [
                        .id(policy.policy.id), .id(policy.organization), .text(policy.name),
                        .text(policy.policy.mode.rawValue), .optional(site) { .id($0) },
                        .optional(camera) { .id($0) },
                    ])
                try Self.setAnalyzers(policy, transaction)
            }
        }
    }

    func update(_ policy: StoredPolicy) async throws -> Int64 {
        try await storing("the policy \"\(policy.name)\"") {
            try await pool.of(policy.organization).withTransaction { transaction in
                let rows = try transaction.run(
                    """
                    UPDATE policies SET name = $3, mode = $4, revision = revision + 1, updated_at = now()
                    WHERE id = $1 AND organization_id = $2 AND revision = $5 AND NOT is_default RETURNING revision
                    """,
                    [
                        .id(policy.policy.id), .id(policy.organization), .text(policy.name),
                        .text(policy.policy.mode.rawValue), .int(policy.revision),
                    ])
                guard let row = rows.first else {
                    throw StoreError.conflict("the policy was changed meanwhile; read it again")
                }
                try transaction.run("DELETE FROM policy_analyzers WHERE policy_id = $1", [.id(policy.policy.id)])
                try Self.setAnalyzers(policy, transaction)
                return try row.get("revision")
            }
        }
    }

    func deletePolicy(
        _ id: Identifier<Policy>, of organization: Identifier<Organization>, ifRevision revision: Int64?
    ) async throws {
        try await storing("policy \(id)") {
            let rows = try await pool.of(organization).query(
                """
                DELETE FROM policies
                WHERE id = $1 AND organization_id = $2 AND NOT is_default AND coalesce(revision = $3, true) RETURNING id
                """, [.id(id), .id(organization), .optional(revision) { .int($0) }])
            guard rows.isEmpty else { return }
            let present = try await policy(id, of: organization)
            if let revision, present.revision != revision {
                throw StoreError.conflict("the policy was changed meanwhile; read it again")
            }
            throw StoreError.notFound("there is no policy \(id) that could be removed")
        }
    }

    private static func setAnalyzers(_ policy: StoredPolicy, _ transaction: isolated Connection) throws {
        try transaction.run(
            """
            INSERT INTO policy_analyzers (organization_id, policy_id, position, analyzer_id)
            SELECT $1, $2, position, analyzer_id FROM unnest($3::uuid[]) WITH ORDINALITY chosen (analyzer_id, position)
            """, [.id(policy.organization), .id(policy.policy.id), .ids(policy.policy.analyzers)])
    }

    private static func policy(_ row: Row) throws -> StoredPolicy {
        let site: Identifier<Site>? = try row.optional("site_id")
        let camera: Identifier<Camera>? = try row.optional("camera_id")
        let analyzers: [UUID] = try row.get("analyzers")
        return StoredPolicy(
            policy: Policy(
                id: try row.id("id"), mode: try row.word("mode"), analyzers: analyzers.map { Identifier($0) }),
            organization: try row.id("organization_id"), name: try row.get("name"),
            place: camera.map { .camera($0) } ?? site.map { .site($0) },
            revision: try row.get("revision"))
    }
}
