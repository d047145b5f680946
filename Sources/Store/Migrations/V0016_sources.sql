-- Cameras over TLS.

ALTER TABLE cameras
    ADD certificate text NOT NULL DEFAULT 'system' CHECK (certificate IN ('system', 'any') OR certificate ~ '^[0-9a-f]{64}$');
COMMENT ON COLUMN cameras.certificate IS
    'Whose certificate an rtsps camera may show: system, any, or the SHA-256 of the one that is also taken.';
