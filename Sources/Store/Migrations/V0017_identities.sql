-- People whom an issuer signs in (OpenID Connect).

ALTER TABLE users
    ADD issuer text CHECK (issuer <> ''),
    ADD subject text CHECK (subject <> ''),
    ADD CHECK ((issuer IS NULL) = (subject IS NULL));
COMMENT ON COLUMN users.issuer IS 'Who signs the user in, as its tokens say it; null for a user that came in by no issuer yet.';
COMMENT ON COLUMN users.subject IS 'Who the user is there; never given to another.';
CREATE UNIQUE INDEX users_by_identity ON users (issuer, subject) WHERE issuer IS NOT NULL;
