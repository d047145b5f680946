internal import Domain
internal import PostgresKit

/// Definitions, analyzers and policies in PostgreSQL.
struct PostgresJudgingStore: JudgingStore {
    let pool: Pool

    func put(_ analyzer: Analyzer) async throws -> Identifier<Analyzer> {
        try await storing("analyzer \"\(analyzer.name)\"") {
            let rows = try await pool.of(analyzer.organization).query(
                """
                \(AnalyzerRow.insert(source: "settings"))
                ON CONFLICT (organization_id, name) DO UPDATE SET \(AnalyzerRow.replacement), source = 'settings',
                    updated_at = now()
                RETURNING id
                """, try AnalyzerRow.values(analyzer))
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
                SELECT \(AnalyzerRow.columns) FROM analyzers a
                WHERE organization_id = $1 ORDER BY name
                """, [.id(organization)]
            ).map(AnalyzerRow.analyzer)
        }
    }

    func keep(analyzers names: [String], of organization: Identifier<Organization>) async throws {
        try await storing("analyzers") {
            _ = try await pool.of(organization).query(
                """
                UPDATE analyzers SET source = 'api'
                WHERE organization_id = $1 AND source = 'settings' AND name <> ALL ($2::text[])
                """, [.id(organization), .array(names)])
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
                    SELECT \(DefinitionRow.columns) FROM definition_versions v
                    WHERE v.definition_id = $1 ORDER BY v.version DESC LIMIT 1
                    """, [.id(definition)]
                ).first.map(Self.version)
                let put = try transaction.run(
                    """
                    SELECT normal, labels FROM definition_versions
                    WHERE definition_id = $1 AND source = 'settings' ORDER BY version DESC LIMIT 1
                    """, [.id(definition)]
                ).first
                if let newest, let put, try put.get("normal", as: String.self) == normal,
                    try put.get("labels", as: [String].self) == labels
                {
                    return newest
                }
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

    func task(
        for event: Identifier<Event>, as choice: JudgingChoice, of organization: Identifier<Organization>
    ) async throws -> JudgeTask {
        try await storing("event \(event)") {
            // One transaction, so that policy and analyzers belong together.
            try await pool.of(organization).withTransaction { transaction in
                guard let row = try transaction.run(EventRow.selectOne, [.id(event), .id(organization)]).first else {
                    throw StoreError.notFound("there is no event \(event)")
                }
                let detail = try EventRow.detail(row)
                let plan = try JudgingPlan(
                    choice, camera: detail.record.camera, site: detail.record.site, organization, transaction)
                return JudgeTask(
                    event: detail, definition: plan.definition, policy: plan.policy, analyzers: plan.analyzers,
                    zones: try Self.zones(of: detail.record.camera, transaction),
                    references: try JudgingPlan.references(plan.definition, organization, transaction))
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

    /// From `DefinitionRow.columns`.
    static func version(_ row: Row) throws -> DefinitionVersion {
        let stored = try DefinitionRow.stored(row)
        return DefinitionVersion(
            id: stored.id, definition: stored.definition, version: stored.version, normal: stored.parts.normal ?? "",
            labels: stored.parts.labels ?? [], questions: stored.parts.questions ?? [],
            examples: stored.parts.examples ?? [])
    }
}
