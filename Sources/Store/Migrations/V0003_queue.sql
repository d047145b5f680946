-- The queue: waiting and running jobs in a table that stays small, finished ones in a partitioned history. Nothing in these
-- two tables knows what a job is about; what events and re-analyses learn from a job is written by the same statements.

ALTER TABLE jobs DROP CONSTRAINT jobs_state_check;
DROP INDEX jobs_runnable;
DROP INDEX jobs_by_event;
ALTER TABLE jobs RENAME COLUMN reanalysis_id TO batch_id;

CREATE TABLE job_history (
    id uuid NOT NULL,
    organization_id uuid NOT NULL,
    kind text NOT NULL,
    payload jsonb NOT NULL,
    priority int NOT NULL,
    state text NOT NULL CHECK (state IN ('succeeded', 'discarded', 'cancelled')),
    run_at timestamptz NOT NULL,
    attempt int NOT NULL,
    max_attempts int NOT NULL,
    expirations int NOT NULL,
    lease_owner text,
    unique_key text,
    batch_id uuid,
    last_error text,
    created_at timestamptz NOT NULL,
    finished_at timestamptz NOT NULL
) PARTITION BY RANGE (finished_at);
CREATE INDEX job_history_by_id ON job_history (id);
CREATE INDEX job_history_by_end ON job_history (finished_at, state);
CREATE INDEX job_history_failed ON job_history (organization_id, finished_at DESC, id DESC) WHERE state <> 'succeeded';
CREATE TABLE job_history_rest PARTITION OF job_history DEFAULT;
COMMENT ON TABLE job_history IS 'Finished jobs, a partition for each month; old months are dropped whole.';
COMMENT ON COLUMN job_history.id IS 'As in jobs.';
COMMENT ON COLUMN job_history.organization_id IS 'Tenant.';
COMMENT ON COLUMN job_history.kind IS 'As in jobs.';
COMMENT ON COLUMN job_history.payload IS 'As in jobs.';
COMMENT ON COLUMN job_history.priority IS 'As in jobs.';
COMMENT ON COLUMN job_history.state IS 'succeeded, discarded (gave up) or cancelled.';
COMMENT ON COLUMN job_history.run_at IS 'As in jobs.';
COMMENT ON COLUMN job_history.attempt IS 'Runs begun.';
COMMENT ON COLUMN job_history.max_attempts IS 'As in jobs.';
COMMENT ON COLUMN job_history.expirations IS 'Leases that ran out.';
COMMENT ON COLUMN job_history.lease_owner IS 'Worker that had it last.';
COMMENT ON COLUMN job_history.unique_key IS 'As in jobs; free for another job by now.';
COMMENT ON COLUMN job_history.batch_id IS 'As in jobs.';
COMMENT ON COLUMN job_history.last_error IS 'Why it was discarded or cancelled.';
COMMENT ON COLUMN job_history.created_at IS 'UTC instant.';
COMMENT ON COLUMN job_history.finished_at IS 'UTC instant at which it succeeded, was discarded or cancelled.';

INSERT INTO job_history (id, organization_id, kind, payload, priority, state, run_at, attempt, max_attempts, expirations,
    unique_key, batch_id, last_error, created_at, finished_at)
SELECT id, organization_id, kind, payload, priority, state, run_at, attempt, max_attempts, expirations, unique_key, batch_id,
    last_error, created_at, finished_at
FROM jobs WHERE finished_at IS NOT NULL;
DELETE FROM jobs WHERE finished_at IS NOT NULL;

ALTER TABLE jobs DROP COLUMN event_id, DROP COLUMN finished_at,
    ADD CHECK (state IN ('available', 'scheduled', 'leased', 'retryable'));
CREATE INDEX jobs_waiting ON jobs (kind, priority, organization_id, run_at, id) WHERE state <> 'leased';
CREATE INDEX jobs_by_batch ON jobs (batch_id) WHERE batch_id IS NOT NULL;
ALTER TABLE jobs SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000,
    autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 2000, autovacuum_vacuum_cost_delay = 0);
COMMENT ON TABLE jobs IS 'Work that waits or runs; at most one lease holds a job (I4). Finished jobs move to job_history.';
COMMENT ON COLUMN jobs.priority IS 'Lower runs first: 0 live, 50 interactive, 100 batch.';
COMMENT ON COLUMN jobs.kind IS 'What is to be done: judge_event, reanalyze_event.';
COMMENT ON COLUMN jobs.payload IS 'Its shape belongs to the kind. judge_event: {event_id}. reanalyze_event: {event_id, reanalysis_id}.';
COMMENT ON COLUMN jobs.state IS 'available, scheduled (runs later, or held back: run_at infinity), leased, retryable (waits after a failure).';
COMMENT ON COLUMN jobs.unique_key IS 'A second job with this key is not inserted while this one is unfinished.';
COMMENT ON COLUMN jobs.batch_id IS 'Jobs that are held back, let go and cancelled together.';

CREATE UNLOGGED TABLE job_sleepers (
    id uuid PRIMARY KEY,
    until timestamptz NOT NULL
);
COMMENT ON TABLE job_sleepers IS 'Processes that wait for jobs. Where nobody else waits, an enqueuer sends no notification.';
COMMENT ON COLUMN job_sleepers.id IS 'Random, of the process.';
COMMENT ON COLUMN job_sleepers.until IS 'UTC instant after which the row means nothing.';

-- I7. The sleepers are of no tenant: only the queue's own sessions see them.
SELECT vedette_guard('job_history');
SELECT vedette_allow('queue', 'job_history', 'ALL');
ALTER TABLE job_sleepers ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY migration ON job_sleepers TO CURRENT_USER USING (vedette_duty() = 'migration');
SELECT vedette_allow('queue', 'job_sleepers', 'ALL');

-- Makes the partitions of this month and the next, and drops those whose jobs all finished before `keep_from`.
-- As the owner of the tables, which those who call it are not.
CREATE FUNCTION job_history_maintain(at timestamptz, keep_from timestamptz) RETURNS int LANGUAGE plpgsql
SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    first date;
    part record;
    dropped int := 0;
BEGIN
    -- "jobs" in ASCII: one process at a time.
    PERFORM pg_advisory_xact_lock(x'6a6f6273'::bigint);
    FOR ahead IN 0..1 LOOP
        first := date_trunc('month', at AT TIME ZONE 'UTC')::date + make_interval(months => ahead);
        IF to_regclass('job_history_' || to_char(first, 'YYYY_MM')) IS NULL
            AND NOT EXISTS (SELECT FROM job_history_rest
                WHERE finished_at >= first::timestamp AT TIME ZONE 'UTC'
                    AND finished_at < (first + interval '1 month') AT TIME ZONE 'UTC') THEN
            EXECUTE format('CREATE TABLE %I PARTITION OF job_history FOR VALUES FROM (%L) TO (%L)',
                'job_history_' || to_char(first, 'YYYY_MM'), to_char(first, 'YYYY-MM-DD') || ' 00:00:00+00',
                to_char(first + interval '1 month', 'YYYY-MM-DD') || ' 00:00:00+00');
        END IF;
    END LOOP;
    FOR part IN SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'job_history'::regclass AND c.relname ~ '^job_history_\d{4}_\d{2}$' LOOP
        IF (to_date(right(part.relname, 7), 'YYYY_MM') + interval '1 month') AT TIME ZONE 'UTC' <= keep_from THEN
            EXECUTE format('DROP TABLE %I', part.relname);
            dropped := dropped + 1;
        END IF;
    END LOOP;
    DELETE FROM job_history_rest WHERE finished_at < keep_from;
    DELETE FROM analyzer_requests WHERE begun_at < at - interval '2 days';
    DELETE FROM job_sleepers WHERE until < clock_timestamp() - interval '1 hour';
    RETURN dropped;
END
$$;

-- Budgets of analyzers, held across all processes.

ALTER TABLE analyzers
    ADD max_concurrency int CHECK (max_concurrency > 0),
    ADD requests_per_minute int CHECK (requests_per_minute > 0),
    ADD tokens_per_minute int CHECK (tokens_per_minute > 0),
    ADD money_per_day double precision CHECK (money_per_day >= 0),
    ADD prompt_price double precision NOT NULL DEFAULT 0 CHECK (prompt_price >= 0),
    ADD completion_price double precision NOT NULL DEFAULT 0 CHECK (completion_price >= 0);
COMMENT ON COLUMN analyzers.max_concurrency IS 'Most requests at the same time; null: no limit.';
COMMENT ON COLUMN analyzers.requests_per_minute IS 'Most requests in any minute; null: no limit.';
COMMENT ON COLUMN analyzers.tokens_per_minute IS 'Most tokens in any minute, in and out; null: no limit.';
COMMENT ON COLUMN analyzers.money_per_day IS 'Most money in a UTC day, in the unit of the prices; null: no limit.';
COMMENT ON COLUMN analyzers.prompt_price IS 'Money for a million tokens in.';
COMMENT ON COLUMN analyzers.completion_price IS 'Money for a million tokens out.';

CREATE TABLE analyzer_budgets (
    analyzer_id uuid PRIMARY KEY REFERENCES analyzers ON DELETE CASCADE,
    organization_id uuid NOT NULL,
    failures int NOT NULL DEFAULT 0,
    openings int NOT NULL DEFAULT 0,
    blocked_until timestamptz NOT NULL DEFAULT '-infinity',
    day date NOT NULL DEFAULT '-infinity',
    day_money double precision NOT NULL DEFAULT 0,
    day_tokens bigint NOT NULL DEFAULT 0,
    day_requests int NOT NULL DEFAULT 0,
    largest_tokens int NOT NULL DEFAULT 0
);
COMMENT ON TABLE analyzer_budgets IS 'What analyzers have used, and their circuit breakers. Its row lock puts requests one after the other.';
COMMENT ON COLUMN analyzer_budgets.analyzer_id IS 'Analyzer.';
COMMENT ON COLUMN analyzer_budgets.organization_id IS 'Tenant.';
COMMENT ON COLUMN analyzer_budgets.failures IS 'Failed requests in a row.';
COMMENT ON COLUMN analyzer_budgets.openings IS 'How often the breaker opened in a row; 0: closed. Above 0 and no longer blocked: one request at a time tries.';
COMMENT ON COLUMN analyzer_budgets.blocked_until IS 'UTC instant before which nothing is asked.';
COMMENT ON COLUMN analyzer_budgets.day IS 'UTC day of the next three.';
COMMENT ON COLUMN analyzer_budgets.day_money IS 'Money of finished requests.';
COMMENT ON COLUMN analyzer_budgets.day_tokens IS 'Tokens of finished requests, in and out.';
COMMENT ON COLUMN analyzer_budgets.day_requests IS 'Finished requests.';
COMMENT ON COLUMN analyzer_budgets.largest_tokens IS 'Most tokens that one request took: what the next may take.';

CREATE TABLE analyzer_requests (
    id uuid PRIMARY KEY,
    organization_id uuid NOT NULL,
    analyzer_id uuid NOT NULL REFERENCES analyzers ON DELETE CASCADE,
    begun_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    ended_at timestamptz,
    tokens int NOT NULL,
    money double precision NOT NULL
);
CREATE INDEX analyzer_requests_recent ON analyzer_requests (analyzer_id, begun_at);
CREATE INDEX analyzer_requests_running ON analyzer_requests (analyzer_id) WHERE ended_at IS NULL;
COMMENT ON TABLE analyzer_requests IS 'Requests to analyzers with a budget, for two days.';
COMMENT ON COLUMN analyzer_requests.id IS 'UUIDv7.';
COMMENT ON COLUMN analyzer_requests.organization_id IS 'Tenant.';
COMMENT ON COLUMN analyzer_requests.analyzer_id IS 'Who was asked.';
COMMENT ON COLUMN analyzer_requests.begun_at IS 'UTC instant.';
COMMENT ON COLUMN analyzer_requests.expires_at IS 'UTC instant after which a request without an end is taken for lost.';
COMMENT ON COLUMN analyzer_requests.ended_at IS 'UTC instant; null while it runs.';
COMMENT ON COLUMN analyzer_requests.tokens IS 'In and out; while it runs the most that is expected.';
COMMENT ON COLUMN analyzer_requests.money IS 'As tokens.';

-- May a request go out? No row wait: granted. Batch work leaves a fifth of each rate, and one place, to the others.
CREATE FUNCTION analyzer_begin(
    at timestamptz, analyzer uuid, request uuid, is_batch boolean, expected_prompt int, expected_completion int,
    lease_seconds double precision, OUT wait_seconds double precision, OUT reason text
) LANGUAGE plpgsql AS $$
DECLARE
    a analyzers;
    b analyzer_budgets;
    running int;
    running_money double precision;
    number int;
    used bigint;
    allowed int;
    leaving timestamptz;
    expected int;
    expected_money double precision;
BEGIN
    wait_seconds := 0;
    SELECT * INTO a FROM analyzers WHERE id = analyzer;
    IF NOT FOUND THEN
        reason := 'gone';
        RETURN;
    END IF;
    INSERT INTO analyzer_budgets (analyzer_id, organization_id) VALUES (analyzer, a.organization_id) ON CONFLICT DO NOTHING;
    SELECT * INTO b FROM analyzer_budgets WHERE analyzer_id = analyzer FOR UPDATE;
    at := coalesce(at, clock_timestamp());
    expected := greatest(expected_prompt + expected_completion, b.largest_tokens);
    expected_money := (greatest(expected_prompt, expected - expected_completion) * a.prompt_price
        + expected_completion * a.completion_price) / 1e6;
    IF b.blocked_until > at THEN
        wait_seconds := extract(epoch FROM b.blocked_until - at);
        reason := CASE WHEN b.openings > 0 THEN 'it failed ' || b.failures || ' times in a row and is left alone for a while'
            ELSE 'its server asked to wait' END;
        RETURN;
    END IF;
    SELECT count(*), coalesce(sum(money), 0) INTO running, running_money FROM analyzer_requests
    WHERE analyzer_id = analyzer AND ended_at IS NULL AND expires_at > at;
    IF b.openings > 0 AND running > 0 THEN
        wait_seconds := 1;
        reason := 'it failed, and one request tries whether it works again';
        RETURN;
    END IF;
    allowed := a.max_concurrency - (is_batch AND a.max_concurrency > 1)::int;
    IF running >= allowed THEN
        wait_seconds := 0.2;
        reason := 'it has as many requests at a time as are allowed';
        RETURN;
    END IF;
    IF a.money_per_day IS NOT NULL THEN
        IF running_money + expected_money + (CASE WHEN b.day = (at AT TIME ZONE 'UTC')::date THEN b.day_money ELSE 0 END)
            > a.money_per_day THEN
            wait_seconds := extract(epoch FROM
                ((at AT TIME ZONE 'UTC')::date + 1)::timestamp AT TIME ZONE 'UTC' - at);
            reason := 'the money of the day is used up';
            RETURN;
        END IF;
    END IF;
    -- A second more than a minute, because the way to the server takes differently long.
    IF a.requests_per_minute IS NOT NULL THEN
        allowed := greatest(1, CASE WHEN is_batch THEN a.requests_per_minute * 4 / 5 ELSE a.requests_per_minute END);
        SELECT count(*), min(begun_at) INTO number, leaving FROM (
            SELECT begun_at FROM analyzer_requests WHERE analyzer_id = analyzer AND begun_at > at - interval '61 seconds'
            ORDER BY begun_at DESC LIMIT allowed) r;
        IF number >= allowed THEN
            wait_seconds := greatest(0.05, extract(epoch FROM leaving + interval '61 seconds' - at));
            reason := 'the requests of the minute are used up';
            RETURN;
        END IF;
    END IF;
    IF a.tokens_per_minute IS NOT NULL THEN
        allowed := CASE WHEN is_batch THEN a.tokens_per_minute / 5 * 4 ELSE a.tokens_per_minute END;
        SELECT coalesce(sum(tokens), 0), min(begun_at) INTO used, leaving FROM analyzer_requests
        WHERE analyzer_id = analyzer AND begun_at > at - interval '61 seconds';
        -- One that alone is more than the budget goes out when nothing else did.
        IF used > 0 AND used + expected > allowed THEN
            wait_seconds := greatest(0.5, extract(epoch FROM leaving + interval '61 seconds' - at));
            reason := 'the tokens of the minute are used up';
            RETURN;
        END IF;
    END IF;
    INSERT INTO analyzer_requests (id, organization_id, analyzer_id, begun_at, expires_at, tokens, money)
    VALUES (request, a.organization_id, analyzer, at, at + make_interval(secs => lease_seconds), expected, expected_money);
END
$$;

-- `outcome`: ok, failed (counts for the breaker), busy (the server asked to wait) or other.
CREATE FUNCTION analyzer_end(
    at timestamptz, analyzer uuid, request uuid, outcome text, prompt int, completion int, pause_seconds double precision
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    a analyzers;
    today date;
    spent double precision;
    took int := coalesce(prompt, 0) + coalesce(completion, 0);
BEGIN
    SELECT * INTO a FROM analyzers WHERE id = analyzer;
    PERFORM FROM analyzer_budgets WHERE analyzer_id = analyzer FOR UPDATE;
    at := coalesce(at, clock_timestamp());
    today := (at AT TIME ZONE 'UTC')::date;
    spent := (coalesce(prompt, 0) * a.prompt_price + coalesce(completion, 0) * a.completion_price) / 1e6;
    UPDATE analyzer_requests SET ended_at = at, tokens = took, money = spent WHERE id = request AND ended_at IS NULL;
    IF NOT FOUND THEN RETURN; END IF;
    UPDATE analyzer_budgets SET
        day = today,
        day_money = CASE WHEN day = today THEN day_money ELSE 0 END + spent,
        day_tokens = CASE WHEN day = today THEN day_tokens ELSE 0 END + took,
        day_requests = CASE WHEN day = today THEN day_requests ELSE 0 END + 1,
        largest_tokens = greatest(largest_tokens, took),
        failures = CASE outcome WHEN 'ok' THEN 0 WHEN 'failed' THEN failures + 1 ELSE failures END,
        openings = CASE WHEN outcome = 'ok' THEN 0
            WHEN outcome = 'failed' AND (openings > 0 OR failures >= 4) THEN openings + 1 ELSE openings END,
        blocked_until = CASE
            WHEN outcome = 'failed' AND (openings > 0 OR failures >= 4)
                THEN at + make_interval(secs => least(300, 5 * 2 ^ least(openings, 6)))
            WHEN outcome = 'busy' THEN greatest(blocked_until, at + make_interval(secs => least(pause_seconds, 3600)))
            ELSE blocked_until END
    WHERE analyzer_id = analyzer;
END
$$;

-- Policies of several analyzers, and what each of them said.

ALTER TABLE policies DROP CONSTRAINT policies_mode_check,
    ADD CONSTRAINT policies_mode_check CHECK (mode IN ('single', 'consensus', 'cascade'));
COMMENT ON COLUMN policies.mode IS 'single: one analyzer. consensus: two, which must agree. cascade: the second only where the first is not sure that nothing is there.';
ALTER TABLE verdicts
    ADD policy text NOT NULL DEFAULT 'single' CHECK (policy IN ('single', 'consensus', 'cascade')),
    ADD opinions jsonb NOT NULL DEFAULT '[]',
    ADD cost double precision NOT NULL DEFAULT 0 CHECK (cost >= 0);
COMMENT ON COLUMN verdicts.policy IS 'How it was reached.';
COMMENT ON COLUMN verdicts.opinions IS 'Array of {analyzer, model, state, confidence, labels, summary, reason, latency_seconds, prompt_tokens, completion_tokens, error}: each that was asked, in order.';
COMMENT ON COLUMN verdicts.cost IS 'Money, by the prices of the analyzers then.';

-- Asking again.

CREATE TABLE reanalyses (
    id uuid PRIMARY KEY,
    organization_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    state text NOT NULL CHECK (state IN ('running', 'paused', 'completed', 'cancelled', 'promoted', 'discarded')),
    reason text,
    request jsonb NOT NULL,
    request_hash text NOT NULL,
    definition_version int NOT NULL,
    policy text NOT NULL CHECK (policy IN ('single', 'consensus', 'cascade')),
    analyzer_ids uuid[] NOT NULL,
    max_tokens bigint CHECK (max_tokens > 0),
    max_money double precision CHECK (max_money >= 0),
    until timestamptz,
    events int NOT NULL DEFAULT 0,
    done int NOT NULL DEFAULT 0,
    failed int NOT NULL DEFAULT 0,
    tokens bigint NOT NULL DEFAULT 0,
    money double precision NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL,
    finished_at timestamptz,
    UNIQUE (organization_id, id)
);
CREATE UNIQUE INDEX reanalyses_unfinished ON reanalyses (organization_id, request_hash) WHERE state IN ('running', 'paused');
CREATE INDEX reanalyses_newest ON reanalyses (organization_id, id DESC);
COMMENT ON TABLE reanalyses IS 'Batches of events that are judged again.';
COMMENT ON COLUMN reanalyses.id IS 'UUIDv7; also the batch of its jobs.';
COMMENT ON COLUMN reanalyses.organization_id IS 'Tenant.';
COMMENT ON COLUMN reanalyses.state IS 'running, paused, completed (each event has an answer or failed), cancelled; then promoted (its verdicts count) or discarded.';
COMMENT ON COLUMN reanalyses.reason IS 'Why it is paused: by hand, tokens, money, until.';
COMMENT ON COLUMN reanalyses.request IS 'As it was asked for.';
COMMENT ON COLUMN reanalyses.request_hash IS 'Of the request: the same one is not begun twice at the same time.';
COMMENT ON COLUMN reanalyses.definition_version IS 'Of the organization''s definition.';
COMMENT ON COLUMN reanalyses.policy IS 'How opinions become one.';
COMMENT ON COLUMN reanalyses.analyzer_ids IS 'Who is asked, in order.';
COMMENT ON COLUMN reanalyses.max_tokens IS 'It pauses when so many are spent; null: no limit.';
COMMENT ON COLUMN reanalyses.max_money IS 'It pauses when so much is spent; null: no limit.';
COMMENT ON COLUMN reanalyses.until IS 'UTC instant at which it pauses; null: none.';
COMMENT ON COLUMN reanalyses.events IS 'Number of its events.';
COMMENT ON COLUMN reanalyses.done IS 'Events with a new verdict.';
COMMENT ON COLUMN reanalyses.failed IS 'Events that could not be judged.';
COMMENT ON COLUMN reanalyses.tokens IS 'Tokens spent, in and out.';
COMMENT ON COLUMN reanalyses.money IS 'Money spent.';
COMMENT ON COLUMN reanalyses.created_at IS 'UTC instant.';
COMMENT ON COLUMN reanalyses.finished_at IS 'UTC instant of the last answer, or of its end by hand.';

CREATE TABLE reanalysis_items (
    reanalysis_id uuid NOT NULL REFERENCES reanalyses ON DELETE CASCADE,
    event_id uuid NOT NULL REFERENCES events ON DELETE CASCADE,
    organization_id uuid NOT NULL,
    state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'done', 'failed')),
    error text,
    old_verdict_id uuid,
    old_state text,
    new_verdict_id uuid,
    new_state text,
    finished_at timestamptz,
    PRIMARY KEY (reanalysis_id, event_id)
);
CREATE INDEX reanalysis_items_by_event ON reanalysis_items (event_id);
COMMENT ON TABLE reanalysis_items IS 'Events of re-analyses, before and after.';
COMMENT ON COLUMN reanalysis_items.reanalysis_id IS 'Re-analysis.';
COMMENT ON COLUMN reanalysis_items.event_id IS 'Event; judged once in it.';
COMMENT ON COLUMN reanalysis_items.organization_id IS 'Tenant.';
COMMENT ON COLUMN reanalysis_items.state IS 'pending, done or failed.';
COMMENT ON COLUMN reanalysis_items.error IS 'Why it failed.';
COMMENT ON COLUMN reanalysis_items.old_verdict_id IS 'What counted when the re-analysis began; null: nothing.';
COMMENT ON COLUMN reanalysis_items.old_state IS 'Its state.';
COMMENT ON COLUMN reanalysis_items.new_verdict_id IS 'The new one.';
COMMENT ON COLUMN reanalysis_items.new_state IS 'Its state.';
COMMENT ON COLUMN reanalysis_items.finished_at IS 'UTC instant.';

-- I7.
SELECT vedette_guard(t) FROM unnest(ARRAY['analyzer_budgets', 'analyzer_requests', 'reanalyses', 'reanalysis_items']::regclass[]) t;
SELECT vedette_allow('queue', 'analyzer_budgets', 'ALL');
SELECT vedette_allow('queue', 'analyzer_requests', 'ALL');
SELECT vedette_allow('queue', 'reanalyses', 'SELECT');
SELECT vedette_allow('queue', 'reanalyses', 'UPDATE');
SELECT vedette_allow('queue', 'reanalysis_items', 'SELECT');
SELECT vedette_allow('queue', 'reanalysis_items', 'UPDATE');

SELECT job_history_maintain(now(), '-infinity');
