internal import Domain
internal import PostgresKit

/// Against which words an event is judged, by whom, and how opinions become one.
struct JudgingPlan: Sendable {
    var definition: DefinitionVersion
    var policy: Policy
    var analyzers: [Analyzer]

    /// Throws `notFound` where something that is named is not there, `conflict` where mode and analyzers do not fit.
    init(
        _ choice: JudgingChoice, camera: Identifier<Camera>, site: Identifier<Site>,
        _ organization: Identifier<Organization>, _ transaction: isolated Connection
    ) throws {
        definition = try Self.effective(choice, camera: camera, site: site, organization, transaction).definition
        // The camera's policy, else the site's, else the organization's.
        let rows = try transaction.run(
            """
            SELECT p.id AS policy_id, p.mode, \(AnalyzerRow.columns)
            FROM (SELECT * FROM policies
                WHERE organization_id = $1 AND (is_default OR site_id = $2 OR camera_id = $3)
                ORDER BY camera_id IS NULL, site_id IS NULL LIMIT 1) p
            JOIN policy_analyzers pa ON pa.policy_id = p.id
            JOIN analyzers a ON a.id = pa.analyzer_id
            ORDER BY pa.position
            """, [.id(organization), .id(site), .id(camera)])
        guard let first = rows.first else {
            throw StoreError.notFound("the organization has no policy with an analyzer")
        }
        analyzers = try rows.map(AnalyzerRow.analyzer)
        if let names = choice.analyzers { analyzers = try Self.analyzers(names, organization, transaction) }
        let mode = try choice.mode ?? (choice.analyzers?.count == 1 ? .single : first.word("mode"))
        guard analyzers.count == mode.analyzerCount else {
            throw StoreError.conflict(
                "policy \(mode.rawValue) takes \(mode.analyzerCount) analyzers, not \(analyzers.count); name them")
        }
        policy = Policy(id: try first.id("policy_id"), mode: mode, analyzers: analyzers.map(\.id))
    }

    /// What counts for a camera: organization, site, camera, and above these what the choice names.
    static func effective(
        _ choice: JudgingChoice, camera: Identifier<Camera>, site: Identifier<Site>,
        _ organization: Identifier<Organization>, _ transaction: isolated Connection
    ) throws -> EffectiveDefinition {
        let rows = try transaction.run(
            """
            SELECT \(DefinitionRow.columns),
                CASE WHEN d.camera_id IS NOT NULL THEN 2 WHEN d.site_id IS NOT NULL THEN 1 ELSE 0 END AS level
            FROM definitions d JOIN LATERAL (
                SELECT * FROM definition_versions n WHERE n.definition_id = d.id ORDER BY n.version DESC LIMIT 1) v ON true
            WHERE d.organization_id = $1 AND (d.is_default OR d.site_id = $2 OR d.camera_id = $3)
            """, [.id(organization), .id(site), .id(camera)])
        var levels = try rows.map { row in
            try DefinitionRow.leveled(row, DefinitionLevel(rawValue: row.get("level")) ?? .organization)
        }
        if choice.definition != nil || choice.version != nil {
            let chosen = try transaction.run(
                """
                SELECT \(DefinitionRow.columns),
                    CASE WHEN d.is_default THEN 0 WHEN d.site_id IS NOT NULL THEN 1 WHEN d.camera_id IS NOT NULL THEN 2
                        ELSE 3 END AS level
                FROM definitions d JOIN definition_versions v ON v.definition_id = d.id
                WHERE d.organization_id = $1 AND CASE WHEN $2::uuid IS NULL THEN d.is_default ELSE d.id = $2 END
                    AND ($3::int IS NULL OR v.version = $3)
                ORDER BY v.version DESC LIMIT 1
                """,
                [
                    .id(organization), .optional(choice.definition) { .id($0) },
                    .optional(choice.version) { .int($0) },
                ])
            guard let row = chosen.first else {
                throw StoreError.notFound("there is no such definition, or it has no such version")
            }
            let level = DefinitionLevel(rawValue: try row.get("level")) ?? .chosen
            // One without a place of its own inherits from the organization only.
            levels = levels.filter { $0.level < level && (level != .chosen || $0.level == .organization) }
            levels.append(try DefinitionRow.leveled(row, level))
        }
        if let draft = choice.draft, let below = levels.max(by: { $0.level < $1.level }) {
            levels.append(
                LeveledVersion(
                    level: .chosen, id: below.id, definition: below.definition, version: 0, parts: draft))
        }
        guard let effective = EffectiveDefinition(levels) else {
            throw StoreError.notFound("the organization has no definition of what is normal")
        }
        return effective
    }

    /// The pictures that a definition shows, in its order; those of a deleted camera are left out.
    static func references(
        _ definition: DefinitionVersion, _ organization: Identifier<Organization>, _ transaction: isolated Connection
    ) throws -> [ReferencePicture] {
        if definition.examples.isEmpty { return [] }
        let found = try transaction.run(
            """
            SELECT \(DefinitionRow.pictureColumns) FROM reference_pictures
            WHERE organization_id = $1 AND id = ANY ($2::uuid[])
            """, [.id(organization), .ids(definition.examples.map(\.picture))]
        ).map(DefinitionRow.picture)
        return definition.examples.compactMap { example in found.first { $0.id == example.picture } }
    }

    static func analyzers(
        _ names: [String], _ organization: Identifier<Organization>, _ transaction: isolated Connection
    ) throws -> [Analyzer] {
        let all = try transaction.run(
            "SELECT \(AnalyzerRow.columns) FROM analyzers a WHERE organization_id = $1",
            [.id(organization)]
        ).map(AnalyzerRow.analyzer)
        return try names.map { name in
            guard let found = all.first(where: { $0.name == name }) else {
                throw StoreError.notFound("there is no analyzer \"\(name)\"")
            }
            return found
        }
    }
}
