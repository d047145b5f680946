-- People, keys, sessions, and who did what. Hashes only: neither password nor token is kept.

CREATE TABLE users (
    id uuid PRIMARY KEY,
    organization_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    name text NOT NULL UNIQUE CHECK (name ~ '^[a-z0-9._@+-]{1,64}$'),
    password_hash text NOT NULL,
    role text NOT NULL CHECK (role IN ('viewer', 'operator', 'administrator')),
    is_restricted boolean NOT NULL,
    is_disabled boolean NOT NULL,
    revision bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (organization_id, id)
);
COMMENT ON TABLE users IS 'People who sign in.';
COMMENT ON COLUMN users.id IS 'UUIDv7.';
COMMENT ON COLUMN users.organization_id IS 'Tenant.';
COMMENT ON COLUMN users.role IS 'viewer, operator or administrator.';
COMMENT ON COLUMN users.is_disabled IS 'May not sign in.';
COMMENT ON COLUMN users.created_at IS 'UTC instant.';
COMMENT ON COLUMN users.updated_at IS 'UTC instant.';
COMMENT ON COLUMN users.name IS 'Unique in the installation: who signs in names no organization.';
COMMENT ON COLUMN users.password_hash IS 'scrypt with its parameters and salt.';
COMMENT ON COLUMN users.is_restricted IS 'Sees only what user_grants names.';
COMMENT ON COLUMN users.revision IS 'Grows by one with every change.';

CREATE TABLE user_grants (
    organization_id uuid NOT NULL,
    user_id uuid NOT NULL,
    site_id uuid,
    camera_id uuid,
    CHECK (num_nonnulls(site_id, camera_id) = 1),
    UNIQUE NULLS NOT DISTINCT (user_id, site_id, camera_id),
    FOREIGN KEY (organization_id, user_id) REFERENCES users (organization_id, id) ON DELETE CASCADE,
    FOREIGN KEY (organization_id, site_id) REFERENCES sites (organization_id, id) ON DELETE CASCADE,
    FOREIGN KEY (organization_id, camera_id) REFERENCES cameras (organization_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE user_grants IS 'What a restricted user sees: sites with all their cameras, and single cameras.';
COMMENT ON COLUMN user_grants.organization_id IS 'Tenant.';
COMMENT ON COLUMN user_grants.user_id IS 'Who sees it.';
COMMENT ON COLUMN user_grants.site_id IS 'A site with all its cameras; null for a camera.';
COMMENT ON COLUMN user_grants.camera_id IS 'A camera; null for a site.';

CREATE TABLE api_keys (
    id uuid PRIMARY KEY,
    organization_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    name text NOT NULL CHECK (name <> ''),
    prefix text NOT NULL,
    hash bytea NOT NULL UNIQUE,
    role text NOT NULL CHECK (role IN ('viewer', 'operator', 'administrator')),
    scopes text[],
    created_at timestamptz NOT NULL,
    expires_at timestamptz,
    revoked_at timestamptz,
    last_used_at timestamptz,
    UNIQUE (organization_id, id)
);
CREATE UNIQUE INDEX api_keys_name ON api_keys (organization_id, name) WHERE revoked_at IS NULL;
COMMENT ON TABLE api_keys IS 'Keys of programs.';
COMMENT ON COLUMN api_keys.id IS 'UUIDv7.';
COMMENT ON COLUMN api_keys.organization_id IS 'Tenant.';
COMMENT ON COLUMN api_keys.name IS 'Unique among the keys that are not revoked.';
COMMENT ON COLUMN api_keys.role IS 'viewer, operator or administrator.';
COMMENT ON COLUMN api_keys.created_at IS 'UTC instant.';
COMMENT ON COLUMN api_keys.expires_at IS 'UTC instant; null for never.';
COMMENT ON COLUMN api_keys.revoked_at IS 'UTC instant; null while it is good.';
COMMENT ON COLUMN api_keys.prefix IS 'Beginning of the key, by which its owner knows it.';
COMMENT ON COLUMN api_keys.hash IS 'SHA-256 of the key, which holds 256 random bits.';
COMMENT ON COLUMN api_keys.scopes IS 'Areas of the API that it is limited to; null for all that its role may.';
COMMENT ON COLUMN api_keys.last_used_at IS 'Exact to a minute.';

CREATE TABLE sessions (
    id uuid PRIMARY KEY,
    organization_id uuid NOT NULL,
    user_id uuid,
    api_key_id uuid,
    created_at timestamptz NOT NULL,
    ended_at timestamptz,
    CHECK (num_nonnulls(user_id, api_key_id) = 1),
    UNIQUE (organization_id, id),
    FOREIGN KEY (organization_id, user_id) REFERENCES users (organization_id, id) ON DELETE CASCADE,
    FOREIGN KEY (organization_id, api_key_id) REFERENCES api_keys (organization_id, id) ON DELETE CASCADE
);
CREATE INDEX sessions_by_user ON sessions (user_id) WHERE ended_at IS NULL;
COMMENT ON TABLE sessions IS 'From one proof of a password or key until the end: all tokens that follow from it.';
COMMENT ON COLUMN sessions.id IS 'UUIDv7.';
COMMENT ON COLUMN sessions.organization_id IS 'Tenant.';
COMMENT ON COLUMN sessions.user_id IS 'Who signed in; null for a key.';
COMMENT ON COLUMN sessions.api_key_id IS 'The key that was shown; null for a user.';
COMMENT ON COLUMN sessions.created_at IS 'UTC instant.';
COMMENT ON COLUMN sessions.ended_at IS 'UTC instant; null while it goes on.';

CREATE TABLE session_tokens (
    hash bytea PRIMARY KEY,
    organization_id uuid NOT NULL,
    session_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('access', 'refresh')),
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    FOREIGN KEY (organization_id, session_id) REFERENCES sessions (organization_id, id) ON DELETE CASCADE
);
CREATE INDEX session_tokens_by_session ON session_tokens (session_id);
COMMENT ON TABLE session_tokens IS 'Tokens of sessions; a used refresh token stays until it expires, to notice its second use.';
COMMENT ON COLUMN session_tokens.organization_id IS 'Tenant.';
COMMENT ON COLUMN session_tokens.session_id IS 'Session.';
COMMENT ON COLUMN session_tokens.kind IS 'access or refresh.';
COMMENT ON COLUMN session_tokens.expires_at IS 'UTC instant.';
COMMENT ON COLUMN session_tokens.used_at IS 'UTC instant of a refresh token''s one use.';
COMMENT ON COLUMN session_tokens.hash IS 'SHA-256 of the token, which holds 256 random bits.';

CREATE TABLE audit_log (
    id uuid PRIMARY KEY,
    organization_id uuid NOT NULL REFERENCES organizations,
    at timestamptz NOT NULL,
    actor_kind text NOT NULL CHECK (actor_kind IN ('user', 'key', 'nobody')),
    actor_name text NOT NULL,
    action text NOT NULL,
    path text NOT NULL,
    status int NOT NULL,
    address text NOT NULL,
    request_id text NOT NULL
);
CREATE INDEX audit_log_newest ON audit_log (organization_id, id DESC);
COMMENT ON TABLE audit_log IS 'Who did what; nothing in it changes.';
COMMENT ON COLUMN audit_log.id IS 'UUIDv7.';
COMMENT ON COLUMN audit_log.organization_id IS 'Tenant.';
COMMENT ON COLUMN audit_log.at IS 'UTC instant.';
COMMENT ON COLUMN audit_log.actor_kind IS 'user, key or nobody.';
COMMENT ON COLUMN audit_log.actor_name IS 'Name at that time; of nobody, the name that was tried.';
COMMENT ON COLUMN audit_log.action IS 'Method and path as the API describes it, or sign-in, sign-out, refresh-token-reused.';
COMMENT ON COLUMN audit_log.path IS 'Path that was asked for, without its query.';
COMMENT ON COLUMN audit_log.status IS 'HTTP status of the answer.';
COMMENT ON COLUMN audit_log.address IS 'Address of the peer.';
COMMENT ON COLUMN audit_log.request_id IS 'As in the log.';

CREATE TABLE idempotency_keys (
    organization_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    actor text NOT NULL,
    key text NOT NULL,
    fingerprint bytea NOT NULL,
    status int,
    content_type text,
    location text,
    entity_tag text,
    body text,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organization_id, actor, key)
);
CREATE INDEX idempotency_keys_oldest ON idempotency_keys (created_at);
COMMENT ON TABLE idempotency_keys IS 'Answers to requests that created something, for those who repeat them; kept for a day.';
COMMENT ON COLUMN idempotency_keys.organization_id IS 'Tenant.';
COMMENT ON COLUMN idempotency_keys.actor IS 'Whose key it is.';
COMMENT ON COLUMN idempotency_keys.key IS 'As the client gave it.';
COMMENT ON COLUMN idempotency_keys.fingerprint IS 'SHA-256 of method, address and body.';
COMMENT ON COLUMN idempotency_keys.status IS 'HTTP status of the answer; null while the request is under way.';
COMMENT ON COLUMN idempotency_keys.content_type IS 'Of the answer.';
COMMENT ON COLUMN idempotency_keys.location IS 'Of the answer, or empty.';
COMMENT ON COLUMN idempotency_keys.entity_tag IS 'Of the answer, or empty.';
COMMENT ON COLUMN idempotency_keys.body IS 'Of the answer.';
COMMENT ON COLUMN idempotency_keys.created_at IS 'UTC instant.';

CREATE TABLE event_tombstones (
    organization_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    event_id uuid NOT NULL,
    deleted_at timestamptz NOT NULL,
    PRIMARY KEY (organization_id, event_id)
);
CREATE INDEX event_tombstones_by_time ON event_tombstones (organization_id, deleted_at);
COMMENT ON TABLE event_tombstones IS 'Events that went in the last days, for streams that resume.';
COMMENT ON COLUMN event_tombstones.organization_id IS 'Tenant.';
COMMENT ON COLUMN event_tombstones.event_id IS 'The event that went.';
COMMENT ON COLUMN event_tombstones.deleted_at IS 'UTC instant.';
CREATE INDEX events_changed_by_organization ON events (organization_id, changed_at);

SELECT vedette_guard(name::regclass) FROM unnest(ARRAY['users', 'user_grants', 'api_keys', 'sessions', 'session_tokens',
    'audit_log', 'idempotency_keys', 'event_tombstones']) name;

-- sign_in: finds out who somebody is, which decides the tenant.
SELECT vedette_allow('sign_in', 'users', 'SELECT');
SELECT vedette_allow('sign_in', 'api_keys', 'SELECT');
SELECT vedette_allow('sign_in', 'api_keys', 'UPDATE');
SELECT vedette_allow('sign_in', 'sessions', 'SELECT');
SELECT vedette_allow('sign_in', 'sessions', 'UPDATE');
SELECT vedette_allow('sign_in', 'session_tokens', 'ALL');

-- The audit log is written and read, never changed.
CREATE POLICY kept_update ON audit_log AS RESTRICTIVE FOR UPDATE USING (vedette_duty() = 'migration');
CREATE POLICY kept_delete ON audit_log AS RESTRICTIVE FOR DELETE USING (vedette_duty() = 'migration');

-- Who is limited to some cameras sees theirs and what belongs to them, in every statement.
CREATE FUNCTION vedette_viewer() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS
    $$ SELECT nullif(current_setting('vedette.viewer', true), '')::uuid $$;
COMMENT ON FUNCTION vedette_viewer() IS 'User whose grants limit the transaction; null for none.';

CREATE POLICY granted ON cameras AS RESTRICTIVE USING (nullif(vedette_viewer() IS NULL OR EXISTS (
    SELECT FROM user_grants g WHERE g.user_id = vedette_viewer() AND (g.camera_id = cameras.id OR g.site_id = cameras.site_id)), false) IS NOT NULL);
CREATE POLICY granted ON events AS RESTRICTIVE USING (nullif(vedette_viewer() IS NULL OR EXISTS (
    SELECT FROM user_grants g WHERE g.user_id = vedette_viewer()
        AND (g.camera_id = events.camera_id OR g.site_id = events.site_id)), false) IS NOT NULL);
CREATE POLICY granted ON sites AS RESTRICTIVE USING (nullif(vedette_viewer() IS NULL OR EXISTS (
    SELECT FROM user_grants g WHERE g.user_id = vedette_viewer() AND (g.site_id = sites.id
        OR g.camera_id IN (SELECT c.id FROM cameras c WHERE c.site_id = sites.id))), false) IS NOT NULL);
CREATE POLICY granted ON reanalysis_items AS RESTRICTIVE USING (
    nullif(vedette_viewer() IS NULL OR EXISTS (SELECT FROM events e WHERE e.id = event_id), false) IS NOT NULL);
CREATE POLICY granted ON clips AS RESTRICTIVE USING (
    nullif(vedette_viewer() IS NULL OR EXISTS (SELECT FROM events e WHERE e.id = clips.event_id), false) IS NOT NULL);
CREATE POLICY granted ON evidence AS RESTRICTIVE USING (
    nullif(vedette_viewer() IS NULL OR EXISTS (SELECT FROM events e WHERE e.id = evidence.event_id), false) IS NOT NULL);
CREATE POLICY granted ON verdicts AS RESTRICTIVE USING (
    nullif(vedette_viewer() IS NULL OR EXISTS (SELECT FROM events e WHERE e.id = verdicts.event_id), false) IS NOT NULL);
