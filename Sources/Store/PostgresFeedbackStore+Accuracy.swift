internal import Domain
internal import FoundationEssentials
internal import PostgresKit

extension PostgresFeedbackStore {
    /// Rows of one statement: more is refused, not cut.
    private static let mostTallies = 50_000

    /// `$1` organization, `$2` camera, `$3` from, `$4` to (null for any), `$5` and `$6` whether to group by camera and week.
    /// An event's other verdicts of the same analyzer and definition version count once, with the newest.
    private static let judged = """
        WITH judged AS (
            SELECT DISTINCT ON (v.event_id, dv.definition_id, v.definition_version, v.analyzer)
                dv.definition_id, v.definition_version, v.analyzer, v.state, v.confidence, v.labels, f.state AS truth, f.labels AS true_labels,
                CASE WHEN $5::boolean THEN e.camera_id END AS camera_id,
                CASE WHEN $6::boolean THEN to_char(date_trunc('week', e.triggered_at AT TIME ZONE 'UTC'), 'YYYY-MM-DD') END
                    AS week
            FROM events e
            JOIN event_feedback f ON f.id = e.feedback_id
            JOIN verdicts v ON v.event_id = e.id
            LEFT JOIN definition_versions dv ON dv.id = v.definition_version_id
            WHERE e.organization_id = $1 AND e.feedback_id IS NOT NULL AND e.state <> 'deleting'
                AND ($2::uuid IS NULL OR e.camera_id = $2) AND ($3::timestamptz IS NULL OR e.triggered_at >= $3)
                AND ($4::timestamptz IS NULL OR e.triggered_at < $4)
            ORDER BY v.event_id, dv.definition_id, v.definition_version, v.analyzer, v.created_at DESC, v.id DESC
        )
        """

    func accuracy(_ query: AccuracyQuery, of organization: Identifier<Organization>) async throws -> [Accuracy] {
        let parameters: [PostgresValue] = [
            .id(organization), .optional(query.camera) { .id($0) }, .optional(query.from) { .time($0) },
            .optional(query.to) { .time($0) }, .bool(query.byCamera), .bool(query.byWeek),
        ]
        return try await storing("the accuracy of verdicts") {
            let tallies = try await read(
                """
                \(Self.judged)
                SELECT definition_id, definition_version, analyzer, camera_id, week, state, truth,
                    least(9, floor(confidence * 10))::int AS bin, count(*) AS number, sum(confidence) AS confidence
                FROM judged GROUP BY definition_id, definition_version, analyzer, camera_id, week, state, truth, bin
                """, parameters, organization
            ) { row, group in
                Accuracy.Tally(
                    group: group, verdict: try row.word("state"), truth: try row.word("truth"),
                    bin: try row.get("bin"), count: try row.get("number"), confidenceSum: try row.get("confidence"))
            }
            let labels = try await read(
                """
                \(Self.judged)
                SELECT definition_id, definition_version, analyzer, camera_id, week, label,
                    count(*) FILTER (WHERE label = ANY (labels) AND label = ANY (true_labels)) AS both,
                    count(*) FILTER (WHERE label <> ALL (true_labels)) AS only_said,
                    count(*) FILTER (WHERE label <> ALL (labels)) AS only_true
                FROM judged, LATERAL (SELECT DISTINCT label FROM unnest(labels || true_labels) label) named
                GROUP BY definition_id, definition_version, analyzer, camera_id, week, label
                """, parameters, organization
            ) { row, group in
                Accuracy.LabelTally(
                    group: group, label: try row.get("label"), both: try row.get("both"),
                    onlySaid: try row.get("only_said"), onlyTrue: try row.get("only_true"))
            }
            return Accuracy.groups(tallies, labels: labels)
        }
    }

    private func read<Value>(
        _ sql: String, _ parameters: [PostgresValue], _ organization: Identifier<Organization>,
        _ make: (Row, Accuracy.Group) throws -> Value
    ) async throws -> [Value] {
        let rows = try await pool.of(organization).query(sql + " LIMIT \(Self.mostTallies + 1)", parameters)
        guard rows.count <= Self.mostTallies else {
            throw StoreError.conflict("there are too many groups; ask for a shorter time or one camera")
        }
        return try rows.map { row in
            let group = Accuracy.Group(
                definitionVersion: try row.get("definition_version"), analyzer: try row.get("analyzer"),
                camera: try row.optional("camera_id"),
                week: try row.optional("week"),
                definition: try row.optional("definition_id"))
            return try make(row, group)
        }
    }
}
