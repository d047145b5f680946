internal import Domain
internal import PostgresKit

/// Definitions, analyzers and policies in PostgreSQL.
struct PostgresJudgingStore: JudgingStore {
    let pool: Pool

    func put(_ analyzer: Analyzer) async throws -> Identifier<Analyzer> {
        try await storing("analyzer \"\(analyzer.name)\"") {
            let rows = try await pool.of(analyzer.organization).query(
                """
                INSERT INTO analyzers (id, organization_id, name, kind, base_url, model, api_key, timeout_seconds,
                    max_concurrency, requests_per_minute, tokens_per_minute, money_per_day, prompt_price, completion_price)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
                ON CONFLICT (organization_id, name) DO UPDATE SET kind = excluded.kind, base_url = excluded.base_url,
                    model = excluded.model, api_key = excluded.api_key, timeout_seconds = excluded.timeout_seconds,
                    max_concurrency = excluded.max_concurrency, requests_per_minute = excluded.requests_per_minute,
                    tokens_per_minute = excluded.tokens_per_minute, money_per_day = excluded.money_per_day,
                    prompt_price = excluded.prompt_price, completion_price = excluded.completion_price,
                    updated_at = now()
                RETURNING id
                """,
                [
                    .id(analyzer.id), .id(analyzer.organization), .text(analyzer.name), .text(analyzer.kind.rawValue),
                    .optional(analyzer.baseURL) { .text($0) }, .optional(analyzer.model) { .text($0) },
                    .optional(analyzer.apiKey) { .text($0) }, .double(analyzer.timeoutSeconds),
                    .optional(analyzer.budget.concurrency) { .int($0) },
                    .optional(analyzer.budget.requestsPerMinute) { .int($0) },
                    .optional(analyzer.budget.tokensPerMinute) { .int($0) },
                    .optional(analyzer.budget.moneyPerDay) { .double($0) }, .double(analyzer.budget.promptPrice),
                    .double(analyzer.budget.completionPrice),
                ])
            guard let row = rows.first else {
                throw StoreError.conflict("analyzer \"\(analyzer.name)\" was not stored")
            }
            return try row.id("id")
        }
    }

    func analyzers(of organization: Identifier<Organization>) async throws -> [Analyzer] {
        try await storing("analyzers") {
            try await pool.of(organization).query(
                """
                SELECT \(Self.analyzerColumns) FROM analyzers a
                WHERE organization_id = $1 ORDER BY name
                """, [.id(organization)]
            ).map(Self.analyzer)
        }
    }

    func put(_ policy: Policy, of organization: Identifier<Organization>) async throws {
        guard policy.analyzers.count == policy.mode.analyzerCount else {
            let count = policy.mode.analyzerCount == 1 ? "one analyzer" : "two analyzers"
            throw StoreError.conflict(
                "a policy of mode \(policy.mode.rawValue) takes exactly \(count), not \(policy.analyzers.count)")
        }
        try await storing("the policy") {
            try await pool.of(organization).withTransaction { transaction in
                try Self.lock(organization, transaction)
                let stored = try transaction.run(
                    """
                    INSERT INTO policies (id, organization_id, mode, is_default) VALUES ($1, $2, $3, true)
                    ON CONFLICT (organization_id) WHERE is_default DO UPDATE SET mode = excluded.mode, updated_at = now()
                    RETURNING id
                    """, [.id(policy.id), .id(organization), .text(policy.mode.rawValue)])
                guard let id = try stored.first?.id("id", of: Policy.self) else { return }
                try transaction.run("DELETE FROM policy_analyzers WHERE policy_id = $1", [.id(id)])
                try transaction.run(
                    """
                    INSERT INTO policy_analyzers (organization_id, policy_id, position, analyzer_id)
                    SELECT $1, $2, position, analyzer_id
                    FROM unnest($3::uuid[]) WITH ORDINALITY chosen (analyzer_id, position)
                    """, [.id(organization), .id(id), .ids(policy.analyzers)])
            }
        }
    }

    func define(
        normal: String, labels: [String], of organization: Identifier<Organization>
    ) async throws -> DefinitionVersion {
        let now = WallTime.now
        return try await storing("the definition") {
            try await pool.of(organization).withTransaction { transaction in
                try Self.lock(organization, transaction)
                let definitions = try transaction.run(
                    """
                    INSERT INTO definitions (id, organization_id, name, is_default) VALUES ($1, $2, 'default', true)
                    ON CONFLICT (organization_id) WHERE is_default DO UPDATE SET name = definitions.name
                    RETURNING id
                    """, [.id(Identifier<Definition>.make(at: now)), .id(organization)])
                guard let definition = try definitions.first?.id("id", of: Definition.self) else {
                    throw StoreError.conflict("the definition was not stored")
                }
                let newest = try transaction.run(
                    """
                    SELECT id, definition_id, version, normal, labels FROM definition_versions
                    WHERE definition_id = $1 ORDER BY version DESC LIMIT 1
                    """, [.id(definition)]
                ).first.map(Self.version)
                if let newest, newest.normal == normal, newest.labels == labels { return newest }
                let made = DefinitionVersion(
                    id: .make(at: now), definition: definition, version: (newest?.version ?? 0) + 1, normal: normal,
                    labels: labels)
                try transaction.run(
                    """
                    INSERT INTO definition_versions (id, organization_id, definition_id, version, normal, labels)
                    VALUES ($1, $2, $3, $4, $5, $6)
                    """,
                    [
                        .id(made.id), .id(organization), .id(definition), .int(made.version), .text(normal),
                        .array(labels),
                    ])
                return made
            }
        }
    }

    func task(for event: Identifier<Event>, of organization: Identifier<Organization>) async throws -> JudgeTask {
        try await storing("event \(event)") {
            // One transaction, so that policy and analyzers belong together.
            try await pool.of(organization).withTransaction { transaction in
                guard let row = try transaction.run(EventRow.selectOne, [.id(event), .id(organization)]).first else {
                    throw StoreError.notFound("there is no event \(event)")
                }
                let detail = try EventRow.detail(row)
                let definitions = try transaction.run(
                    """
                    SELECT v.id, v.definition_id, v.version, v.normal, v.labels
                    FROM definition_versions v JOIN definitions d ON d.id = v.definition_id
                    WHERE d.organization_id = $1 AND d.is_default ORDER BY v.version DESC LIMIT 1
                    """, [.id(organization)])
                guard let definition = try definitions.first.map(Self.version) else {
                    throw StoreError.notFound("the organization has no definition of what is normal")
                }
                let rows = try transaction.run(
                    """
                    SELECT p.id AS policy_id, p.mode, \(Self.analyzerColumns)
                    FROM policies p
                    JOIN policy_analyzers pa ON pa.policy_id = p.id
                    JOIN analyzers a ON a.id = pa.analyzer_id
                    WHERE p.organization_id = $1 AND p.is_default ORDER BY pa.position
                    """, [.id(organization)])
                guard let first = rows.first else {
                    throw StoreError.notFound("the organization has no policy with an analyzer")
                }
                let analyzers = try rows.map(Self.analyzer)
                let policy = Policy(
                    id: try first.id("policy_id"), mode: try first.word("mode"), analyzers: analyzers.map(\.id))
                return JudgeTask(
                    event: detail, definition: definition, policy: policy, analyzers: analyzers,
                    zones: try Self.zones(of: detail.record.camera, transaction))
            }
        }
    }

    static func zones(of camera: Identifier<Camera>, _ transaction: isolated Connection) throws -> [Zone] {
        let rows = try transaction.run("SELECT zones FROM cameras WHERE id = $1", [.id(camera)])
        return try rows.first.map { try Documents.zones($0.get("zones")) } ?? []
    }

    /// Makes those who configure one organization at the same time come one after the other.
    private static func lock(_ organization: Identifier<Organization>, _ transaction: isolated Connection) throws {
        let rows = try transaction.run(
            "SELECT FROM organizations WHERE id = $1 FOR NO KEY UPDATE", [.id(organization)])
        if rows.isEmpty { throw StoreError.notFound("there is no organization \(organization)") }
    }

    static let analyzerColumns = """
        a.id, a.organization_id, a.name, a.kind, a.base_url, a.model, a.api_key, a.timeout_seconds, a.max_concurrency,
            a.requests_per_minute, a.tokens_per_minute, a.money_per_day, a.prompt_price, a.completion_price
        """

    static func version(_ row: Row) throws -> DefinitionVersion {
        DefinitionVersion(
            id: try row.id("id"), definition: try row.id("definition_id"), version: try row.get("version"),
            normal: try row.get("normal"), labels: try row.get("labels"))
    }

    static func analyzer(_ row: Row) throws -> Analyzer {
        Analyzer(
            id: try row.id("id"), organization: try row.id("organization_id"), name: try row.get("name"),
            kind: try row.word("kind"), baseURL: try row.optional("base_url"), model: try row.optional("model"),
            apiKey: try row.optional("api_key"), timeoutSeconds: try row.get("timeout_seconds"),
            budget: AnalyzerBudget(
                concurrency: try row.optional("max_concurrency"),
                requestsPerMinute: try row.optional("requests_per_minute"),
                tokensPerMinute: try row.optional("tokens_per_minute"),
                moneyPerDay: try row.optional("money_per_day"), promptPrice: try row.get("prompt_price"),
                completionPrice: try row.get("completion_price")))
    }
}
