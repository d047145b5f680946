-- Lists of events by label, in the order of time, without reading the events that have other labels: an array's index cannot be
-- searched below row security.

CREATE TABLE event_labels (
    organization_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    label text NOT NULL,
    triggered_at timestamptz NOT NULL,
    event_id uuid NOT NULL REFERENCES events ON DELETE CASCADE,
    PRIMARY KEY (event_id, label)
);
CREATE INDEX event_labels_newest ON event_labels (organization_id, label, triggered_at DESC, event_id DESC);
COMMENT ON TABLE event_labels IS 'The labels of the current verdicts; follows events.verdict_labels.';
COMMENT ON COLUMN event_labels.organization_id IS 'Tenant.';
COMMENT ON COLUMN event_labels.label IS 'As in verdict_labels.';
COMMENT ON COLUMN event_labels.triggered_at IS 'Of the event.';
COMMENT ON COLUMN event_labels.event_id IS 'Which event.';

SELECT vedette_guard('event_labels');
SELECT vedette_allow('queue', 'event_labels', 'ALL');

CREATE FUNCTION event_labels_follow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        DELETE FROM event_labels WHERE event_id = NEW.id AND label <> ALL (NEW.verdict_labels);
    END IF;
    INSERT INTO event_labels (organization_id, label, triggered_at, event_id)
    SELECT NEW.organization_id, label, NEW.triggered_at, NEW.id FROM unnest(NEW.verdict_labels) label
    WHERE label IS NOT NULL
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$;
-- Most events have no label, before and after they are judged.
CREATE TRIGGER event_labels_insert AFTER INSERT ON events FOR EACH ROW
    WHEN (NEW.verdict_labels <> '{}') EXECUTE FUNCTION event_labels_follow();
CREATE TRIGGER event_labels_update AFTER UPDATE OF verdict_labels ON events FOR EACH ROW
    WHEN (NEW.verdict_labels IS DISTINCT FROM OLD.verdict_labels) EXECUTE FUNCTION event_labels_follow();

INSERT INTO event_labels (organization_id, label, triggered_at, event_id)
SELECT organization_id, label, triggered_at, id FROM events, unnest(verdict_labels) label
WHERE label IS NOT NULL
ON CONFLICT DO NOTHING;
