-- How an analyzer's server is reached, and which pictures it is sent.

ALTER TABLE analyzers
    ADD headers jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(headers) = 'array'),
    ADD proxy text,
    ADD certificate_authorities text,
    ADD connect_timeout_seconds double precision NOT NULL DEFAULT 10 CHECK (connect_timeout_seconds > 0),
    ADD first_byte_timeout_seconds double precision CHECK (first_byte_timeout_seconds > 0),
    ADD picture_side_pixels int CHECK (picture_side_pixels > 0),
    ADD picture_detail text CHECK (picture_detail IN ('auto', 'low', 'high'));
COMMENT ON COLUMN analyzers.headers IS 'Array of {name, value}, sent with each request; the values are secrets.';
COMMENT ON COLUMN analyzers.proxy IS 'URL, may hold a password; empty: none; null: what the environment says.';
COMMENT ON COLUMN analyzers.certificate_authorities IS 'PEM, trusted instead of the system''s; null: the system''s.';
COMMENT ON COLUMN analyzers.connect_timeout_seconds IS 'Seconds for name, connection and TLS.';
COMMENT ON COLUMN analyzers.first_byte_timeout_seconds IS 'Seconds until the answer begins; null: no limit but the whole request''s.';
COMMENT ON COLUMN analyzers.picture_side_pixels IS 'Longest side of a picture that is sent, in pixels; null: as stored.';
COMMENT ON COLUMN analyzers.picture_detail IS 'What the server is told about the resolution to look with; null: nothing.';
