internal import Domain
internal import PostgresKit

/// Segments of continuous recording in PostgreSQL.
struct PostgresRecordingStore: RecordingStore {
    let pool: Pool

    private static let columns = """
        id, organization_id, site_id, camera_id, run_id, starts_at, ends_at, media_start_ns, media_end_ns, path, size_bytes,
        sha256, codec, width_pixels, height_pixels, video_format, audio_format, video_units, has_motion, is_interrupted
        """
    /// $1 organization, $2 camera, $3 and $4 the range: by the index on ends, whose distance from the starts is bounded.
    private static let touching = """
        organization_id = $1 AND camera_id = $2 AND ends_at > $3::timestamptz
        AND ends_at < $4::timestamptz + interval '1 hour' AND starts_at < $4::timestamptz
        """

    func handOver(_ record: SegmentRecord) async throws {
        try await storing("segment \(record.id)") {
            try await pool.of(record.organization).query(
                """
                INSERT INTO segments (\(Self.columns))
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)
                ON CONFLICT (id) DO NOTHING
                """,
                [
                    .id(record.id), .id(record.organization), .id(record.site), .id(record.camera), .id(record.run),
                    .time(record.startsAt), .time(record.endsAt), .int(record.mediaStart.nanoseconds),
                    .int(record.mediaEnd.nanoseconds), .text(record.path), .int(record.sizeBytes),
                    .text(record.sha256), .text(record.codec.rawValue), .int(record.widthPixels),
                    .int(record.heightPixels), .text(record.videoFormat),
                    .optional(record.audioFormat) { .text($0) }, .int(record.videoUnits),
                    .optional(record.hasMotion) { .bool($0) }, .bool(record.isInterrupted),
                ], prepare: true)
        }
    }

    func segments(
        _ query: RecordingQuery, of organization: Identifier<Organization>
    ) async throws -> [SegmentRecord] {
        try await storing("recordings of camera \(query.camera)") {
            try await pool.of(organization).query(
                "SELECT \(Self.columns) FROM segments WHERE \(Self.touching) ORDER BY starts_at, id LIMIT $5",
                [
                    .id(organization), .id(query.camera), .time(query.from), .time(query.to), .int(query.limit),
                ]
            ).map(Self.segment)
        }
    }

    func spans(_ query: RecordingQuery, of organization: Identifier<Organization>) async throws -> [RecordedSpan] {
        let from = max(query.from, query.after ?? query.from)
        // The last span may go on beyond the range, and would be told again.
        guard from < query.to else { return [] }
        return try await storing("recordings of camera \(query.camera)") {
            try await pool.of(organization).query(
                """
                WITH marked AS (
                    SELECT *, (lag(run_id) OVER w = run_id AND lag(media_end_ns) OVER w = media_start_ns) IS NOT TRUE AS begins
                    FROM segments WHERE \(Self.touching) WINDOW w AS (ORDER BY starts_at, id)
                ), numbered AS (
                    SELECT *, count(*) FILTER (WHERE begins) OVER (ORDER BY starts_at, id) AS span FROM marked
                ), spans AS (
                    SELECT span, greatest(min(starts_at), $3::timestamptz) AS starts_at, least(max(ends_at), $4::timestamptz) AS ends_at,
                        sum(size_bytes)::bigint AS size_bytes, count(*)::int AS segments, min(codec) AS codec,
                        min(width_pixels) AS width_pixels, min(height_pixels) AS height_pixels,
                        bool_or(audio_format IS NOT NULL) AS has_audio,
                        CASE WHEN bool_or(has_motion) THEN true WHEN bool_or(has_motion IS NULL) THEN NULL ELSE false END
                            AS has_motion
                    FROM numbered GROUP BY span
                )
                SELECT *, greatest(extract(epoch FROM starts_at - lag(ends_at, 1, $3::timestamptz) OVER (ORDER BY span)), 0)
                    ::double precision AS gap_before
                FROM spans ORDER BY span LIMIT $5
                """,
                [
                    .id(organization), .id(query.camera), .time(from), .time(query.to), .int(query.limit),
                ]
            ).map { row in
                RecordedSpan(
                    startsAt: try row.time("starts_at"), endsAt: try row.time("ends_at"),
                    gapBeforeSeconds: try row.get("gap_before"), sizeBytes: try row.get("size_bytes"),
                    segments: try row.get("segments"), codec: try row.word("codec"),
                    widthPixels: try row.get("width_pixels"), heightPixels: try row.get("height_pixels"),
                    hasAudio: try row.get("has_audio"), hasMotion: try row.optional("has_motion", as: Bool.self))
            }
        }
    }

    func existing(_ ids: [Identifier<Segment>]) async throws -> Set<Identifier<Segment>> {
        try await storing("segments") {
            let rows = try await pool.on(.settle).query(
                "SELECT id FROM segments WHERE id = ANY ($1::uuid[])", [.ids(ids)])
            return Set(try rows.map { try $0.id("id", of: Segment.self) })
        }
    }

    private static func segment(_ row: Row) throws -> SegmentRecord {
        SegmentRecord(
            id: try row.id("id"), organization: try row.id("organization_id"), site: try row.id("site_id"),
            camera: try row.id("camera_id"), run: try row.id("run_id"), startsAt: try row.time("starts_at"),
            endsAt: try row.time("ends_at"), mediaStart: MediaTime(nanoseconds: try row.get("media_start_ns")),
            mediaEnd: MediaTime(nanoseconds: try row.get("media_end_ns")), path: try row.get("path"),
            sizeBytes: try row.get("size_bytes"), sha256: try row.get("sha256"), codec: try row.word("codec"),
            widthPixels: try row.get("width_pixels"), heightPixels: try row.get("height_pixels"),
            videoFormat: try row.get("video_format"), audioFormat: try row.optional("audio_format", as: String.self),
            videoUnits: try row.get("video_units"), hasMotion: try row.optional("has_motion", as: Bool.self),
            isInterrupted: try row.get("is_interrupted"))
    }
}
