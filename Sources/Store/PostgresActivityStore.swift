internal import Domain
internal import PostgresKit

/// Activity in PostgreSQL: a row for each camera and minute in which something moved.
struct PostgresActivityStore: ActivityStore {
    let pool: Pool

    func add(_ minutes: [ActivityMinute]) async throws {
        for (organization, own) in Dictionary(grouping: minutes, by: \.organization) {
            try await storing("activity") {
                try await pool.of(organization).query(
                    // A minute that is there already is one that two connections shared, or a repetition: bytes of it that say
                    // the same twice are read as once.
                    """
                    INSERT INTO activity AS a (organization_id, camera_id, minute, seconds)
                    SELECT $1, camera, minute, seconds
                    FROM unnest($2::uuid[], $3::timestamptz[], $4::bytea[]) AS given (camera, minute, seconds)
                    ON CONFLICT (camera_id, minute) DO UPDATE SET seconds = a.seconds || excluded.seconds
                    """,
                    [
                        .id(organization), .array(own.map { $0.camera.description }),
                        .array(own.map { $0.begins.rfc3339 }), .array(own.map { PostgresValue.hexadecimal($0.bytes) }),
                    ], prepare: true)
            }
        }
    }

    func activity(
        of camera: Identifier<Camera>, in organization: Identifier<Organization>, from: WallTime, to: WallTime,
        limit: Int
    ) async throws -> [ActivityMinute] {
        try await storing("activity of camera \(camera)") {
            try await pool.of(organization).query(
                """
                SELECT minute, seconds FROM activity
                WHERE organization_id = $1 AND camera_id = $2 AND minute > $3::timestamptz - interval '1 minute'
                    AND minute < $4::timestamptz
                ORDER BY minute LIMIT $5
                """, [.id(organization), .id(camera), .time(from), .time(to), .int(limit)], prepare: true
            ).map { row in
                ActivityMinute(
                    camera: camera, organization: organization,
                    minute: try row.time("minute").nanosecondsSinceEpoch / 60_000_000_000,
                    seconds: ActivityMinute.seconds(of: try row.get("seconds")))
            }
        }
    }

    func removeActivity(before time: WallTime) async throws -> Int {
        try await storing("old activity") {
            try await pool.on(.ingest).query(
                "WITH gone AS (DELETE FROM activity WHERE minute < $1 RETURNING 1) SELECT count(*) AS number FROM gone",
                [.time(time)]
            ).first?.get("number") ?? 0
        }
    }
}
