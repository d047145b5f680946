import Domain
import Foundation
import Hummingbird
import HummingbirdTesting
import PostgresKit
import TestSupport
import Testing

@testable import API

@Suite(.enabled(if: TestDatabase.isAvailable, "needs an installed PostgreSQL server"))
struct DriftRouteTests {
    /// `count` judged events in the week so many weeks ago, `abnormal` of them.
    private static func judge(
        _ count: Int, abnormal: Int, weeksAgo: Int, confidence: Double, _ api: TestAPI
    ) async throws {
        try await api.pool.query(
            """
            WITH made AS (
                INSERT INTO events (id, organization_id, site_id, camera_id, kind, state, triggered_at, started_at, ended_at, score,
                    analysis, clip_path, clip_starts_at, clip_duration_seconds, clip_size_bytes, clip_sha256, clip_codec,
                    clip_width_pixels, clip_height_pixels, clip_has_audio, clip_video_units)
                SELECT gen_random_uuid(), $1::uuid, $2::uuid, $3::uuid, 'motion', 'ready', at, at, at, 0.3, 'pending',
                    'x', at, 10, 1000, repeat('ab', 32), 'h264', 1, 1, false, 1
                FROM generate_series(1, $4::int) n, LATERAL (SELECT (date_trunc('week', $6::timestamptz AT TIME ZONE 'UTC')
                    - make_interval(weeks => $7::int)) AT TIME ZONE 'UTC' + n * interval '1 hour' AS at) t
                RETURNING id
            )
            INSERT INTO verdicts (id, organization_id, event_id, definition_version, analyzer, state, confidence, labels, summary,
                reason, model, latency_seconds, created_at)
            SELECT gen_random_uuid(), $1::uuid, id, 1, 'vlm', CASE WHEN row_number() OVER () <= $5::int THEN 'abnormal' ELSE 'normal' END,
                $8::float8, '{}', 's', 'r', 'm', 1, now() FROM made
            """,
            [
                .uuid(api.own.organization.uuid), .uuid(api.own.site.uuid), .uuid(api.own.camera.id.uuid), .int(count),
                .int(abnormal), .text(api.clock.now.rfc3339), .int(weeksAgo), .double(confidence),
            ])
    }

    @Test func `a week unlike those before it is an alarm; the running week and re-analyses do not count`() async throws
    {
        try await TestAPI.with { api async throws in
            let key = api.own.keys[.viewer]
            for week in 2...9 {
                try await Self.judge(50, abnormal: 5, weeksAgo: week, confidence: 0.8, api)
            }
            try await Self.judge(50, abnormal: 6, weeksAgo: 1, confidence: 0.8, api)
            try await Self.judge(40, abnormal: 40, weeksAgo: 0, confidence: 0.1, api)
            func items(_ query: String = "") async throws -> [[String: Any]] {
                let answer = try await api.send(.get, "/v1/accuracy/drift" + query, key: key)
                #expect(answer.status == .ok)
                return try #require(try TestAPI.object(answer)["items"] as? [[String: Any]])
            }
            let calm = try await items()
            #expect(calm.count == 1)
            #expect(calm[0]["alarm"] as? Bool == false && calm[0]["history"] as? Int == 8)
            #expect(
                calm[0]["verdicts"] as? Int == 50 && calm[0]["camera_id"] as? String == api.own.camera.id.description)
            let share = try #require(calm[0]["abnormal_share"] as? [String: Any])
            #expect(share["observed"] as? Double == 0.12 && share["expected"] as? Double == 0.1)
            #expect(try await items("?alarm=true").isEmpty)

            // The same verdicts as answers of a re-analysis change nothing.
            try await api.pool.query(
                """
                WITH again AS (
                    INSERT INTO verdicts SELECT (jsonb_populate_record(v, jsonb_build_object('id', gen_random_uuid(),
                        'state', 'abnormal', 'created_at', created_at - interval '1 hour'))).* FROM verdicts v WHERE analyzer = 'vlm'
                    RETURNING id, event_id, organization_id
                )
                INSERT INTO reanalysis_items (reanalysis_id, event_id, organization_id, new_verdict_id, state)
                SELECT $1::uuid, event_id, organization_id, id, 'done' FROM again
                """, [.uuid(api.own.reanalysis.uuid)])
            #expect(try await items()[0]["alarm"] as? Bool == false)

            // More abnormal ones in the last whole week, as if they had been from the start: verdicts are append-only.
            try await api.pool.query("ALTER TABLE verdicts DISABLE TRIGGER USER")
            try await api.pool.query(
                """
                UPDATE verdicts v SET state = 'abnormal' FROM events e WHERE e.id = v.event_id AND v.analyzer = 'vlm'
                    AND e.triggered_at >= (date_trunc('week', $1::timestamptz AT TIME ZONE 'UTC') - interval '1 week')
                        AT TIME ZONE 'UTC'
                """, [.text(api.clock.now.rfc3339)])
            try await api.pool.query("ALTER TABLE verdicts ENABLE TRIGGER USER")
            let shifted = try await items("?alarm=true&camera_id=\(api.own.camera.id)")
            #expect(shifted.count == 1)
            #expect((shifted[0]["abnormal_share"] as? [String: Any])?["alarm"] as? Bool == true)
            #expect((shifted[0]["confidence"] as? [String: Any])?["alarm"] as? Bool == false)
            #expect(try await items("?camera_id=\(api.other.camera.id)").isEmpty)
            _ = try await items("?period=day")
            let theirs = try await api.send(.get, "/v1/accuracy/drift", key: api.other.keys[.administrator])
            #expect((try TestAPI.object(theirs)["items"] as? [Any])?.isEmpty == true)
            for query in ["?period=year", "?alarm=loud", "?week=1"] {
                let refused = try await api.send(.get, "/v1/accuracy/drift" + query, key: key)
                #expect(refused.status == .unprocessableContent, "\(query)")
            }
        }
    }

    @Test
    func `the queue's depth and age and the analyzers' use are there for Prometheus, of one's own organization only`()
        async throws
    {
        try await TestAPI.with { api async throws in
            let answer = try await api.send(.get, "/metrics", key: api.own.keys[.viewer])
            #expect(answer.status == .ok)
            #expect(answer.headers[.contentType] == "text/plain; version=0.0.4; charset=utf-8")
            let text = String(buffer: answer.body)
            let lines = text.split(separator: "\n")
            #expect(
                lines.contains { $0.hasPrefix("vedette_jobs{kind=\"") && $0.contains("state=\"available\"} ") },
                "\(text)")
            #expect(lines.contains { $0.hasPrefix("vedette_jobs_oldest_seconds{kind=\"") })
            #expect(lines.contains("# TYPE vedette_jobs_oldest_seconds gauge"))
            #expect(lines.contains("vedette_analyzer_blocked{analyzer=\"own judge\"} 0.0"))
            #expect(!text.contains("other judge"))
            // Each line is a comment or a sample of Prometheus's grammar.
            let sample = /[a-z_]+\{([a-z_]+="[^"\\]*",?)*\} -?[0-9.e+-]+/
            for line in lines where !line.hasPrefix("# ") { #expect(try sample.wholeMatch(in: line) != nil, "\(line)") }
            #expect(try await api.send(.get, "/metrics").status == .unauthorized)
        }
    }

    @Test func `labels are escaped`() {
        var text = MetricsText()
        text.family("a", "b", [([("name", "x\"y\\z\nw")], 1)])
        #expect(text.lines == "# HELP a b\n# TYPE a gauge\na{name=\"x\\\"y\\\\z\\nw\"} 1.0\n")
    }

    @Test func `a re-analysis may ask for other pictures`() async throws {
        try await TestAPI.with { api async throws in
            let key = api.own.keys[.administrator]
            _ = try await api.store.judging.define(normal: "quiet", labels: [], of: api.own.organization)
            let made = try await api.send(
                .post, "/v1/reanalyses", key: key,
                #"{"filter": {"q": "no such event"}, "analyzers": ["own judge"], "frames": {"source": "clip", "count": 6}}"#
            )
            #expect(made.status == .created, "\(String(buffer: made.body))")
            let frames = try #require(try TestAPI.object(made)["frames"] as? [String: Any])
            #expect(frames["source"] as? String == "clip" && frames["count"] as? Int == 6)
            for (body, field) in [
                (#"{"source": "dream"}"#, "frames.source"), (#"{"source": "clip", "count": 33}"#, "frames.count"),
                (#"{"source": "evidence", "count": 3}"#, "frames.count"),
            ] {
                let refused = try await api.send(.post, "/v1/reanalyses", key: key, "{\"frames\": \(body)}")
                #expect(refused.status == .unprocessableContent, "\(body)")
                let errors = try TestAPI.object(refused)["errors"] as? [[String: Any]]
                #expect(errors?.contains { $0["field"] as? String == field } == true, "\(body)")
            }
        }
    }
}
