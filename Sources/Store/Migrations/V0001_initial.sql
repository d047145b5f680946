-- Times are timestamptz in UTC, microseconds. Lengths of time are double precision seconds. Boxes are fractions of the
-- picture, origin top left. Paths are relative to the media folder. Every table carries its tenant.

CREATE TABLE organizations (
    id uuid PRIMARY KEY,
    name text NOT NULL CHECK (name <> ''),
    created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE organizations IS 'Tenants.';
COMMENT ON COLUMN organizations.id IS 'UUIDv7.';
COMMENT ON COLUMN organizations.name IS 'Shown to people.';
COMMENT ON COLUMN organizations.created_at IS 'UTC instant.';

CREATE TABLE sites (
    id uuid PRIMARY KEY,
    organization_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    name text NOT NULL CHECK (name <> ''),
    time_zone text NOT NULL CHECK (time_zone <> ''),
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (organization_id, id),
    UNIQUE (organization_id, name)
);
COMMENT ON TABLE sites IS 'Places with cameras.';
COMMENT ON COLUMN sites.id IS 'UUIDv7.';
COMMENT ON COLUMN sites.organization_id IS 'Tenant.';
COMMENT ON COLUMN sites.name IS 'Unique within the organization.';
COMMENT ON COLUMN sites.time_zone IS 'IANA name, as Europe/Helsinki.';
COMMENT ON COLUMN sites.created_at IS 'UTC instant.';

CREATE TABLE cameras (
    id uuid PRIMARY KEY,
    organization_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    site_id uuid NOT NULL,
    name text NOT NULL CHECK (name <> ''),
    enabled boolean NOT NULL,
    url text NOT NULL,
    transport text NOT NULL CHECK (transport IN ('tcp', 'udp')),
    timeout_seconds double precision NOT NULL CHECK (timeout_seconds > 0),
    pre_roll_seconds double precision NOT NULL CHECK (pre_roll_seconds >= 0),
    post_roll_seconds double precision NOT NULL CHECK (post_roll_seconds >= 0),
    merge_gap_seconds double precision NOT NULL CHECK (merge_gap_seconds >= 0),
    cool_down_seconds double precision NOT NULL CHECK (cool_down_seconds >= 0),
    maximum_length_seconds double precision NOT NULL CHECK (maximum_length_seconds > 0),
    sensitivity double precision NOT NULL CHECK (sensitivity BETWEEN 0 AND 1),
    minimum_area double precision NOT NULL CHECK (minimum_area BETWEEN 0 AND 1),
    revision bigint NOT NULL DEFAULT 1 CHECK (revision > 0),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    UNIQUE (organization_id, id),
    FOREIGN KEY (organization_id, site_id) REFERENCES sites (organization_id, id)
);
CREATE UNIQUE INDEX cameras_name ON cameras (site_id, name) WHERE deleted_at IS NULL;
CREATE INDEX cameras_by_organization ON cameras (organization_id, name, id) WHERE deleted_at IS NULL;
COMMENT ON TABLE cameras IS 'Video sources. A deleted one stays for the name in its events.';
COMMENT ON COLUMN cameras.id IS 'UUIDv7.';
COMMENT ON COLUMN cameras.organization_id IS 'Tenant.';
COMMENT ON COLUMN cameras.site_id IS 'Place; of the same tenant.';
COMMENT ON COLUMN cameras.name IS 'Unique among the cameras of the site that are not deleted.';
COMMENT ON COLUMN cameras.enabled IS 'Whether ingest reads it.';
COMMENT ON COLUMN cameras.url IS 'Where it is; may hold credentials: secret.';
COMMENT ON COLUMN cameras.transport IS 'Of RTSP media: tcp or udp.';
COMMENT ON COLUMN cameras.timeout_seconds IS 'Seconds of silence after which it has failed.';
COMMENT ON COLUMN cameras.pre_roll_seconds IS 'Seconds of clip before the first motion.';
COMMENT ON COLUMN cameras.post_roll_seconds IS 'Seconds of clip after the last motion.';
COMMENT ON COLUMN cameras.merge_gap_seconds IS 'Seconds of calm that do not end an event.';
COMMENT ON COLUMN cameras.cool_down_seconds IS 'Seconds after an event in which no other begins.';
COMMENT ON COLUMN cameras.maximum_length_seconds IS 'Seconds after which an event is cut and continued in the next.';
COMMENT ON COLUMN cameras.sensitivity IS '0 (blind) to 1 (everything).';
COMMENT ON COLUMN cameras.minimum_area IS 'Fraction of the picture, 0-1.';
COMMENT ON COLUMN cameras.revision IS 'Grows by one with every change.';
COMMENT ON COLUMN cameras.created_at IS 'UTC instant.';
COMMENT ON COLUMN cameras.updated_at IS 'UTC instant.';
COMMENT ON COLUMN cameras.deleted_at IS 'UTC instant; null while it exists.';

CREATE TABLE definitions (
    id uuid PRIMARY KEY,
    organization_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    name text NOT NULL CHECK (name <> ''),
    is_default boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (organization_id, id),
    UNIQUE (organization_id, name)
);
CREATE UNIQUE INDEX definitions_default ON definitions (organization_id) WHERE is_default;
COMMENT ON TABLE definitions IS 'What is normal at a place and what to look for; the words are in definition_versions.';
COMMENT ON COLUMN definitions.id IS 'UUIDv7.';
COMMENT ON COLUMN definitions.organization_id IS 'Tenant.';
COMMENT ON COLUMN definitions.name IS 'Unique within the organization.';
COMMENT ON COLUMN definitions.is_default IS 'Used where a camera names no other; at most one in an organization.';
COMMENT ON COLUMN definitions.created_at IS 'UTC instant.';

CREATE TABLE definition_versions (
    id uuid PRIMARY KEY,
    organization_id uuid NOT NULL,
    definition_id uuid NOT NULL,
    version int NOT NULL CHECK (version > 0),
    normal text NOT NULL,
    labels text[] NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (definition_id, version),
    FOREIGN KEY (organization_id, definition_id) REFERENCES definitions (organization_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE definition_versions IS 'Immutable wordings of a definition.';
COMMENT ON COLUMN definition_versions.id IS 'UUIDv7.';
COMMENT ON COLUMN definition_versions.organization_id IS 'Tenant.';
COMMENT ON COLUMN definition_versions.definition_id IS 'What it is a version of.';
COMMENT ON COLUMN definition_versions.version IS '1, 2, 3, without gaps.';
COMMENT ON COLUMN definition_versions.normal IS 'What is normal, in the words of its owner.';
COMMENT ON COLUMN definition_versions.labels IS 'What is looked for.';
COMMENT ON COLUMN definition_versions.created_at IS 'UTC instant.';

CREATE TABLE analyzers (
    id uuid PRIMARY KEY,
    organization_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    name text NOT NULL CHECK (name <> ''),
    kind text NOT NULL CHECK (kind IN ('embedded', 'openai')),
    base_url text,
    model text,
    api_key text,
    timeout_seconds double precision NOT NULL CHECK (timeout_seconds > 0),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (organization_id, id),
    UNIQUE (organization_id, name)
);
COMMENT ON TABLE analyzers IS 'Configured judges.';
COMMENT ON COLUMN analyzers.id IS 'UUIDv7.';
COMMENT ON COLUMN analyzers.organization_id IS 'Tenant.';
COMMENT ON COLUMN analyzers.name IS 'Unique within the organization.';
COMMENT ON COLUMN analyzers.kind IS 'embedded or openai.';
COMMENT ON COLUMN analyzers.base_url IS 'openai: ends before /chat/completions.';
COMMENT ON COLUMN analyzers.model IS 'Name that is asked for.';
COMMENT ON COLUMN analyzers.api_key IS 'Secret.';
COMMENT ON COLUMN analyzers.timeout_seconds IS 'Seconds for a whole request.';
COMMENT ON COLUMN analyzers.created_at IS 'UTC instant.';
COMMENT ON COLUMN analyzers.updated_at IS 'UTC instant.';

CREATE TABLE policies (
    id uuid PRIMARY KEY,
    organization_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    mode text NOT NULL CHECK (mode IN ('single')),
    is_default boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (organization_id, id)
);
CREATE UNIQUE INDEX policies_default ON policies (organization_id) WHERE is_default;
COMMENT ON TABLE policies IS 'Which analyzers judge and how their opinions become one.';
COMMENT ON COLUMN policies.id IS 'UUIDv7.';
COMMENT ON COLUMN policies.organization_id IS 'Tenant.';
COMMENT ON COLUMN policies.mode IS 'single: one analyzer.';
COMMENT ON COLUMN policies.is_default IS 'Used where a camera names no other; at most one in an organization.';
COMMENT ON COLUMN policies.created_at IS 'UTC instant.';
COMMENT ON COLUMN policies.updated_at IS 'UTC instant.';

CREATE TABLE policy_analyzers (
    organization_id uuid NOT NULL,
    policy_id uuid NOT NULL,
    position int NOT NULL CHECK (position > 0),
    analyzer_id uuid NOT NULL,
    PRIMARY KEY (policy_id, position),
    FOREIGN KEY (organization_id, policy_id) REFERENCES policies (organization_id, id) ON DELETE CASCADE,
    FOREIGN KEY (organization_id, analyzer_id) REFERENCES analyzers (organization_id, id)
);
COMMENT ON TABLE policy_analyzers IS 'The analyzers of a policy in order.';
COMMENT ON COLUMN policy_analyzers.organization_id IS 'Tenant.';
COMMENT ON COLUMN policy_analyzers.policy_id IS 'Policy.';
COMMENT ON COLUMN policy_analyzers.position IS '1 is asked first.';
COMMENT ON COLUMN policy_analyzers.analyzer_id IS 'Analyzer of the same tenant.';

CREATE TABLE events (
    id uuid PRIMARY KEY,
    organization_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    site_id uuid NOT NULL,
    camera_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('motion')),
    state text NOT NULL CHECK (state IN ('open', 'ready', 'interrupted', 'deleting')),
    triggered_at timestamptz NOT NULL,
    started_at timestamptz NOT NULL,
    ended_at timestamptz NOT NULL,
    score double precision NOT NULL CHECK (score BETWEEN 0 AND 1),
    boxes jsonb NOT NULL DEFAULT '[]',
    thumbnail_path text,
    continues_event_id uuid,
    analysis text NOT NULL CHECK (analysis IN ('pending', 'running', 'done', 'failed', 'skipped')),
    analysis_error text,
    current_verdict_id uuid,
    reviewed boolean NOT NULL DEFAULT false,
    starred boolean NOT NULL DEFAULT false,
    note text,
    created_at timestamptz NOT NULL DEFAULT now(),
    changed_at timestamptz NOT NULL DEFAULT now(),
    CHECK (started_at <= ended_at),
    CHECK (analysis <> 'done' OR current_verdict_id IS NOT NULL),
    FOREIGN KEY (organization_id, site_id) REFERENCES sites (organization_id, id),
    FOREIGN KEY (organization_id, camera_id) REFERENCES cameras (organization_id, id)
);
CREATE INDEX events_newest ON events (organization_id, triggered_at DESC, id DESC);
CREATE INDEX events_newest_by_camera ON events (organization_id, camera_id, triggered_at DESC, id DESC);
CREATE INDEX events_changed ON events (changed_at);
CREATE INDEX events_deleting ON events (id) WHERE state = 'deleting';
COMMENT ON TABLE events IS 'What triggers opened.';
COMMENT ON COLUMN events.id IS 'UUIDv7 made at the trigger.';
COMMENT ON COLUMN events.organization_id IS 'Tenant.';
COMMENT ON COLUMN events.site_id IS 'Where the camera stood then.';
COMMENT ON COLUMN events.camera_id IS 'Camera of the same tenant.';
COMMENT ON COLUMN events.kind IS 'What asked for it: motion.';
COMMENT ON COLUMN events.state IS 'open, ready (whole), interrupted (its end was cut off) or deleting (hidden; its files are being removed).';
COMMENT ON COLUMN events.triggered_at IS 'UTC instant at which the debounce was satisfied.';
COMMENT ON COLUMN events.started_at IS 'UTC instant of the first moving frame.';
COMMENT ON COLUMN events.ended_at IS 'UTC instant of the last moving frame.';
COMMENT ON COLUMN events.score IS 'Largest share of the picture that moved, 0-1.';
COMMENT ON COLUMN events.boxes IS 'Array of {x, y, width, height: fractions; at_seconds: from the first picture of the clip}.';
COMMENT ON COLUMN events.thumbnail_path IS 'Path in the media folder; null when no picture could be made.';
COMMENT ON COLUMN events.continues_event_id IS 'The event whose clip ends where this one begins; it may be gone.';
COMMENT ON COLUMN events.analysis IS 'How far its judging is; moves with the job.';
COMMENT ON COLUMN events.analysis_error IS 'Why it failed or was skipped.';
COMMENT ON COLUMN events.current_verdict_id IS 'The verdict that counts; others stay. No foreign key: a verdict goes only with its event.';
COMMENT ON COLUMN events.reviewed IS 'Someone has seen it.';
COMMENT ON COLUMN events.starred IS 'To be kept.';
COMMENT ON COLUMN events.note IS 'Words of a reviewer.';
COMMENT ON COLUMN events.created_at IS 'UTC instant of the row.';
COMMENT ON COLUMN events.changed_at IS 'UTC instant of the last change of the row.';

CREATE TABLE clips (
    event_id uuid PRIMARY KEY REFERENCES events ON DELETE CASCADE,
    organization_id uuid NOT NULL,
    path text NOT NULL CHECK (path <> ''),
    starts_at timestamptz NOT NULL,
    duration_seconds double precision NOT NULL CHECK (duration_seconds >= 0),
    size_bytes bigint NOT NULL CHECK (size_bytes > 0),
    sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    codec text NOT NULL CHECK (codec IN ('h264', 'h265')),
    width_pixels int NOT NULL CHECK (width_pixels > 0),
    height_pixels int NOT NULL CHECK (height_pixels > 0),
    has_audio boolean NOT NULL,
    video_units int NOT NULL CHECK (video_units > 0)
);
COMMENT ON TABLE clips IS 'MP4 files of events; a row means that the file is complete and durable (I1).';
COMMENT ON COLUMN clips.event_id IS 'Whose clip it is.';
COMMENT ON COLUMN clips.organization_id IS 'Tenant.';
COMMENT ON COLUMN clips.path IS 'Path in the media folder.';
COMMENT ON COLUMN clips.starts_at IS 'UTC instant of the first picture.';
COMMENT ON COLUMN clips.duration_seconds IS 'Seconds from the start of the first picture to the end of the last.';
COMMENT ON COLUMN clips.size_bytes IS 'Bytes.';
COMMENT ON COLUMN clips.sha256 IS 'Of the file, lower-case hexadecimal.';
COMMENT ON COLUMN clips.codec IS 'Of the video.';
COMMENT ON COLUMN clips.width_pixels IS 'Pixels.';
COMMENT ON COLUMN clips.height_pixels IS 'Pixels.';
COMMENT ON COLUMN clips.has_audio IS 'Whether there is a sound track.';
COMMENT ON COLUMN clips.video_units IS 'Encoded pictures in it.';

CREATE TABLE evidence (
    event_id uuid NOT NULL REFERENCES events ON DELETE CASCADE,
    position int NOT NULL CHECK (position >= 0),
    organization_id uuid NOT NULL,
    path text NOT NULL CHECK (path <> ''),
    at_seconds double precision NOT NULL,
    width_pixels int NOT NULL CHECK (width_pixels > 0),
    height_pixels int NOT NULL CHECK (height_pixels > 0),
    size_bytes bigint NOT NULL CHECK (size_bytes > 0),
    box jsonb,
    PRIMARY KEY (event_id, position)
);
COMMENT ON TABLE evidence IS 'JPEGs chosen to show a model.';
COMMENT ON COLUMN evidence.event_id IS 'Of which event.';
COMMENT ON COLUMN evidence.position IS '0, 1, 2: in time order.';
COMMENT ON COLUMN evidence.organization_id IS 'Tenant.';
COMMENT ON COLUMN evidence.path IS 'Path in the media folder.';
COMMENT ON COLUMN evidence.at_seconds IS 'Seconds from the first picture of the clip.';
COMMENT ON COLUMN evidence.width_pixels IS 'Pixels.';
COMMENT ON COLUMN evidence.height_pixels IS 'Pixels.';
COMMENT ON COLUMN evidence.size_bytes IS 'Bytes.';
COMMENT ON COLUMN evidence.box IS '{x, y, width, height} as fractions; null where nothing moved.';

CREATE TABLE verdicts (
    id uuid PRIMARY KEY,
    organization_id uuid NOT NULL,
    event_id uuid NOT NULL REFERENCES events ON DELETE CASCADE,
    definition_version_id uuid REFERENCES definition_versions,
    definition_version int NOT NULL,
    analyzer_id uuid,
    analyzer text NOT NULL,
    state text NOT NULL CHECK (state IN ('normal', 'abnormal', 'uncertain')),
    confidence double precision NOT NULL CHECK (confidence BETWEEN 0 AND 1),
    labels text[] NOT NULL,
    summary text NOT NULL,
    reason text NOT NULL,
    model text NOT NULL,
    latency_seconds double precision NOT NULL CHECK (latency_seconds >= 0),
    prompt_tokens int CHECK (prompt_tokens >= 0),
    completion_tokens int CHECK (completion_tokens >= 0),
    prompt_hash text,
    created_at timestamptz NOT NULL
);
CREATE INDEX verdicts_by_event ON verdicts (event_id, created_at DESC, id DESC);
COMMENT ON TABLE verdicts IS 'What analyzers said; append-only (I9).';
COMMENT ON COLUMN verdicts.id IS 'UUIDv7.';
COMMENT ON COLUMN verdicts.organization_id IS 'Tenant.';
COMMENT ON COLUMN verdicts.event_id IS 'Of which event.';
COMMENT ON COLUMN verdicts.definition_version_id IS 'Against which wording; null where it is not known.';
COMMENT ON COLUMN verdicts.definition_version IS 'Its number at the time.';
COMMENT ON COLUMN verdicts.analyzer_id IS 'By whom; the analyzer may be gone.';
COMMENT ON COLUMN verdicts.analyzer IS 'Its name at the time.';
COMMENT ON COLUMN verdicts.state IS 'normal, abnormal or uncertain.';
COMMENT ON COLUMN verdicts.confidence IS '0-1.';
COMMENT ON COLUMN verdicts.labels IS 'Most certain first.';
COMMENT ON COLUMN verdicts.summary IS 'What happened, by the model: never to be trusted as markup.';
COMMENT ON COLUMN verdicts.reason IS 'Why this state, by the model.';
COMMENT ON COLUMN verdicts.model IS 'As the server reports it.';
COMMENT ON COLUMN verdicts.latency_seconds IS 'Seconds from asking to the answer.';
COMMENT ON COLUMN verdicts.prompt_tokens IS 'Tokens in; null where not counted.';
COMMENT ON COLUMN verdicts.completion_tokens IS 'Tokens out; null where not counted.';
COMMENT ON COLUMN verdicts.prompt_hash IS 'SHA-256 of the text of the prompt, hexadecimal.';
COMMENT ON COLUMN verdicts.created_at IS 'UTC instant.';

CREATE FUNCTION verdicts_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Only with its whole event may a verdict go; a cascade finds the event gone already.
    IF TG_OP = 'DELETE' AND NOT EXISTS (SELECT FROM events WHERE id = OLD.event_id) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'verdicts are append-only' USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER verdicts_append_only BEFORE UPDATE OR DELETE ON verdicts
    FOR EACH ROW EXECUTE FUNCTION verdicts_refuse_change();

CREATE TABLE jobs (
    id uuid PRIMARY KEY,
    organization_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    kind text NOT NULL CHECK (kind <> ''),
    payload jsonb NOT NULL,
    event_id uuid REFERENCES events ON DELETE CASCADE,
    priority int NOT NULL DEFAULT 0,
    state text NOT NULL
        CHECK (state IN ('available', 'scheduled', 'leased', 'succeeded', 'retryable', 'discarded', 'cancelled')),
    run_at timestamptz NOT NULL,
    attempt int NOT NULL DEFAULT 0 CHECK (attempt BETWEEN 0 AND max_attempts),
    max_attempts int NOT NULL CHECK (max_attempts > 0),
    expirations int NOT NULL DEFAULT 0,
    lease_token uuid,
    lease_owner text,
    lease_expires_at timestamptz,
    unique_key text UNIQUE,
    reanalysis_id uuid,
    last_error text,
    created_at timestamptz NOT NULL,
    finished_at timestamptz,
    CHECK ((state = 'leased') = (lease_token IS NOT NULL AND lease_owner IS NOT NULL AND lease_expires_at IS NOT NULL)),
    CHECK ((state IN ('succeeded', 'discarded', 'cancelled')) = (finished_at IS NOT NULL))
);
CREATE INDEX jobs_runnable ON jobs (priority, run_at, id) WHERE state IN ('available', 'scheduled', 'retryable');
CREATE INDEX jobs_leased ON jobs (lease_expires_at) WHERE state = 'leased';
CREATE INDEX jobs_by_event ON jobs (event_id) WHERE event_id IS NOT NULL;
COMMENT ON TABLE jobs IS 'Queued work; at most one lease holds a job (I4).';
COMMENT ON COLUMN jobs.id IS 'UUIDv7.';
COMMENT ON COLUMN jobs.organization_id IS 'Tenant.';
COMMENT ON COLUMN jobs.kind IS 'What is to be done: judge_event.';
COMMENT ON COLUMN jobs.payload IS 'Its shape belongs to the kind. judge_event: {event_id}.';
COMMENT ON COLUMN jobs.event_id IS 'The event whose analysis moves with this job; null for other work.';
COMMENT ON COLUMN jobs.priority IS 'Lower runs first: 0 live, 100 batch.';
COMMENT ON COLUMN jobs.state IS 'available, scheduled (first run in the future), leased, retryable (waits after a failure); succeeded, discarded (gave up), cancelled.';
COMMENT ON COLUMN jobs.run_at IS 'UTC instant before which it does not run.';
COMMENT ON COLUMN jobs.attempt IS 'Runs begun, 1 during the first.';
COMMENT ON COLUMN jobs.max_attempts IS 'Runs after which it is discarded.';
COMMENT ON COLUMN jobs.expirations IS 'Leases that ran out.';
COMMENT ON COLUMN jobs.lease_token IS 'Fencing token, new with each claim.';
COMMENT ON COLUMN jobs.lease_owner IS 'Worker that holds it, for people.';
COMMENT ON COLUMN jobs.lease_expires_at IS 'UTC instant after which another may claim it.';
COMMENT ON COLUMN jobs.unique_key IS 'A second job with this key is not inserted.';
COMMENT ON COLUMN jobs.reanalysis_id IS 'Batch that it belongs to.';
COMMENT ON COLUMN jobs.last_error IS 'Of the last failed run, or why it was discarded.';
COMMENT ON COLUMN jobs.created_at IS 'UTC instant.';
COMMENT ON COLUMN jobs.finished_at IS 'UTC instant at which it succeeded, was discarded or cancelled.';

INSERT INTO organizations (id, name) VALUES ('00000000-0000-7000-8000-000000000001', 'default');
INSERT INTO sites (id, organization_id, name, time_zone)
VALUES ('00000000-0000-7000-8000-000000000002', '00000000-0000-7000-8000-000000000001', 'default', 'UTC');
