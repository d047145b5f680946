internal import Domain
package import PostgresKit

/// Rows in bulk, made by the server: for measuring, and for looking at plans. Organizations are named `bulk 1`….
package enum BulkRows {
    /// How many there will be; cameras are dealt out to the organizations in turn, and events to the cameras.
    package struct Size: Sendable {
        package var organizations: Int
        package var cameras: Int
        package var events: Int

        package init(organizations: Int, cameras: Int, events: Int) {
            self.organizations = organizations
            self.cameras = cameras
            self.events = events
        }
    }

    /// Path under the media folder that every clip names.
    package static let clipPath = "bulk/clip.mp4"
    /// Of every clip, by its row.
    package static let clipBytes = 4 << 20
    private static let chunk = 20_000

    /// `pool` must have the duty of migrations, or be of a user whom row security does not bind, and no time limit on
    /// statements. Events are a minute apart and end now.
    package static func fill(_ pool: Pool, _ size: Size, tell: (Int) -> Void = { _ in }) async throws {
        for statement in base {
            try await pool.query(
                statement.0, statement.needsSize ? [.int(size.organizations), .int(size.cameras)] : [])
        }
        var done = 0
        while done < size.events {
            let end = min(size.events, done + chunk)
            try await pool.query(events, [.int(done + 1), .int(end), .int(size.cameras), .int(size.events)])
            done = end
            tell(done)
        }
        for statement in rest { try await pool.query(statement, []) }
        // As it would have been done long before, had the rows come over months.
        try await pool.query("VACUUM (ANALYZE)")
    }

    private static let base: [(String, needsSize: Bool)] = [
        (
            """
            INSERT INTO organizations (id, name)
            SELECT gen_random_uuid(), 'bulk ' || n FROM generate_series(1, $1::int) n WHERE $2::int > 0
            """, true
        ),
        (
            """
            INSERT INTO sites (id, organization_id, name, time_zone)
            SELECT gen_random_uuid(), id, 'site ' || n, 'UTC' FROM organizations, generate_series(1, 2) n
            WHERE name LIKE 'bulk %'
            """, false
        ),
        (
            """
            INSERT INTO cameras (id, organization_id, site_id, name, enabled, url, transport, timeout_seconds,
                pre_roll_seconds, post_roll_seconds, merge_gap_seconds, cool_down_seconds, maximum_length_seconds,
                sensitivity, minimum_area)
            SELECT md5('camera ' || n)::uuid, o.id, s.id, 'camera ' || n, false, 'rtsp://127.0.0.1:1/x', 'tcp', 10, 5, 5, 1, 0,
                60, 0.5, 0.001
            FROM generate_series(1, $2::int) n
            JOIN organizations o ON o.name = 'bulk ' || (n - 1) % $1::int + 1
            JOIN sites s ON s.organization_id = o.id AND s.name = 'site ' || (n / $1::int) % 2 + 1
            """, true
        ),
        (
            """
            INSERT INTO api_keys (id, organization_id, name, prefix, hash, role, created_at)
            SELECT gen_random_uuid(), id, 'bulk ' || n, 'vdk_bulk',
                sha256(convert_to('vdk_bulk-organization-' || substr(name, 6) || '-key-' || n, 'UTF8')), 'administrator', now()
            FROM organizations, generate_series(1, 40) n WHERE name LIKE 'bulk %'
            """, false
        ),
    ]

    /// The secret of a key: of an organization from 1 on, and a key of it from 1 to 40.
    package static func secret(organization: Int, key: Int) -> String {
        "vdk_bulk-organization-\(organization)-key-\(key)"
    }

    // $1 to $2 numbers of events, $3 cameras, $4 all events.
    // `turn` decides what an event is like: the camera, and with it the organization, follows from n.
    private static let events = """
        WITH given AS (
            SELECT n, n / $3::int + n % $3::int * 37 AS turn, now() - ($4::int - n) * interval '1 minute' AS at, c.*
            FROM generate_series($1::int, $2::int) n
            JOIN (SELECT id AS camera_id, organization_id, site_id, substr(name, 8)::int AS number FROM cameras
                WHERE name LIKE 'camera %') c ON c.number = n % $3::int + 1
        ), made AS (
            SELECT *, CASE WHEN turn % 50 = 0 THEN 'uncertain' WHEN turn % 12 = 0 THEN 'abnormal' ELSE 'normal' END AS state,
                CASE WHEN turn % 12 = 0 THEN ARRAY['person'] WHEN turn % 70 = 0 THEN ARRAY['vehicle', 'animal'] ELSE '{}' END AS labels,
                (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' || substr(md5(n::text), 1, 3) || '8'
                || substr(md5(n::text), 4, 15))::uuid AS id, md5('verdict ' || n)::uuid AS verdict_id
            FROM given
        ), event AS (
            INSERT INTO events (id, organization_id, site_id, camera_id, kind, state, triggered_at, started_at, ended_at, score,
                boxes, thumbnail_path, analysis, current_verdict_id, verdict_state, verdict_confidence, verdict_labels, reviewed, starred, note,
                created_at, changed_at, evidence,
                clip_path, clip_starts_at, clip_duration_seconds, clip_size_bytes, clip_sha256, clip_codec, clip_width_pixels,
                clip_height_pixels, clip_has_audio, clip_video_units)
            SELECT id, organization_id, site_id, camera_id, CASE WHEN turn % 200 = 0 THEN 'tamper' ELSE 'motion' END,
                CASE WHEN turn % 500 = 0 THEN 'interrupted' ELSE 'ready' END, at, at, at + interval '7 seconds', 0.3,
                '[{"x": 0.1, "y": 0.2, "width": 0.05, "height": 0.2, "at_seconds": 5.2}]', 'bulk/thumbnail.jpg',
                'done', verdict_id, state, turn % 100 / 100.0, labels, turn % 2 = 0, turn % 997 = 0, CASE WHEN turn % 997 = 0 THEN 'looked at ' || n END, at, at,
                '[["bulk/evidence.jpg", 5.3, 768, 432, 40000, null]]',
                '\(clipPath)', at - interval '5 seconds', 17.4, \(clipBytes), repeat('ab', 32), 'h264', 1920, 1080, false, 261
            FROM made
        )
        INSERT INTO verdicts (id, organization_id, event_id, definition_version, analyzer, state, confidence, labels, summary,
            reason, model, latency_seconds, created_at)
        SELECT verdict_id, organization_id, id, 1, 'local',
            state, turn % 100 / 100.0, labels,
            'A person walks in, number ' || n || '.', 'because of ' || md5(n::text), 'm', 0.1, at
        FROM made
        """

    /// What hangs on a part of the events, and what grows beside them.
    private static let rest = [
        """
        INSERT INTO event_feedback (id, organization_id, event_id, author, author_name, state, created_at)
        SELECT md5('feedback ' || id)::uuid, organization_id, id, 'user:x', 'x', 'normal', changed_at FROM events WHERE reviewed
        """,
        "UPDATE events SET feedback_id = md5('feedback ' || id)::uuid WHERE reviewed",
        """
        INSERT INTO job_history (id, organization_id, kind, payload, priority, state, run_at, attempt, max_attempts,
            expirations, created_at, finished_at)
        SELECT gen_random_uuid(), organization_id, '\(JobKind.judgeEvent)', jsonb_build_object('event_id', id), 0,
            CASE WHEN starred THEN 'discarded' ELSE 'succeeded' END, triggered_at, 1, 12, 0, triggered_at, triggered_at
        FROM events ORDER BY triggered_at DESC LIMIT 20000
        """,
        """
        INSERT INTO audit_log SELECT gen_random_uuid(), organization_id, triggered_at, 'user', 'x', 'PATCH', '/', 200, '', ''
        FROM events ORDER BY triggered_at DESC LIMIT 20000
        """,
        """
        INSERT INTO segments (id, organization_id, site_id, camera_id, run_id, starts_at, ends_at, media_start_ns, media_end_ns,
            path, size_bytes, sha256, codec, width_pixels, height_pixels, video_format, video_units, has_motion, is_interrupted)
        SELECT gen_random_uuid(), organization_id, site_id, camera_id, md5('run ' || camera_id)::uuid, triggered_at,
            triggered_at + interval '1 minute', 0, 60000000000, 'x', 1000, 'ab', 'h264', 1, 1, 'f', 900, true, false
        FROM events ORDER BY triggered_at DESC LIMIT 20000
        """,
        """
        INSERT INTO exports (id, organization_id, camera_ids, event_ids, format, keeps_gaps, author, job_id, state, created_at,
            finished_at)
        SELECT gen_random_uuid(), organization_id, ARRAY[camera_id], ARRAY[id], 'zip', false, 'x', id, 'failed', triggered_at,
            triggered_at
        FROM events ORDER BY triggered_at DESC LIMIT 5000
        """,
        """
        INSERT INTO users (id, organization_id, name, password_hash, role, is_restricted, is_disabled, created_at)
        SELECT gen_random_uuid(), o.id, 'bulk-' || substr(o.name, 6) || '-' || n, 'x', 'viewer', false, false, now()
        FROM organizations o, generate_series(1, 100) n WHERE o.name LIKE 'bulk %'
        """,
        """
        WITH opened AS (
            INSERT INTO sessions (id, organization_id, user_id, created_at)
            SELECT gen_random_uuid(), organization_id, id, now() FROM users WHERE name LIKE 'bulk-%' RETURNING *
        )
        INSERT INTO session_tokens (hash, organization_id, session_id, kind, expires_at)
        SELECT sha256(convert_to(id::text, 'UTF8')), organization_id, id, 'access', now() + interval '1 hour' FROM opened
        """,
        """
        WITH made AS (
            INSERT INTO reanalyses (id, organization_id, state, request, request_hash, definition_version, policy, analyzer_ids,
                events, created_at)
            SELECT gen_random_uuid(), id, 'completed', '{}', n::text, 1, 'single', '{}', 100, now()
            FROM organizations, generate_series(1, 5) n WHERE name LIKE 'bulk %' RETURNING id, organization_id
        )
        INSERT INTO reanalysis_items (reanalysis_id, event_id, organization_id, state, old_state, new_state)
        SELECT made.id, e.id, e.organization_id, 'done', 'normal', 'abnormal'
        FROM made CROSS JOIN LATERAL (SELECT id, organization_id FROM events WHERE organization_id = made.organization_id
            ORDER BY triggered_at DESC LIMIT 200) e
        """,
        """
        WITH made AS (
            INSERT INTO definitions (id, organization_id, name, camera_id)
            SELECT gen_random_uuid(), organization_id, name, id FROM cameras WHERE name LIKE 'camera %'
            RETURNING id, organization_id
        )
        INSERT INTO definition_versions (id, organization_id, definition_id, version, normal, labels)
        SELECT gen_random_uuid(), organization_id, id, n, 'words ' || n, '{}' FROM made, generate_series(1, 40) n
        """,
    ]
}
