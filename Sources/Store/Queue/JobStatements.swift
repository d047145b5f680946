internal import Domain

/// The SQL of the queue: each method of the port is one statement. `$1` is always the time to use, null for the server's.
///
/// It knows nothing of what jobs are about; `hooks` adds what must change in the same statement. Sessions that run these
/// have `PostgresJobQueue.session`, so that a plan which is made for an empty table and kept serves the full one, too; that is
/// also why joins with `jobs` have the same condition once more as `= ANY`.
struct JobStatements: Sendable {
    let insert: String
    let insertOne: String
    let claim: String
    let claimTold: String
    let bury: String
    let renew: String
    let complete: String
    let fail: String
    let release: String
    let cancel: String
    let revive: String

    private static let clock = "clock AS MATERIALIZED (SELECT coalesce($1::timestamptz, clock_timestamp()) AS now)"
    /// The jobs `$2` whose tokens are `$3`, locked in the order of their ids: a statement that waits for a row keeps it locked even
    /// where it then finds another token in it, so two that go through several rows need the same order.
    private static let held = """
        held AS MATERIALIZED (
                SELECT jobs.id FROM jobs JOIN unnest($2::uuid[], $3::uuid[]) given (id, token)
                    ON jobs.id = given.id AND jobs.lease_token = given.token
                WHERE jobs.id = ANY ($2::uuid[])
                ORDER BY jobs.id FOR UPDATE OF jobs
            )
        """
    private static let noLease = "lease_token = NULL, lease_owner = NULL, lease_expires_at = NULL"
    private static let columns = """
        id, organization_id, kind, payload, priority, run_at, attempt, max_attempts, expirations, lease_owner, unique_key,
            batch_id, created_at, errors
        """

    /// Moves what a `DELETE` returned to the history.
    private static func keep(_ source: String, state: String, error: String) -> String {
        """
        INSERT INTO job_history (\(columns), state, last_error, finished_at)
            SELECT \(columns), '\(state)', \(error), clock.now FROM \(source), clock
        """
    }

    init(hooks: [JobHooks]) {
        // `$2`… arrays: ids, organizations, kinds, payloads, priorities, most attempts, delays, unique keys, batches. `$11` this
        // process, where others that wait are to be told with the commit: null where they have just been told. `$12` what they are
        // told.
        func inserting(_ source: String) -> String {
            """
            WITH \(Self.clock)
            INSERT INTO jobs (id, organization_id, kind, payload, priority, state, run_at, max_attempts, unique_key, batch_id,
                created_at)
            SELECT id, organization_id, kind, payload, priority, CASE WHEN delay > 0 THEN 'scheduled' ELSE 'available' END,
                now + make_interval(secs => delay), max_attempts, unique_key, batch_id, now
            FROM clock, \(source) given (id, organization_id, kind, payload, priority, max_attempts, delay, unique_key, batch_id)
            ON CONFLICT DO NOTHING
            RETURNING id, (SELECT pg_notify('\(Channel.jobs)', $12) WHERE EXISTS (\(JobBell.sleepers("$11")))) AS rung
            """
        }
        insert = inserting(
            """
            unnest($2::uuid[], $3::uuid[], $4::text[], $5::jsonb[], $6::int[], $7::int[], $8::float8[], $9::text[], $10::uuid[])
            """)
        // The same values for one job, not as arrays.
        insertOne = inserting(
            """
            (VALUES ($2::uuid, $3::uuid, $4::text, $5::jsonb, $6::int, $7::int, $8::float8, $9::text, $10::uuid))
            """)

        // `$2` kinds, `$3` limit, `$4` owner, `$5` seconds, `$6` and `$7` the organization that had the last turn of each
        // priority, `$8` the least urgent priority. Candidates are read without locks, more than are wanted, so that claimers at
        // the same time find others; each then takes what is still free. Leases that ran out come first in their priority, because they have waited
        // longest; those whose attempts are used up are left to `bury`. The commit does not wait for the disk: a claim that a crash
        // undoes is made again. Where others took all candidates, one row without an id says so.
        claim = """
            WITH RECURSIVE clock AS MATERIALIZED (
                SELECT coalesce($1::timestamptz, clock_timestamp()) AS now,
                    set_config('synchronous_commit', 'off', true) AS relaxed
            ), heads (kind, priority, organization_id) AS (
                SELECT k.kind, h.priority, h.organization_id
                FROM unnest($2::text[]) k (kind) CROSS JOIN LATERAL (
                    SELECT priority, organization_id FROM jobs
                    WHERE kind = k.kind AND state <> 'leased' AND priority <= $8::int
                    ORDER BY priority, organization_id LIMIT 1) h
                UNION ALL
                SELECT heads.kind, n.priority, n.organization_id
                FROM heads CROSS JOIN LATERAL (
                    SELECT priority, organization_id FROM jobs
                    WHERE kind = heads.kind AND state <> 'leased' AND priority <= $8::int
                        AND (priority, organization_id) > (heads.priority, heads.organization_id)
                    ORDER BY priority, organization_id LIMIT 1) n
            ), candidates AS MATERIALIZED (
                SELECT id, row_number() OVER (
                    ORDER BY priority, turn, organization_id <= last.organization, organization_id) AS place
                FROM (
                    SELECT j.id, heads.priority, heads.organization_id, row_number() OVER (
                        PARTITION BY heads.priority, heads.organization_id ORDER BY j.run_at, j.id) AS turn
                    FROM heads CROSS JOIN LATERAL (
                        SELECT id, run_at FROM jobs
                        WHERE kind = heads.kind AND state <> 'leased' AND priority = heads.priority
                            AND organization_id = heads.organization_id AND run_at <= (SELECT now FROM clock)
                        ORDER BY run_at, id LIMIT 8 * $3::bigint + 16) j
                    UNION ALL
                    (SELECT id, priority, organization_id, 0 FROM jobs
                    WHERE state = 'leased' AND lease_expires_at <= (SELECT now FROM clock) AND attempt < max_attempts
                        AND kind = ANY ($2::text[]) AND priority <= $8::int
                    ORDER BY lease_expires_at LIMIT 8 * $3::bigint + 16)
                ) found LEFT JOIN unnest($6::int[], $7::uuid[]) last (of, organization) ON last.of = found.priority
                WHERE $3::bigint > 0
                ORDER BY place LIMIT 8 * $3::bigint + 16
            ), picked AS MATERIALIZED (
                SELECT jobs.id, place FROM candidates JOIN jobs ON jobs.id = candidates.id
                WHERE jobs.id = ANY (ARRAY(SELECT id FROM candidates))
                    AND (jobs.state <> 'leased' OR jobs.lease_expires_at <= (SELECT now FROM clock))
                ORDER BY place LIMIT $3 FOR UPDATE OF jobs SKIP LOCKED
            ), taken AS (
                UPDATE jobs SET state = 'leased', attempt = attempt + 1, lease_token = gen_random_uuid(), lease_owner = $4,
                    expirations = expirations + (state = 'leased')::int,
                    lease_expires_at = clock.now + make_interval(secs => $5)
                FROM clock, picked WHERE jobs.id = picked.id AND jobs.id = ANY (ARRAY(SELECT id FROM picked))
                RETURNING jobs.id, organization_id, kind, payload, state, attempt, max_attempts, lease_token, priority, place
            )\(hooks.map(\.claim).joined())
            SELECT taken.* FROM clock LEFT JOIN taken ON true
            WHERE taken.id IS NOT NULL OR (relaxed = 'off' AND EXISTS (SELECT FROM candidates))
            ORDER BY place
            """

        // `$2` kinds, `$3` jobs, `$4` owner, `$5` seconds, `$6` the least urgent priority: those of the jobs that nobody else was
        // faster to take, found and locked in the order of their ids. The commit as in `claim`.
        claimTold = """
            WITH clock AS MATERIALIZED (
                SELECT coalesce($1::timestamptz, clock_timestamp()) AS now,
                    set_config('synchronous_commit', 'off', true) AS relaxed
            ), taken AS (
                UPDATE jobs SET state = 'leased', attempt = attempt + 1, lease_token = gen_random_uuid(), lease_owner = $4,
                    lease_expires_at = clock.now + make_interval(secs => $5)
                FROM clock
                WHERE id = ANY ($3::uuid[]) AND state = 'available' AND kind = ANY ($2::text[]) AND priority <= $6::int
                    AND run_at <= clock.now AND clock.relaxed = 'off'
                RETURNING id, organization_id, kind, payload, state, attempt, max_attempts, lease_token, priority
            )\(hooks.map(\.claim).joined())
            SELECT * FROM taken
            """

        // `$2` kinds: gives up jobs whose lease ran out when their attempts were used up. Apart from `claim`, which runs a thousand
        // times as often and would pay for looking each time.
        bury = """
            WITH \(Self.clock), dying AS MATERIALIZED (
                SELECT id FROM jobs
                WHERE state = 'leased' AND lease_expires_at <= (SELECT now FROM clock) AND attempt >= max_attempts
                    AND kind = ANY ($2::text[])
                ORDER BY lease_expires_at LIMIT 100 FOR UPDATE SKIP LOCKED
            ), dead AS (
                DELETE FROM jobs WHERE id = ANY (ARRAY(SELECT id FROM dying))
                RETURNING jobs.*, 'the lease expired ' || expirations + 1
                    || ' times: the workers that had this job ended or hung' AS reason
            ), buried AS (
                \(Self.keep("dead", state: "discarded", error: "reason"))
            )\(hooks.map(\.bury).joined())
            SELECT id FROM dead
            """

        // `$2` jobs, `$3` their tokens, `$4` seconds.
        renew = """
            WITH \(Self.clock), \(Self.held)
            UPDATE jobs SET lease_expires_at = clock.now + make_interval(secs => $4)
            FROM clock WHERE jobs.id = ANY (ARRAY(SELECT id FROM held))
            RETURNING jobs.lease_token
            """

        // `$2` jobs, `$3` their tokens, `$4` what came of them as JSON, or nulls.
        complete = """
            WITH \(Self.clock), \(Self.held), done AS (
                DELETE FROM jobs USING held, unnest($2::uuid[], $4::jsonb[]) brought (id, result)
                WHERE jobs.id = held.id AND brought.id = held.id AND jobs.id = ANY (ARRAY(SELECT id FROM held))
                RETURNING jobs.*, brought.result
            ), kept AS (
                \(Self.keep("done", state: "succeeded", error: "NULL"))
            )\(hooks.map(\.complete).joined())
            SELECT lease_token FROM done
            """

        // `$2` job, `$3` token, `$4` reason, `$5` whether to give up, `$6` seconds until the next run.
        fail = """
            WITH \(Self.clock), retried AS (
                UPDATE jobs SET state = 'retryable', last_error = $4::text, run_at = clock.now + make_interval(secs => $6),
                    errors = errors || jsonb_build_object('attempt', attempt, 'at', clock.now, 'error', $4::text),
                    \(Self.noLease)
                FROM clock WHERE id = $2 AND lease_token = $3 AND NOT ($5::boolean OR attempt >= max_attempts)
                RETURNING id, organization_id, kind, payload
            ), dead AS (
                DELETE FROM jobs WHERE id = $2 AND lease_token = $3 AND ($5::boolean OR attempt >= max_attempts)
                RETURNING *, $4::text AS reason
            ), buried AS (
                \(Self.keep("dead", state: "discarded", error: "reason"))
            )\(hooks.map(\.fail).joined())
            SELECT id FROM retried UNION ALL SELECT id FROM dead
            """

        // `$2` jobs, `$3` their tokens, `$4` seconds.
        release = """
            WITH \(Self.clock), \(Self.held), released AS (
                UPDATE jobs SET state = CASE WHEN $4::float8 > 0 THEN 'scheduled' ELSE 'available' END, attempt = attempt - 1,
                    run_at = clock.now + make_interval(secs => $4), \(Self.noLease)
                FROM clock WHERE jobs.id = ANY (ARRAY(SELECT id FROM held))
                RETURNING jobs.id, jobs.organization_id, jobs.kind, jobs.payload
            )\(hooks.map(\.release).joined())
            SELECT id FROM released
            """

        // `$2` job, `$3` organization.
        cancel = """
            WITH \(Self.clock), dead AS (
                DELETE FROM jobs WHERE id = $2 AND organization_id = $3 RETURNING *, 'cancelled' AS reason
            ), buried AS (
                \(Self.keep("dead", state: "cancelled", error: "NULL"))
            )\(hooks.map(\.cancel).joined())
            SELECT id FROM dead
            """

        // `$2` job, `$3` organization.
        revive = """
            WITH \(Self.clock), hurried AS (
                UPDATE jobs SET state = 'available', run_at = clock.now, attempt = 0, errors = '[]'
                FROM clock WHERE id = $2 AND organization_id = $3 AND state <> 'leased'
                RETURNING id, organization_id, kind, payload
            ), risen AS (
                INSERT INTO jobs (id, organization_id, kind, payload, priority, state, run_at, max_attempts, unique_key,
                    batch_id, last_error, created_at)
                SELECT id, organization_id, kind, payload, priority, 'available', clock.now, max_attempts, unique_key, batch_id,
                    last_error, created_at
                FROM clock, job_history WHERE id = $2 AND organization_id = $3 AND state <> 'succeeded'
                ON CONFLICT DO NOTHING
                RETURNING id, organization_id, kind, payload
            ), gone AS (
                DELETE FROM job_history WHERE id = ANY (ARRAY(SELECT id FROM risen)) AND state <> 'succeeded'
            ), released AS (
                SELECT * FROM hurried UNION ALL SELECT * FROM risen
            )\(hooks.map(\.release).joined())
            SELECT id FROM released
            """
    }

    /// `$1` batch: everything that waits is held back.
    static let hold = """
        WITH these AS MATERIALIZED (
            SELECT id FROM jobs WHERE batch_id = $1 AND state <> 'leased' ORDER BY id FOR UPDATE
        )
        UPDATE jobs SET state = 'scheduled', run_at = 'infinity' WHERE id = ANY (ARRAY(SELECT id FROM these))
        """
    /// `$1` batch: also what was put off for another reason.
    static let letGo = """
        WITH these AS MATERIALIZED (
            SELECT id FROM jobs WHERE batch_id = $1 AND state = 'scheduled' ORDER BY id FOR UPDATE
        )
        UPDATE jobs SET state = 'available', run_at = clock_timestamp() WHERE id = ANY (ARRAY(SELECT id FROM these))
        """
    /// `$1` unique key, `$2` priority, `$3` payload: the waiting job of this key and payload runs next in this priority.
    static let hurryByKey = """
        UPDATE jobs SET state = 'available', run_at = clock_timestamp(), attempt = 0, errors = '[]',
            priority = least(priority, $2)
        WHERE unique_key = $1 AND state <> 'leased' AND payload = $3::jsonb
        """
    /// `$1` unique key, `$2` organization.
    static let cancelByKey = """
        WITH clock AS (SELECT clock_timestamp() AS now), dead AS (
            DELETE FROM jobs WHERE unique_key = $1 AND organization_id = $2 RETURNING *
        )
        \(keep("dead", state: "cancelled", error: "NULL"))
        """
    /// `$1` batch, `$2` organization: also takes the leases of what runs.
    static let cancelBatch = """
        WITH clock AS (SELECT clock_timestamp() AS now), these AS MATERIALIZED (
            SELECT id FROM jobs WHERE batch_id = $1 AND organization_id = $2 ORDER BY id FOR UPDATE
        ), dead AS (
            DELETE FROM jobs WHERE id = ANY (ARRAY(SELECT id FROM these)) RETURNING *
        ), buried AS (
            \(keep("dead", state: "cancelled", error: "NULL"))
        )
        SELECT count(*) AS number FROM dead
        """
}
