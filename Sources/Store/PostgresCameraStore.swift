internal import Domain
internal import PostgresKit

/// Cameras and sites in PostgreSQL.
struct PostgresCameraStore: CameraStore {
    let pool: Pool
    let listener: Listener

    private static let columns = """
        id, organization_id, site_id, name, enabled, url, transport, timeout_seconds, pre_roll_seconds, post_roll_seconds,
        merge_gap_seconds, cool_down_seconds, maximum_length_seconds, sensitivity, minimum_area, revision, analysis,
        zones, detect_url, tamper, schedule, record, audio_trigger,
        certificate
        """

    func sites(of organization: Identifier<Organization>) async throws -> [Site] {
        try await storing("sites") {
            try await pool.of(organization).query(
                "SELECT id, organization_id, name, time_zone FROM sites WHERE organization_id = $1 ORDER BY name, id",
                [.id(organization)]
            ).map { row in
                Site(
                    id: try row.id("id"), organization: try row.id("organization_id"), name: try row.get("name"),
                    timeZone: try row.get("time_zone"))
            }
        }
    }

    func put(_ site: Site) async throws {
        try await storing("site \"\(site.name)\"") {
            try await pool.of(site.organization).query(
                """
                INSERT INTO sites (id, organization_id, name, time_zone) VALUES ($1, $2, $3, $4)
                ON CONFLICT (id) DO UPDATE SET name = excluded.name, time_zone = excluded.time_zone
                """, [.id(site.id), .id(site.organization), .text(site.name), .text(site.timeZone)])
        }
    }

    func cameras(of organization: Identifier<Organization>) async throws -> [Camera] {
        try await storing("cameras") {
            try await pool.of(organization).query(
                """
                SELECT \(Self.columns) FROM cameras WHERE organization_id = $1 AND deleted_at IS NULL ORDER BY name, id
                """, [.id(organization)]
            ).map(Self.camera)
        }
    }

    func camera(_ id: Identifier<Camera>, of organization: Identifier<Organization>) async throws -> Camera {
        try await storing("camera \(id)") {
            let rows = try await pool.of(organization).query(
                "SELECT \(Self.columns) FROM cameras WHERE id = $1 AND organization_id = $2 AND deleted_at IS NULL",
                [.id(id), .id(organization)])
            guard let row = rows.first else { throw Self.missing(id) }
            return try Self.camera(row)
        }
    }

    func insert(_ camera: Camera) async throws {
        try await storing("camera \"\(camera.name)\"") {
            try await pool.of(camera.organization).query(
                """
                WITH inserted AS (
                    INSERT INTO cameras (\(Self.columns))
                    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,
                        $22, $23, $24)
                    RETURNING id
                )
                SELECT pg_notify('\(Channel.cameras)', id::text) FROM inserted
                """, try Self.values(camera))
        }
    }

    func update(_ camera: Camera) async throws -> Int64 {
        try await storing("camera \"\(camera.name)\"") {
            let rows = try await pool.of(camera.organization).query(
                """
                WITH updated AS (
                    UPDATE cameras SET site_id = $3, name = $4, enabled = $5, url = $6, transport = $7,
                        timeout_seconds = $8, pre_roll_seconds = $9, post_roll_seconds = $10, merge_gap_seconds = $11,
                        cool_down_seconds = $12, maximum_length_seconds = $13, sensitivity = $14, minimum_area = $15,
                        analysis = $17, zones = $18, detect_url = $19, tamper = $20, schedule = $21, record = $22,
                        audio_trigger = $23,
                        certificate = $24,
                        revision = revision + 1, updated_at = now()
                    WHERE id = $1 AND organization_id = $2 AND revision = $16 AND deleted_at IS NULL
                    RETURNING id, revision
                )
                SELECT revision, pg_notify('\(Channel.cameras)', id::text) FROM updated
                """, try Self.values(camera))
            if let row = rows.first { return try row.get("revision") }
            // Tells a camera that is gone from one that someone else changed.
            _ = try await self.camera(camera.id, of: camera.organization)
            throw StoreError.conflict("camera \"\(camera.name)\" was changed by someone else; read it again")
        }
    }

    func delete(
        _ id: Identifier<Camera>, of organization: Identifier<Organization>, ifRevision revision: Int64?
    ) async throws {
        try await storing("camera \(id)") {
            let rows = try await pool.of(organization).query(
                """
                WITH deleted AS (
                    UPDATE cameras SET deleted_at = now(), enabled = false, revision = revision + 1, updated_at = now()
                    WHERE id = $1 AND organization_id = $2 AND deleted_at IS NULL AND coalesce(revision = $3, true)
                    RETURNING id
                )
                SELECT pg_notify('\(Channel.cameras)', id::text) FROM deleted
                """, [.id(id), .id(organization), .optional(revision) { .int($0) }])
            guard rows.isEmpty else { return }
            _ = try await camera(id, of: organization)
            throw StoreError.conflict("the camera was changed by someone else; read it again")
        }
    }

    func camerasToIngest() async throws -> [Camera] {
        try await storing("cameras") {
            try await pool.on(.ingest).query(
                "SELECT \(Self.columns) FROM cameras WHERE deleted_at IS NULL ORDER BY organization_id, name, id"
            ).map(Self.camera)
        }
    }

    func changes() async throws -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        continuation.yield()
        let listener = self.listener
        let number = await listener.observe { item in
            switch item {
            case .resync, .notification(channel: Channel.cameras, payload: _): continuation.yield()
            case .notification: break
            }
        } ending: {
            continuation.finish()
        }
        continuation.onTermination = { _ in listener.remove(number) }
        return stream
    }

    // MARK: Rows

    private static func missing(_ id: Identifier<Camera>) -> StoreError { .notFound("there is no camera \(id)") }

    private static func values(_ camera: Camera) throws -> [PostgresValue] {
        let settings = camera.settings
        return [
            .id(camera.id), .id(camera.organization), .id(camera.site), .text(camera.name), .bool(camera.enabled),
            .text(settings.url), .text(settings.transport.rawValue), .double(settings.timeoutSeconds),
            .double(settings.preRollSeconds), .double(settings.postRollSeconds), .double(settings.mergeGapSeconds),
            .double(settings.coolDownSeconds), .double(settings.maximumLengthSeconds), .double(settings.sensitivity),
            .double(settings.minimumArea), .int(camera.revision), .text(settings.analysis.rawValue),
            .json(try Documents.text(settings.zones)), settings.detectURL.map { .text($0) } ?? .null,
            .bool(settings.tamper), .json(try Documents.text(settings.schedule)), .text(settings.record.rawValue),
            try settings.audioTrigger.map { .json(try Documents.text($0)) } ?? .null,
            .text(settings.certificate.text),
        ]
    }

    private static func camera(_ row: Row) throws -> Camera {
        Camera(
            id: try row.id("id"), organization: try row.id("organization_id"), site: try row.id("site_id"),
            name: try row.get("name"), enabled: try row.get("enabled"),
            settings: CameraSettings(
                url: try row.get("url"), transport: try row.word("transport"),
                timeoutSeconds: try row.get("timeout_seconds"), preRollSeconds: try row.get("pre_roll_seconds"),
                postRollSeconds: try row.get("post_roll_seconds"), mergeGapSeconds: try row.get("merge_gap_seconds"),
                coolDownSeconds: try row.get("cool_down_seconds"),
                maximumLengthSeconds: try row.get("maximum_length_seconds"), sensitivity: try row.get("sensitivity"),
                minimumArea: try row.get("minimum_area"), analysis: try row.word("analysis"),
                zones: try Documents.zones(row.get("zones")), detectURL: try row.optional("detect_url"),
                tamper: try row.get("tamper"), schedule: try Documents.schedule(row.get("schedule")),
                record: try row.word("record"),
                audioTrigger: try row.optional("audio_trigger").flatMap(Documents.audioTrigger),
                // The column takes nothing else.
                certificate: CertificateTrust(try row.get("certificate")) ?? .system),
            revision: try row.get("revision"))
    }
}
