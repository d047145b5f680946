-- Files that people asked for: a span of a camera's time, or some events. Made by jobs of the queue.

CREATE TABLE exports (
    id uuid PRIMARY KEY,
    organization_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    camera_ids uuid[] NOT NULL CHECK (cardinality(camera_ids) > 0),
    span_camera_id uuid,
    from_at timestamptz,
    to_at timestamptz,
    event_ids uuid[],
    format text NOT NULL CHECK (format IN ('mp4', 'zip')),
    keeps_gaps boolean NOT NULL,
    author text NOT NULL,
    job_id uuid NOT NULL,
    state text NOT NULL CHECK (state IN ('pending', 'running', 'ready', 'failed', 'cancelled', 'expired')),
    progress double precision NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 1),
    error text,
    file text,
    size_bytes bigint CHECK (size_bytes > 0),
    sha256 text,
    manifest jsonb,
    created_at timestamptz NOT NULL,
    finished_at timestamptz,
    expires_at timestamptz,
    CHECK (num_nonnulls(span_camera_id, from_at, to_at) IN (0, 3) AND (span_camera_id IS NULL) = (event_ids IS NOT NULL)),
    CHECK (to_at > from_at),
    CHECK (state <> 'ready' OR num_nonnulls(file, size_bytes, sha256, manifest, finished_at, expires_at) = 6)
);
CREATE INDEX exports_newest ON exports (organization_id, id DESC);
CREATE INDEX exports_unfinished ON exports (organization_id) WHERE state IN ('pending', 'running');
CREATE INDEX exports_by_end ON exports (coalesce(expires_at, finished_at));
COMMENT ON TABLE exports IS 'Files that people asked for, and what became of them.';
COMMENT ON COLUMN exports.id IS 'UUIDv7.';
COMMENT ON COLUMN exports.organization_id IS 'Tenant.';
COMMENT ON COLUMN exports.camera_ids IS 'Cameras that it shows.';
COMMENT ON COLUMN exports.span_camera_id IS 'Of a span of time: its camera.';
COMMENT ON COLUMN exports.from_at IS 'UTC instant at which the span begins.';
COMMENT ON COLUMN exports.to_at IS 'UTC instant at which the span ends.';
COMMENT ON COLUMN exports.event_ids IS 'Of events: which.';
COMMENT ON COLUMN exports.format IS 'mp4 or zip.';
COMMENT ON COLUMN exports.keeps_gaps IS 'Gaps of a recording stay as a picture that stands still.';
COMMENT ON COLUMN exports.author IS 'Name, at that time, of who asked.';
COMMENT ON COLUMN exports.job_id IS 'The job that makes it.';
COMMENT ON COLUMN exports.state IS 'pending, running, ready, failed, cancelled, or expired: it was ready and its file is gone.';
COMMENT ON COLUMN exports.progress IS 'Share of the bytes that are written, 0-1.';
COMMENT ON COLUMN exports.error IS 'Why it failed.';
COMMENT ON COLUMN exports.file IS 'Name in the folder of exports.';
COMMENT ON COLUMN exports.size_bytes IS 'Of the file.';
COMMENT ON COLUMN exports.sha256 IS 'Of the file; lower-case hexadecimal.';
COMMENT ON COLUMN exports.manifest IS 'What is in it, with digests (docs/reference/api.md).';
COMMENT ON COLUMN exports.created_at IS 'UTC instant.';
COMMENT ON COLUMN exports.finished_at IS 'UTC instant at which it became ready, failed or was cancelled.';
COMMENT ON COLUMN exports.expires_at IS 'UTC instant at which the file goes.';

-- I7. Who is limited to some cameras sees the exports that show no other.
SELECT vedette_guard('exports');
CREATE POLICY granted ON exports AS RESTRICTIVE USING (nullif(vedette_viewer() IS NULL
    OR NOT EXISTS (SELECT FROM unnest(camera_ids) AS shown (id)
        WHERE NOT EXISTS (SELECT FROM cameras c WHERE c.id = shown.id)), false) IS NOT NULL);
-- A job that ends without success takes its export along.
SELECT vedette_allow('queue', 'exports', 'SELECT');
SELECT vedette_allow('queue', 'exports', 'UPDATE');
-- What has expired, and which files are to stay.
SELECT vedette_allow('settle', 'exports', 'SELECT');
SELECT vedette_allow('settle', 'exports', 'UPDATE');
SELECT vedette_allow('settle', 'exports', 'DELETE');

COMMENT ON COLUMN jobs.payload IS
    'Its shape belongs to the kind. judge_event: {event_id, choice}. reanalyze_event: {event_id, reanalysis_id}. export: {export_id}.';
