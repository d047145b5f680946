-- What people say an event really was. Append-only: a change of mind is another row, and taking it back is a row without a state.

CREATE TABLE event_feedback (
    id uuid PRIMARY KEY,
    organization_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    event_id uuid NOT NULL REFERENCES events ON DELETE CASCADE,
    verdict_id uuid,
    author text NOT NULL CHECK (author <> ''),
    author_name text NOT NULL,
    state text CHECK (state IN ('normal', 'abnormal', 'uncertain')),
    labels text[] NOT NULL DEFAULT '{}',
    note text,
    created_at timestamptz NOT NULL
);
CREATE INDEX event_feedback_newest ON event_feedback (event_id, created_at DESC, id DESC);
COMMENT ON TABLE event_feedback IS 'What people say events really were; all that was ever said.';
COMMENT ON COLUMN event_feedback.id IS 'UUIDv7.';
COMMENT ON COLUMN event_feedback.organization_id IS 'Tenant.';
COMMENT ON COLUMN event_feedback.event_id IS 'Of which event.';
COMMENT ON COLUMN event_feedback.verdict_id IS 'The verdict that was current then; null where there was none. No foreign key: a verdict goes only with its event.';
COMMENT ON COLUMN event_feedback.author IS 'user:<id> or key:<id>; the newest row of each author is what that author says.';
COMMENT ON COLUMN event_feedback.author_name IS 'The author''s name then.';
COMMENT ON COLUMN event_feedback.state IS 'What it really was; null takes back what the author said.';
COMMENT ON COLUMN event_feedback.labels IS 'What was really to be seen.';
COMMENT ON COLUMN event_feedback.note IS 'Words of the author.';
COMMENT ON COLUMN event_feedback.created_at IS 'UTC instant.';

ALTER TABLE events ADD feedback_id uuid;
CREATE INDEX events_with_feedback ON events (organization_id, triggered_at) WHERE feedback_id IS NOT NULL;
COMMENT ON COLUMN events.feedback_id IS 'The feedback that counts: the newest of all authors whose word stands. No foreign key: feedback goes only with its event.';

SELECT vedette_guard('event_feedback');
CREATE POLICY granted ON event_feedback AS RESTRICTIVE USING (nullif(vedette_viewer() IS NULL
    OR EXISTS (SELECT FROM events e WHERE e.id = event_feedback.event_id), false) IS NOT NULL);
