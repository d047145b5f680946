-- Lists of events by what was judged, by kind, site and mark, without reading the events that do not match. What a list is
-- filtered by stands beside its order: below row security an index of another table cannot be searched for it.

ALTER TABLE events
    ADD verdict_state text,
    ADD verdict_confidence double precision,
    ADD verdict_labels text[] NOT NULL DEFAULT '{}';
COMMENT ON COLUMN events.verdict_state IS 'Of the current verdict; written with current_verdict_id.';
COMMENT ON COLUMN events.verdict_confidence IS 'Of the current verdict; written with current_verdict_id.';
COMMENT ON COLUMN events.verdict_labels IS 'Of the current verdict; written with current_verdict_id.';
UPDATE events e SET verdict_state = v.state, verdict_confidence = v.confidence, verdict_labels = v.labels
FROM verdicts v WHERE v.id = e.current_verdict_id;

CREATE INDEX events_by_verdict ON events (organization_id, verdict_state, triggered_at DESC, id DESC);
CREATE INDEX events_by_kind ON events (organization_id, kind, triggered_at DESC, id DESC);
CREATE INDEX events_newest_by_site ON events (organization_id, site_id, triggered_at DESC, id DESC);
CREATE INDEX events_starred ON events (organization_id, triggered_at DESC, id DESC) WHERE starred;
CREATE INDEX events_unreviewed ON events (organization_id, triggered_at DESC, id DESC) WHERE NOT reviewed;
