ALTER TABLE cameras ADD COLUMN analysis text NOT NULL DEFAULT 'ladder'
    CHECK (analysis IN ('full', 'ladder', 'keyframes'));
COMMENT ON COLUMN cameras.analysis IS 'How much of its video is decoded: full, ladder or keyframes.';
