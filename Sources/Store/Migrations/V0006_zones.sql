ALTER TABLE cameras ADD COLUMN zones jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(zones) = 'array');
COMMENT ON COLUMN cameras.zones IS 'Array of {name, kind: include or exclude, points: [[x, y]] as fractions, sensitivity, minimum_area}.';
ALTER TABLE events ADD COLUMN zones text[];
COMMENT ON COLUMN events.zones IS 'Names of the include zones in which something moved; null where the camera had none.';
COMMENT ON COLUMN events.boxes IS
    'Array of {x, y, width, height: fractions; at_seconds: from the first picture of the clip; zones: names}.';
