internal import Domain

extension JobHooks {
    private static let kind = "kind = 'judge_event'"
    private static let event = "(payload->>'event_id')::uuid"

    /// Moves events, with `moves (event_id, analysis, error)`, and tells of them.
    private static func move(_ name: String, _ rows: String) -> String {
        """
        , \(name)_moves AS (
            \(rows)
        ), \(name)_moved AS (
            UPDATE events SET analysis = m.analysis, analysis_error = m.error, changed_at = clock_timestamp()
            FROM \(name)_moves m WHERE events.id = m.event_id
            RETURNING \(Channel.notifyEvent(.updated, id: "events.id", organization: "events.organization_id"))
        )
        """
    }

    private static let failed =
        "SELECT \(event) AS event_id, 'failed' AS analysis, reason AS error FROM dead WHERE \(kind)"
    private static func waiting(_ source: String) -> String {
        "SELECT \(event) AS event_id, 'pending' AS analysis, NULL AS error FROM \(source) WHERE \(kind)"
    }

    /// How events follow the jobs that judge them: their `analysis` moves with the job, and the verdict that a job brings is
    /// stored with its completion and becomes the event's current one (I4).
    static let events = JobHooks(
        claim: move(
            "event",
            """
            SELECT \(event) AS event_id, 'running' AS analysis, NULL AS error FROM taken WHERE \(kind)
                UNION ALL \(failed)
            """),
        complete: """
            , said AS (
                INSERT INTO verdicts (id, organization_id, event_id, definition_version_id, definition_version, analyzer_id,
                    analyzer, state, confidence, labels, summary, reason, model, latency_seconds, prompt_tokens,
                    completion_tokens, prompt_hash, created_at)
                SELECT r.id, e.organization_id, e.id,
                    (SELECT v.id FROM definition_versions v JOIN definitions d ON d.id = v.definition_id
                        WHERE d.organization_id = e.organization_id AND d.is_default AND v.version = r.definition_version),
                    r.definition_version,
                    (SELECT id FROM analyzers WHERE organization_id = e.organization_id AND name = r.analyzer),
                    r.analyzer, r.state, r.confidence, r.labels, r.summary, r.reason, r.model, r.latency_seconds,
                    r.prompt_tokens, r.completion_tokens, r.prompt_hash, r.created_at
                FROM done
                CROSS JOIN LATERAL jsonb_to_record(done.result) r (id uuid, event_id uuid, definition_version int,
                    analyzer text, state text, confidence float8, labels text[], summary text, reason text, model text,
                    latency_seconds float8, prompt_tokens int, completion_tokens int, prompt_hash text,
                    created_at timestamptz)
                JOIN events e ON e.id = r.event_id AND e.organization_id = done.organization_id
                WHERE done.result IS NOT NULL AND e.state <> 'deleting'
                RETURNING id, event_id
            ), event_moved AS (
                UPDATE events SET current_verdict_id = coalesce(said.id, current_verdict_id),
                    analysis = CASE WHEN coalesce(said.id, current_verdict_id) IS NULL THEN 'skipped' ELSE 'done' END,
                    analysis_error = CASE WHEN coalesce(said.id, current_verdict_id) IS NULL
                        THEN 'judging ended without a verdict' END,
                    changed_at = clock_timestamp()
                FROM done LEFT JOIN said ON said.id = (done.result->>'id')::uuid
                WHERE done.\(kind) AND events.id = (done.payload->>'event_id')::uuid
                RETURNING \(Channel.notifyEvent(.updated, id: "events.id", organization: "events.organization_id"))
            )
            """,
        fail: move("event", "\(failed) UNION ALL \(waiting("retried"))"),
        release: move("event", waiting("released")),
        cancel: move(
            "event",
            """
            SELECT \(event) AS event_id, 'skipped' AS analysis, 'its judging was cancelled' AS error FROM dead WHERE \(kind)
            """))
}
