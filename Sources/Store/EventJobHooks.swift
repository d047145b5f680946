internal import Domain

extension JobHooks {
    private static let kind = "kind = '\(JobKind.judgeEvent)'"
    private static let event = "(payload->>'event_id')::uuid"

    // The plans of these statements are made once and kept (`PostgresJobQueue.session`), also where tables were empty then, which
    // makes reading all of one look as cheap as searching it. Next to each join with a table is therefore the same condition
    // as `= ANY (ARRAY(…))`, which is searched for at any size.
    //
    // Below row security a table's index is searched only for what no function that might leak is part of. What a payload
    // names is therefore read first, in a CTE that is not merged into the statement (`MATERIALIZED`).

    /// Moves events, with `moves (event_id, analysis, error)`, and tells of them.
    private static func move(_ name: String, _ rows: String) -> String {
        """
        , \(name)_moves AS MATERIALIZED (
            \(rows)
        ), \(name)_moved AS (
            UPDATE events SET changed_at = clock_timestamp(),
                -- Asking again that was cancelled leaves what was answered before.
                analysis = CASE WHEN m.analysis = 'skipped' AND current_verdict_id IS NOT NULL THEN 'done'
                    ELSE m.analysis END,
                analysis_error = CASE WHEN m.analysis = 'skipped' AND current_verdict_id IS NOT NULL THEN NULL
                    ELSE m.error END
            FROM \(name)_moves m WHERE events.id = m.event_id AND events.id = ANY (ARRAY(SELECT event_id FROM \(name)_moves))
            RETURNING \(Channel.notifyEvent(.updated, id: "events.id", organization: "events.organization_id"))
        )
        """
    }

    private static let failed =
        "SELECT \(event) AS event_id, 'failed' AS analysis, reason AS error FROM dead WHERE \(kind)"
    private static func waiting(_ source: String) -> String {
        "SELECT \(event) AS event_id, 'pending' AS analysis, NULL AS error FROM \(source) WHERE \(kind)"
    }

    private static let again = "kind = '\(JobKind.judgeAgain)'"

    /// Counts the items that a CTE ended in their re-analyses, which may be complete by that.
    private static func tally(_ items: String, failed: Bool) -> String {
        """
        \(items)_tally AS (
            UPDATE reanalyses r SET \(failed ? "failed = r.failed" : "done = r.done") + t.number, tokens = r.tokens + t.tokens,
                money = r.money + t.money,
                state = CASE WHEN r.done + r.failed + t.number >= r.events AND r.state IN ('running', 'paused')
                    THEN 'completed' ELSE r.state END,
                finished_at = CASE WHEN r.done + r.failed + t.number >= r.events THEN clock.now ELSE r.finished_at END
            FROM clock, (SELECT reanalysis_id, count(*) AS number, sum(tokens) AS tokens, sum(cost) AS money
                FROM \(items) GROUP BY reanalysis_id) t
            WHERE r.id = t.reanalysis_id AND r.id = ANY (ARRAY(SELECT reanalysis_id FROM \(items)))
        )
        """
    }

    /// What happens to a re-analysis' event whose job is `dead`.
    private static let itemFailed = """
        , dead_items AS MATERIALIZED (
            SELECT batch_id, \(event) AS event_id, reason FROM dead WHERE \(again)
        ), item_failed AS (
            UPDATE reanalysis_items i SET state = 'failed', error = d.reason, finished_at = clock.now
            FROM clock, dead_items d
            WHERE i.reanalysis_id = d.batch_id AND i.event_id = d.event_id AND i.state = 'pending'
                AND i.reanalysis_id = ANY (ARRAY(SELECT batch_id FROM dead_items))
                AND i.event_id = ANY (ARRAY(SELECT event_id FROM dead_items))
            RETURNING i.reanalysis_id, 0 AS tokens, 0::float8 AS cost
        ), \(tally("item_failed", failed: true))
        """

    /// Jobs that judge events, and events again. How events follow the jobs that judge them: their `analysis` moves with the job, and the verdict that a job brings is
    /// stored with its completion and becomes the event's current one (I4).
    static let judging = JobHooks(
        kinds: [JobKind.judgeEvent, JobKind.judgeAgain],
        claim: move(
            "event", "SELECT \(event) AS event_id, 'running' AS analysis, NULL AS error FROM taken WHERE \(kind)"),
        bury: move("event", failed) + itemFailed,
        complete: """
            , said AS (
                INSERT INTO verdicts (id, organization_id, event_id, definition_version_id, definition_version, analyzer_id,
                    analyzer, state, confidence, labels, summary, reason, model, latency_seconds, prompt_tokens,
                    completion_tokens, prompt_hash, created_at, policy, opinions, cost)
                SELECT r.id, e.organization_id, e.id,
                    (SELECT v.id FROM definition_versions v JOIN definitions d ON d.id = v.definition_id
                        WHERE d.organization_id = e.organization_id AND CASE WHEN r.definition_version_id IS NULL
                            THEN d.is_default AND v.version = r.definition_version ELSE v.id = r.definition_version_id END),
                    r.definition_version,
                    (SELECT id FROM analyzers WHERE organization_id = e.organization_id AND name = r.analyzer),
                    r.analyzer, r.state, r.confidence, r.labels, r.summary, r.reason, r.model, r.latency_seconds,
                    r.prompt_tokens, r.completion_tokens, r.prompt_hash, r.created_at, r.policy, r.opinions, r.cost
                FROM done
                CROSS JOIN LATERAL jsonb_to_record(done.result) r (id uuid, event_id uuid, definition_version int,
                    definition_version_id uuid,
                    analyzer text, state text, confidence float8, labels text[], summary text, reason text, model text,
                    latency_seconds float8, prompt_tokens int, completion_tokens int, prompt_hash text,
                    created_at timestamptz, policy text, opinions jsonb, cost float8)
                JOIN events e ON e.id = r.event_id AND e.organization_id = done.organization_id
                WHERE done.result IS NOT NULL AND e.state <> 'deleting'
                    AND e.id = ANY (ARRAY(SELECT (result->>'event_id')::uuid FROM done))
                RETURNING id, event_id, organization_id, state, confidence, labels,
                    coalesce(prompt_tokens, 0) + coalesce(completion_tokens, 0) AS tokens, cost
            ), judged AS MATERIALIZED (
                SELECT \(event) AS event_id, (result->>'id')::uuid AS verdict_id FROM done WHERE \(kind)
            ), event_moved AS (
                UPDATE events SET current_verdict_id = coalesce(said.id, current_verdict_id),
                    verdict_state = CASE WHEN said.id IS NULL THEN verdict_state ELSE said.state END,
                    verdict_confidence = CASE WHEN said.id IS NULL THEN verdict_confidence ELSE said.confidence END,
                    verdict_labels = CASE WHEN said.id IS NULL THEN verdict_labels ELSE said.labels END,
                    analysis = CASE WHEN coalesce(said.id, current_verdict_id) IS NULL THEN 'skipped' ELSE 'done' END,
                    analysis_error = CASE WHEN coalesce(said.id, current_verdict_id) IS NULL
                        THEN 'judging ended without a verdict' END,
                    changed_at = clock_timestamp()
                FROM judged LEFT JOIN said ON said.id = judged.verdict_id
                WHERE events.id = judged.event_id AND events.id = ANY (ARRAY(SELECT event_id FROM judged))
                RETURNING \(Channel.notifyEvent(.updated, id: "events.id", organization: "events.organization_id"))
            ), item_done AS (
                UPDATE reanalysis_items i SET state = 'done', new_verdict_id = said.id, new_state = said.state, error = NULL,
                    finished_at = clock.now
                FROM clock, done JOIN said ON said.id = (done.result->>'id')::uuid
                WHERE done.\(again) AND i.reanalysis_id = done.batch_id AND i.event_id = said.event_id
                    AND i.state = 'pending' AND i.reanalysis_id = ANY (ARRAY(SELECT batch_id FROM done))
                    AND i.event_id = ANY (ARRAY(SELECT event_id FROM said))
                RETURNING i.reanalysis_id, said.tokens, said.cost
            ), \(tally("item_done", failed: false))
            """,
        fail: move("event", "\(failed) UNION ALL \(waiting("retried"))") + itemFailed,
        release: move("event", waiting("released")),
        cancel: move(
            "event",
            """
            SELECT \(event) AS event_id, 'skipped' AS analysis, 'its judging was cancelled' AS error FROM dead WHERE \(kind)
            """) + itemFailed)
}
