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
    DELETE FROM job_sleepers WHERE until < clock_timestamp() - interval '1 hour';
    RETURN dropped;
END
$$;
SELECT job_history_maintain(now(), '-infinity');
