-- Events that something other than motion asked for.

ALTER TABLE events DROP CONSTRAINT events_kind_check;
ALTER TABLE events ADD CONSTRAINT events_kind_check
    CHECK (kind IN ('motion', 'manual', 'api', 'tamper', 'schedule'));
COMMENT ON COLUMN events.kind IS 'What asked for it: motion, manual (a person), api (a program), tamper (the camera was covered, blurred or turned) or schedule.';
ALTER TABLE events ADD COLUMN trigger_label text;
COMMENT ON COLUMN events.trigger_label IS 'Words of what asked for it: a caller''s, the schedule''s name, covered, defocused or moved; null where it said none.';
COMMENT ON COLUMN events.started_at IS 'UTC instant of the first moving frame, or at which what another trigger tells of began.';
COMMENT ON COLUMN events.ended_at IS 'UTC instant of the last moving frame, or at which the time that another trigger asked for was over.';

ALTER TABLE cameras ADD COLUMN tamper boolean NOT NULL DEFAULT true;
COMMENT ON COLUMN cameras.tamper IS 'Whether a covered, blurred or turned camera makes an event.';
ALTER TABLE cameras ADD COLUMN schedule jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(schedule) = 'array');
COMMENT ON COLUMN cameras.schedule IS 'Array of {name, at: HH:MM or every_seconds, days: [mon…sun], duration_seconds}, in the zone of the site.';
