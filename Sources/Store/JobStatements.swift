internal import Domain

/// The SQL of the queue. `$1` is always the time to use, null for the server's.
enum JobStatements {
    private static let clock = "clock AS (SELECT coalesce($1::timestamptz, clock_timestamp()) AS now)"
    private static let noLease = "lease_token = NULL, lease_owner = NULL, lease_expires_at = NULL"

    /// Tells of the events that a CTE `moved` changed, in a subquery of the final `SELECT`.
    private static let tellOfMoved = """
        (SELECT count(\(Channel.notifyEvent(.updated, id: "moved.id", organization: "moved.organization_id"))) FROM moved)
        """

    /// `$2` kinds, `$3` limit, `$4` owner, `$5` seconds. Leases that ran out come first, because they have waited longest; those
    /// whose attempts are used up are discarded. The commit does not wait for the disk: a claim that a crash undoes is made
    /// again.
    static let claim = """
        WITH clock AS (
            SELECT coalesce($1::timestamptz, clock_timestamp()) AS now,
                set_config('synchronous_commit', 'off', true) AS relaxed
        ), expired AS (
            SELECT id, attempt < max_attempts AS is_left FROM jobs
            WHERE state = 'leased' AND lease_expires_at <= (SELECT now FROM clock) AND kind = ANY ($2::text[])
            ORDER BY lease_expires_at LIMIT $3 FOR UPDATE SKIP LOCKED
        ), runnable AS (
            SELECT id FROM jobs
            WHERE state IN ('available', 'scheduled', 'retryable') AND run_at <= (SELECT now FROM clock)
                AND kind = ANY ($2::text[])
            ORDER BY priority, run_at, id
            LIMIT greatest(0, $3::bigint - (SELECT count(*) FROM expired WHERE is_left)) FOR UPDATE SKIP LOCKED
        ), dead AS (
            UPDATE jobs SET state = 'discarded', finished_at = clock.now, expirations = expirations + 1, \(noLease),
                last_error = 'the lease expired ' || expirations + 1 || ' times: the workers that had this job ended or hung'
            FROM clock WHERE id IN (SELECT id FROM expired WHERE NOT is_left)
            RETURNING event_id, last_error
        ), taken AS (
            UPDATE jobs SET state = 'leased', attempt = attempt + 1, lease_token = gen_random_uuid(), lease_owner = $4,
                expirations = expirations + (state = 'leased')::int,
                lease_expires_at = clock.now + make_interval(secs => $5)
            FROM clock WHERE id IN (SELECT id FROM expired WHERE is_left UNION ALL SELECT id FROM runnable)
            RETURNING id, organization_id, kind, payload, state, attempt, max_attempts, lease_token, priority, run_at,
                event_id
        ), moving AS (
            SELECT event_id, 'running' AS analysis, NULL AS error FROM taken WHERE event_id IS NOT NULL
            UNION ALL SELECT event_id, 'failed', last_error FROM dead WHERE event_id IS NOT NULL
        ), moved AS (
            UPDATE events SET analysis = moving.analysis, analysis_error = moving.error, changed_at = clock_timestamp()
            FROM moving WHERE events.id = moving.event_id
            RETURNING events.id, events.organization_id
        ), told AS (
            SELECT \(tellOfMoved) AS number, relaxed FROM clock
        )
        SELECT taken.* FROM told LEFT JOIN taken ON true WHERE taken.id IS NOT NULL ORDER BY priority, run_at, id
        """

    /// `$2` jobs, `$3` their tokens, `$4` seconds.
    static let renew = """
        WITH \(clock)
        UPDATE jobs SET lease_expires_at = clock.now + make_interval(secs => $4)
        FROM clock, unnest($2::uuid[], $3::uuid[]) held (id, token)
        WHERE jobs.id = held.id AND jobs.lease_token = held.token AND jobs.state = 'leased'
        RETURNING jobs.lease_token
        """

    /// `$2` job, `$3` token, `$4`… the verdict or nulls. The verdict that a job brings becomes the event's current one.
    static let complete = """
        WITH \(clock), done AS (
            UPDATE jobs SET state = 'succeeded', finished_at = clock.now, last_error = NULL, \(noLease)
            FROM clock WHERE id = $2 AND lease_token = $3 AND state = 'leased'
            RETURNING id, event_id, organization_id
        ), said AS (
            INSERT INTO verdicts (id, organization_id, event_id, definition_version_id, definition_version, analyzer_id,
                analyzer, state, confidence, labels, summary, reason, model, latency_seconds, prompt_tokens,
                completion_tokens, prompt_hash, created_at)
            SELECT $4, e.organization_id, e.id,
                (SELECT v.id FROM definition_versions v JOIN definitions d ON d.id = v.definition_id
                    WHERE d.organization_id = e.organization_id AND d.is_default AND v.version = $6),
                $6, (SELECT id FROM analyzers WHERE organization_id = e.organization_id AND name = $7),
                $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18
            FROM done JOIN events e ON e.organization_id = done.organization_id
            WHERE e.id = $5 AND e.state <> 'deleting' AND $4::uuid IS NOT NULL
            RETURNING id, event_id
        ), moved AS (
            UPDATE events SET current_verdict_id = coalesce(said.id, current_verdict_id),
                analysis = CASE WHEN coalesce(said.id, current_verdict_id) IS NULL THEN 'skipped' ELSE 'done' END,
                analysis_error = CASE WHEN coalesce(said.id, current_verdict_id) IS NULL
                    THEN 'judging ended without a verdict' END,
                changed_at = clock_timestamp()
            FROM done LEFT JOIN said ON said.event_id = done.event_id
            WHERE events.id = done.event_id
            RETURNING events.id, events.organization_id
        )
        SELECT done.id, \(tellOfMoved) AS told FROM done
        """

    /// `$2` job, `$3` token, `$4` reason, `$5` whether to give up, `$6` seconds until the next run.
    static let fail = """
        WITH \(clock), failed AS (
            UPDATE jobs SET last_error = $4, \(noLease),
                state = CASE WHEN $5::boolean OR attempt >= max_attempts THEN 'discarded' ELSE 'retryable' END,
                finished_at = CASE WHEN $5::boolean OR attempt >= max_attempts THEN clock.now END,
                run_at = clock.now + make_interval(secs => $6)
            FROM clock WHERE id = $2 AND lease_token = $3 AND state = 'leased'
            RETURNING id, event_id, state
        ), moved AS (
            UPDATE events SET analysis = CASE failed.state WHEN 'discarded' THEN 'failed' ELSE 'pending' END,
                analysis_error = CASE failed.state WHEN 'discarded' THEN $4 END, changed_at = clock_timestamp()
            FROM failed WHERE events.id = failed.event_id
            RETURNING events.id, events.organization_id
        )
        SELECT failed.id, \(tellOfMoved) AS told FROM failed
        """

    /// `$2` jobs, `$3` their tokens.
    static let release = """
        WITH \(clock), released AS (
            UPDATE jobs SET state = 'available', attempt = attempt - 1, run_at = clock.now, \(noLease)
            FROM clock, unnest($2::uuid[], $3::uuid[]) held (id, token)
            WHERE jobs.id = held.id AND jobs.lease_token = held.token AND jobs.state = 'leased'
            RETURNING jobs.id, jobs.kind, jobs.event_id
        ), moved AS (
            UPDATE events SET analysis = 'pending', changed_at = clock_timestamp()
            FROM released WHERE events.id = released.event_id
            RETURNING events.id, events.organization_id
        )
        SELECT pg_notify('\(Channel.jobs)', kind), \(tellOfMoved) AS told FROM released
        """
}
