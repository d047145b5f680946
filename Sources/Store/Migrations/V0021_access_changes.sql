-- Processes remember for a moment whom a secret belongs to; here they are told when that may have changed.

CREATE FUNCTION vedette_access_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- The same words once in a transaction, however many rows.
    PERFORM pg_notify('vedette_access', '');
    RETURN NULL;
END
$$;
CREATE TRIGGER users_changed AFTER DELETE OR UPDATE OF name, role, is_restricted, is_disabled ON users
    FOR EACH ROW EXECUTE FUNCTION vedette_access_changed();
CREATE TRIGGER api_keys_changed AFTER DELETE OR UPDATE OF name, role, scopes, expires_at, revoked_at ON api_keys
    FOR EACH ROW EXECUTE FUNCTION vedette_access_changed();
CREATE TRIGGER sessions_changed AFTER DELETE OR UPDATE OF ended_at ON sessions
    FOR EACH ROW EXECUTE FUNCTION vedette_access_changed();
CREATE TRIGGER session_tokens_changed AFTER DELETE OR UPDATE OF expires_at ON session_tokens
    FOR EACH ROW EXECUTE FUNCTION vedette_access_changed();
