ALTER TABLE cameras ADD COLUMN detect_url text CHECK (detect_url <> '');
COMMENT ON COLUMN cameras.detect_url IS 'Where a smaller stream of the same view is, which is analysed; may hold credentials: secret. Null: none.';
ALTER TABLE cameras DROP CONSTRAINT cameras_analysis_check;
ALTER TABLE cameras ADD CONSTRAINT cameras_analysis_check CHECK (
    analysis IN ('full', 'ladder', 'keyframes') OR analysis = 'substream' AND detect_url IS NOT NULL);
COMMENT ON COLUMN cameras.analysis IS 'How much of its video is decoded: full, ladder or keyframes; substream: that of detect_url.';
