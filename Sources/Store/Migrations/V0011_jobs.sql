-- What people see of the queue, and what a failed run said.

ALTER TABLE jobs ADD COLUMN errors jsonb NOT NULL DEFAULT '[]';
ALTER TABLE job_history ADD COLUMN errors jsonb NOT NULL DEFAULT '[]';
COMMENT ON COLUMN jobs.errors IS 'Array of {attempt, at, error}: runs that failed and were to be tried again; no more than max_attempts.';
COMMENT ON COLUMN job_history.errors IS 'As in jobs.';
COMMENT ON COLUMN jobs.payload IS
    'Its shape belongs to the kind. judge_event: {event_id, choice}. reanalyze_event: {event_id, reanalysis_id}.';

-- Pages of an organization's finished jobs, and those of one event. Both grow at their right edge.
CREATE INDEX job_history_newest ON job_history (organization_id, finished_at DESC, id DESC);
CREATE INDEX job_history_by_event ON job_history ((payload->>'event_id')) WHERE payload ? 'event_id';
