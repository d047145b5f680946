ALTER TABLE cameras ADD COLUMN record text NOT NULL DEFAULT 'events'
    CHECK (record IN ('events', 'continuous', 'motion'));
COMMENT ON COLUMN cameras.record IS 'What is kept besides the clips of events: events (nothing), continuous or motion.';

CREATE TABLE segments (
    id uuid PRIMARY KEY,
    organization_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    site_id uuid NOT NULL,
    camera_id uuid NOT NULL,
    run_id uuid NOT NULL,
    starts_at timestamptz NOT NULL,
    -- Bounded, so that what touches a span of time is found by its end.
    ends_at timestamptz NOT NULL CHECK (ends_at >= starts_at AND ends_at <= starts_at + interval '1 hour'),
    media_start_ns bigint NOT NULL,
    media_end_ns bigint NOT NULL CHECK (media_end_ns >= media_start_ns),
    path text NOT NULL CHECK (path <> ''),
    size_bytes bigint NOT NULL CHECK (size_bytes > 0),
    sha256 text NOT NULL,
    codec text NOT NULL CHECK (codec IN ('h264', 'h265')),
    width_pixels int NOT NULL CHECK (width_pixels > 0),
    height_pixels int NOT NULL CHECK (height_pixels > 0),
    video_format text NOT NULL,
    audio_format text,
    video_units int NOT NULL CHECK (video_units > 0),
    has_motion boolean,
    is_interrupted boolean NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (organization_id, site_id) REFERENCES sites (organization_id, id),
    FOREIGN KEY (organization_id, camera_id) REFERENCES cameras (organization_id, id)
);
CREATE INDEX segments_by_end ON segments (camera_id, ends_at, id);
COMMENT ON TABLE segments IS 'Files of continuous recording.';
COMMENT ON COLUMN segments.id IS 'UUIDv7.';
COMMENT ON COLUMN segments.organization_id IS 'Tenant.';
COMMENT ON COLUMN segments.site_id IS 'Place of the camera then.';
COMMENT ON COLUMN segments.camera_id IS 'Of which camera.';
COMMENT ON COLUMN segments.run_id IS 'The uninterrupted stretch of one connection; media times of one run can be compared.';
COMMENT ON COLUMN segments.starts_at IS 'UTC instant of the first picture.';
COMMENT ON COLUMN segments.ends_at IS 'UTC instant; of a segment that another follows, the other''s start.';
COMMENT ON COLUMN segments.media_start_ns IS 'Nanoseconds on the run''s timeline, as starts_at.';
COMMENT ON COLUMN segments.media_end_ns IS 'Nanoseconds on the run''s timeline, as ends_at.';
COMMENT ON COLUMN segments.path IS 'MP4 file under the media folder.';
COMMENT ON COLUMN segments.size_bytes IS 'Of the file.';
COMMENT ON COLUMN segments.sha256 IS 'Of the file; lower-case hexadecimal.';
COMMENT ON COLUMN segments.codec IS 'h264 or h265.';
COMMENT ON COLUMN segments.width_pixels IS 'Of the coded picture.';
COMMENT ON COLUMN segments.height_pixels IS 'Of the coded picture.';
COMMENT ON COLUMN segments.video_format IS 'Digest of codec, size and parameter sets; segments with the same one can be joined.';
COMMENT ON COLUMN segments.audio_format IS 'Digest of the sound''s format; null where there is none.';
COMMENT ON COLUMN segments.video_units IS 'Pictures in the file.';
COMMENT ON COLUMN segments.has_motion IS 'Whether the clip of an event touches it; null where a crash came before that was known.';
COMMENT ON COLUMN segments.is_interrupted IS 'A crash cut it off.';
COMMENT ON COLUMN segments.created_at IS 'UTC instant.';

SELECT vedette_guard('segments');
SELECT vedette_allow('settle', 'segments', 'SELECT');
CREATE POLICY granted ON segments AS RESTRICTIVE USING (nullif(vedette_viewer() IS NULL OR EXISTS (
    SELECT FROM user_grants g WHERE g.user_id = vedette_viewer()
        AND (g.camera_id = segments.camera_id OR g.site_id = segments.site_id)), false) IS NOT NULL);
