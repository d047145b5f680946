-- Events that a camera's sound asked for.

ALTER TABLE events DROP CONSTRAINT events_kind_check;
ALTER TABLE events ADD CONSTRAINT events_kind_check
    CHECK (kind IN ('motion', 'manual', 'api', 'tamper', 'schedule', 'audio'));
COMMENT ON COLUMN events.kind IS 'What asked for it: motion, manual (a person), api (a program), tamper (the camera was covered, blurred or turned), schedule or audio (something loud).';
COMMENT ON COLUMN events.trigger_label IS 'Words of what asked for it: a caller''s, the schedule''s name, covered, defocused or moved, how loud it was; null where it said none.';

ALTER TABLE cameras ADD COLUMN audio_trigger jsonb CHECK (jsonb_typeof(audio_trigger) = 'object');
COMMENT ON COLUMN cameras.audio_trigger IS '{level_dbfs, seconds, hysteresis_db, rearm_seconds}; null: sound asks for nothing and is not decoded.';
