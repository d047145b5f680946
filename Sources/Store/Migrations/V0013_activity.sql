-- Events that a camera's sound asked for, and where in the picture something moved.

ALTER TABLE events DROP CONSTRAINT events_kind_check;
ALTER TABLE events ADD CONSTRAINT events_kind_check
    CHECK (kind IN ('motion', 'manual', 'api', 'tamper', 'schedule', 'audio'));
COMMENT ON COLUMN events.kind IS 'What asked for it: motion, manual (a person), api (a program), tamper (the camera was covered, blurred or turned), schedule or audio (something loud).';
COMMENT ON COLUMN events.trigger_label IS 'Words of what asked for it: a caller''s, the schedule''s name, covered, defocused or moved, how loud it was; null where it said none.';

ALTER TABLE cameras ADD COLUMN audio_trigger jsonb CHECK (jsonb_typeof(audio_trigger) = 'object');
COMMENT ON COLUMN cameras.audio_trigger IS '{level_dbfs, seconds, hysteresis_db, rearm_seconds}; null: sound asks for nothing and is not decoded.';

-- Where in the picture something moved, second by second.

CREATE TABLE activity (
    organization_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    camera_id uuid NOT NULL,
    minute timestamptz NOT NULL CHECK (extract(epoch FROM minute)::bigint % 60 = 0),
    seconds bytea NOT NULL,
    PRIMARY KEY (camera_id, minute),
    FOREIGN KEY (organization_id, camera_id) REFERENCES cameras (organization_id, id)
);
-- For the removal of what is old: rows come in this order, so that a block range says all.
CREATE INDEX activity_by_age ON activity USING brin (minute);
COMMENT ON TABLE activity IS 'Cells of the picture in which something moved; no row for a minute in which nothing did.';
COMMENT ON COLUMN activity.organization_id IS 'Tenant.';
COMMENT ON COLUMN activity.camera_id IS 'Of which camera.';
COMMENT ON COLUMN activity.minute IS 'UTC instant at which the minute begins.';
COMMENT ON COLUMN activity.seconds IS 'A grid of 32 by 18 bits for each second in which something moved, cut to the block of cells that moved; the bytes are described in Domain/Activity/ActivityMinute.swift.';

SELECT vedette_guard('activity');
-- Removes what is old.
SELECT vedette_allow('ingest', 'activity', 'SELECT');
SELECT vedette_allow('ingest', 'activity', 'DELETE');
-- Whoever may see a camera may see its activity.
CREATE POLICY granted ON activity AS RESTRICTIVE USING (nullif(vedette_viewer() IS NULL OR EXISTS (
    SELECT FROM cameras c WHERE c.id = activity.camera_id), false) IS NOT NULL);
