internal import Domain
internal import FoundationEssentials
internal import PostgresKit

extension PostgresFeedbackStore {
    /// Rows of one statement: more is refused, not cut.
    private static let mostPeriods = 100_000

    func verdictCounts(
        _ query: DriftQuery, before now: WallTime, of organization: Identifier<Organization>
    ) async throws -> [Drift.Series] {
        let step = query.step.rawValue
        let rows = try await storing("the verdicts by \(step)") {
            // A verdict of a re-analysis is one of chosen events. The first of an event counts, as nobody had seen it then.
            try await pool.of(organization).query(
                """
                WITH said AS (
                    SELECT DISTINCT ON (v.event_id, dv.definition_id, v.definition_version, v.analyzer)
                        dv.definition_id, v.definition_version, v.analyzer, e.camera_id, v.state, v.confidence,
                        date_trunc($2::text, e.triggered_at AT TIME ZONE 'UTC') AS period
                    FROM events e JOIN verdicts v ON v.event_id = e.id
                    LEFT JOIN definition_versions dv ON dv.id = v.definition_version_id
                    WHERE e.organization_id = $1 AND e.state <> 'deleting' AND ($3::uuid IS NULL OR e.camera_id = $3)
                        AND e.triggered_at < date_trunc($2::text, $4::timestamptz AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'
                        AND e.triggered_at >= (date_trunc($2::text, $4::timestamptz AT TIME ZONE 'UTC')
                            - make_interval(weeks => CASE $2::text WHEN 'week' THEN $5::int ELSE 0 END,
                                days => CASE $2::text WHEN 'day' THEN $5::int ELSE 0 END)) AT TIME ZONE 'UTC'
                        AND NOT EXISTS (SELECT FROM reanalysis_items i WHERE i.event_id = e.id AND i.new_verdict_id = v.id)
                    ORDER BY v.event_id, dv.definition_id, v.definition_version, v.analyzer, v.created_at, v.id
                )
                SELECT definition_id, definition_version, analyzer, camera_id, to_char(period, 'YYYY-MM-DD') AS start,
                    count(*) AS verdicts, count(*) FILTER (WHERE state = 'abnormal') AS abnormal,
                    sum(confidence) AS confidence, sum(confidence * confidence) AS squares
                FROM said GROUP BY definition_id, definition_version, analyzer, camera_id, period
                ORDER BY definition_id, definition_version, analyzer, camera_id, period
                LIMIT \(Self.mostPeriods + 1)
                """,
                [
                    .id(organization), .text(step), .optional(query.camera) { .id($0) }, .time(now),
                    .int(Drift.mostPeriods + 1),
                ])
        }
        guard rows.count <= Self.mostPeriods else {
            throw StoreError.conflict("there are too many groups; ask for one camera")
        }
        var series: [Drift.Series] = []
        for row in rows {
            let group = Accuracy.Group(
                definitionVersion: try row.get("definition_version"), analyzer: try row.get("analyzer"),
                camera: try row.id("camera_id"),
                definition: try row.optional("definition_id"))
            let period = Drift.Period(
                start: try row.get("start"), verdicts: try row.get("verdicts"), abnormal: try row.get("abnormal"),
                confidenceSum: try row.get("confidence"), confidenceSquares: try row.get("squares"))
            if series.last?.group == group {
                series[series.count - 1].periods.append(period)
            } else {
                series.append(Drift.Series(group: group, periods: [period]))
            }
        }
        return series
    }
}
