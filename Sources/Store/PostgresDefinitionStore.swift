internal import Domain
internal import FoundationEssentials
internal import PostgresKit

/// Definitions, their versions and the pictures that these show.
struct PostgresDefinitionStore: DefinitionStore {
    let pool: Pool

    // MARK: Reading

    private static let select = """
        SELECT d.id AS for_id, d.organization_id, d.name, d.is_default, d.site_id, d.camera_id, d.created_at AS made_at,
            \(DefinitionRow.columns)
        FROM definitions d JOIN LATERAL (
            SELECT * FROM definition_versions n WHERE n.definition_id = d.id ORDER BY n.version DESC LIMIT 1) v ON true
        """

    func definitions(of organization: Identifier<Organization>) async throws -> [StoredDefinition] {
        try await storing("definitions") {
            try await pool.of(organization).query(
                Self.select + " WHERE d.organization_id = $1 ORDER BY d.name, d.id", [.id(organization)]
            ).map(Self.definition)
        }
    }

    func definition(
        _ id: Identifier<Definition>, of organization: Identifier<Organization>
    ) async throws -> StoredDefinition {
        try await storing("definition \(id)") {
            let rows = try await pool.of(organization).query(
                Self.select + " WHERE d.id = $1 AND d.organization_id = $2", [.id(id), .id(organization)])
            guard let row = rows.first else { throw Self.missing(id) }
            return try Self.definition(row)
        }
    }

    func versions(
        of id: Identifier<Definition>, in organization: Identifier<Organization>, limit: Int, before: Int?
    ) async throws -> [StoredVersion] {
        _ = try await definition(id, of: organization)
        return try await storing("definition \(id)") {
            try await pool.of(organization).query(
                """
                SELECT \(DefinitionRow.columns) FROM definition_versions v
                WHERE v.definition_id = $1 AND v.organization_id = $2 AND ($3::int IS NULL OR v.version < $3)
                ORDER BY v.version DESC LIMIT $4
                """, [.id(id), .id(organization), .optional(before) { .int($0) }, .int(limit)]
            ).map(DefinitionRow.stored)
        }
    }

    func version(
        _ version: Int, of id: Identifier<Definition>, in organization: Identifier<Organization>
    ) async throws -> StoredVersion {
        try await storing("definition \(id)") {
            let rows = try await pool.of(organization).query(
                """
                SELECT \(DefinitionRow.columns) FROM definition_versions v
                WHERE v.definition_id = $1 AND v.organization_id = $2 AND v.version = $3
                """, [.id(id), .id(organization), .int(version)])
            guard let row = rows.first else {
                throw StoreError.notFound("the definition has no version \(version)")
            }
            return try DefinitionRow.stored(row)
        }
    }

    func effective(
        for camera: Identifier<Camera>, of organization: Identifier<Organization>
    ) async throws -> EffectiveDefinition {
        try await storing("camera \(camera)") {
            try await pool.of(organization).withTransaction { transaction in
                let site = try transaction.run(
                    "SELECT site_id FROM cameras WHERE id = $1 AND organization_id = $2 AND deleted_at IS NULL",
                    [.id(camera), .id(organization)]
                ).first?.id("site_id", of: Site.self)
                guard let site else { throw StoreError.notFound("there is no camera \(camera)") }
                return try JudgingPlan.effective(
                    JudgingChoice(), camera: camera, site: site, organization, transaction)
            }
        }
    }

    // MARK: Writing

    func create(
        name: String, scope: StoredDefinition.Scope, parts: DefinitionParts, author: String,
        of organization: Identifier<Organization>
    ) async throws -> StoredDefinition {
        let id = Identifier<Definition>.make(at: .now)
        var site: Identifier<Site>?
        var camera: Identifier<Camera>?
        switch scope {
        case .organization:
            throw StoreError.duplicate("the organization has its definition already: add a version to it")
        case .named: break
        case .site(let id): site = id
        case .camera(let id): camera = id
        }
        try await storing("the definition \"\(name)\", or one for this place") { [site, camera] in
            try await pool.of(organization).withTransaction { transaction in
                try Self.checkPictures(parts, organization, transaction)
                try transaction.run(
                    """
                    INSERT INTO definitions (id, organization_id, name, site_id, camera_id) VALUES ($1, $2, $3, $4, $5)
                    """,
                    [
                        .id(id), .id(organization), .text(name), .optional(site) { .id($0) },
                        .optional(camera) { .id($0) },
                    ])
                try Self.insert(parts, 1, id, author, organization, transaction)
            }
        }
        return try await definition(id, of: organization)
    }

    func add(
        _ parts: DefinitionParts, to id: Identifier<Definition>, ifNewest version: Int?, author: String,
        of organization: Identifier<Organization>
    ) async throws -> StoredDefinition {
        try await storing("definition \(id)") {
            try await pool.of(organization).withTransaction { transaction in
                // One after the other, so that versions have no gap.
                let locked = try transaction.run(
                    "SELECT is_default FROM definitions WHERE id = $1 AND organization_id = $2 FOR NO KEY UPDATE",
                    [.id(id), .id(organization)])
                guard let row = locked.first else { throw Self.missing(id) }
                if try row.get("is_default"), parts.normal == nil || parts.labels == nil {
                    throw StoreError.conflict(
                        "the organization's definition inherits from none, so it needs normal and labels")
                }
                let newest = try transaction.run(
                    """
                    SELECT \(DefinitionRow.columns) FROM definition_versions v
                    WHERE v.definition_id = $1 ORDER BY v.version DESC LIMIT 1
                    """, [.id(id)]
                ).first.map(DefinitionRow.stored)
                if let version, version != newest?.version {
                    throw StoreError.conflict("the definition has a newer version; read it again")
                }
                if newest?.parts == parts { return }
                try Self.checkPictures(parts, organization, transaction)
                try Self.insert(parts, (newest?.version ?? 0) + 1, id, author, organization, transaction)
            }
        }
        return try await definition(id, of: organization)
    }

    private static func insert(
        _ parts: DefinitionParts, _ version: Int, _ id: Identifier<Definition>, _ author: String,
        _ organization: Identifier<Organization>, _ transaction: isolated Connection
    ) throws {
        try transaction.run(
            """
            INSERT INTO definition_versions (id, organization_id, definition_id, version, normal, labels, questions, examples,
                source, author)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'api', $9)
            """,
            [
                .id(Identifier<DefinitionVersion>.make(at: .now)), .id(organization), .id(id), .int(version),
                .optional(parts.normal) { .text($0) }, .optional(parts.labels) { .array($0) },
                .optional(parts.questions) { .array($0) },
                .optional(try parts.examples.map(DefinitionRow.text)) { .json($0) }, .text(author),
            ])
    }

    private static func checkPictures(
        _ parts: DefinitionParts, _ organization: Identifier<Organization>, _ transaction: isolated Connection
    ) throws {
        for example in parts.examples ?? [] {
            let found = try transaction.run(
                "SELECT FROM reference_pictures WHERE id = $1 AND organization_id = $2 FOR KEY SHARE",
                [.id(example.picture), .id(organization)])
            if found.isEmpty { throw StoreError.notFound("there is no picture \(example.picture)") }
        }
    }

    // MARK: Pictures

    func keep(
        _ picture: ReferencePicture, of organization: Identifier<Organization>
    ) async throws -> Identifier<ReferencePicture> {
        try await storing("the picture") {
            try await pool.of(organization).withTransaction { transaction in
                try transaction.run(
                    """
                    DELETE FROM reference_pictures p
                    WHERE organization_id = $1 AND created_at < now() - interval '1 day' AND NOT EXISTS (
                        SELECT FROM definition_versions v
                        WHERE v.organization_id = $1
                            AND v.examples @> jsonb_build_array(jsonb_build_object('picture_id', p.id)))
                    """, [.id(organization)])
                let rows = try transaction.run(
                    """
                    INSERT INTO reference_pictures (id, organization_id, camera_id, sha256, jpeg, width_pixels, height_pixels)
                    VALUES ($1, $2, $3, encode(sha256($4::bytea), 'hex'), $4, $5, $6)
                    ON CONFLICT (organization_id, sha256) DO UPDATE SET created_at = now()
                    RETURNING id
                    """,
                    [
                        .id(picture.id), .id(organization), .id(picture.camera), .bytes(picture.jpeg),
                        .int(picture.widthPixels), .int(picture.heightPixels),
                    ])
                guard let row = rows.first else { throw StoreError.conflict("the picture was not stored") }
                return try row.id("id")
            }
        }
    }

    func picture(
        _ id: Identifier<ReferencePicture>, of organization: Identifier<Organization>
    ) async throws -> ReferencePicture {
        try await storing("picture \(id)") {
            let rows = try await pool.of(organization).query(
                "SELECT \(DefinitionRow.pictureColumns) FROM reference_pictures WHERE id = $1 AND organization_id = $2",
                [.id(id), .id(organization)])
            guard let row = rows.first else { throw StoreError.notFound("there is no picture \(id)") }
            return try DefinitionRow.picture(row)
        }
    }

    // MARK: Values

    private static func missing(_ id: Identifier<Definition>) -> StoreError {
        .notFound("there is no definition \(id)")
    }

    private static func definition(_ row: Row) throws -> StoredDefinition {
        let scope: StoredDefinition.Scope
        if let site: Identifier<Site> = try row.optional("site_id") {
            scope = .site(site)
        } else if let camera: Identifier<Camera> = try row.optional("camera_id") {
            scope = .camera(camera)
        } else {
            scope = try row.get("is_default") ? .organization : .named
        }
        return StoredDefinition(
            id: try row.id("for_id"), organization: try row.id("organization_id"), name: try row.get("name"),
            scope: scope, createdAt: try row.time("made_at"), newest: try DefinitionRow.stored(row))
    }
}

/// Reads versions and pictures from rows.
enum DefinitionRow {
    /// Of an alias `v`.
    static let columns = """
        v.id, v.definition_id, v.version, v.normal, v.labels, v.questions, v.examples::text AS examples, v.author,
            v.created_at
        """
    static let pictureColumns = "id, camera_id, jpeg, width_pixels, height_pixels"

    private struct ExampleDocument: Codable {
        var picture_id: Identifier<ReferencePicture>
        var caption: String
    }

    static func text(_ examples: [DefinitionExample]) throws -> String {
        let documents = examples.map { ExampleDocument(picture_id: $0.picture, caption: $0.caption) }
        return String(decoding: try JSONEncoder().encode(documents), as: UTF8.self)
    }

    static func parts(_ row: Row) throws -> DefinitionParts {
        DefinitionParts(
            normal: try row.optional("normal"), labels: try row.optional("labels"),
            questions: try row.optional("questions"),
            examples: try row.optional("examples", as: String.self).map { text in
                try JSONDecoder().decode([ExampleDocument].self, from: Data(text.utf8)).map {
                    DefinitionExample(picture: $0.picture_id, caption: $0.caption)
                }
            })
    }

    static func stored(_ row: Row) throws -> StoredVersion {
        StoredVersion(
            id: try row.id("id"), definition: try row.id("definition_id"), version: try row.get("version"),
            parts: try parts(row), author: try row.optional("author"), createdAt: try row.time("created_at"))
    }

    static func leveled(_ row: Row, _ level: DefinitionLevel) throws -> LeveledVersion {
        LeveledVersion(
            level: level, id: try row.id("id"), definition: try row.id("definition_id"),
            version: try row.get("version"), parts: try parts(row))
    }

    static func picture(_ row: Row) throws -> ReferencePicture {
        ReferencePicture(
            id: try row.id("id"), camera: try row.id("camera_id"), jpeg: try row.get("jpeg"),
            widthPixels: try row.get("width_pixels"), heightPixels: try row.get("height_pixels"))
    }
}
