-- I7: which rows a statement sees and changes is decided here, whatever its WHERE says. Each transaction sets
-- vedette.organization to its tenant, or vedette.duty to one of the few tasks that span tenants; with neither it sees
-- nothing. Security is forced, so that it also binds the owner of the tables where no other role can be had.

CREATE FUNCTION vedette_organization() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS
    $$ SELECT nullif(current_setting('vedette.organization', true), '')::uuid $$;
COMMENT ON FUNCTION vedette_organization() IS 'Tenant of the transaction; null where it set none.';

CREATE FUNCTION vedette_duty() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS
    $$ SELECT coalesce(current_setting('vedette.duty', true), '') $$;
COMMENT ON FUNCTION vedette_duty() IS 'Task across tenants that the transaction is about; empty for none.';

-- For this migration and later ones: puts a table under row security. Its tenant is in the column that is named.
CREATE FUNCTION vedette_guard(guarded regclass, tenant_column text DEFAULT 'organization_id') RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', guarded);
    -- Written so that the planner takes it to be true, as it nearly always is: a statement names its tenant in its WHERE too,
    -- and counted twice the condition would make the planner expect far too few rows.
    EXECUTE format('CREATE POLICY tenant ON %s USING (nullif(%I = vedette_organization(), false) IS NOT NULL)', guarded,
        tenant_column);
    -- Migrations and repair by hand; only for the owner of the tables.
    EXECUTE format('CREATE POLICY migration ON %s TO CURRENT_USER USING (vedette_duty() = ''migration'')', guarded);
END
$$;
COMMENT ON FUNCTION vedette_guard(regclass, text) IS 'Puts a table under row security.';

-- Lets a duty use one command (SELECT, INSERT, UPDATE, DELETE or ALL) on all rows of a table.
CREATE FUNCTION vedette_allow(duty text, guarded regclass, command text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE POLICY %I ON %s FOR %s %s', duty || '_' || lower(command), guarded, command,
        CASE command WHEN 'INSERT' THEN format('WITH CHECK (vedette_duty() = %L)', duty)
            ELSE format('USING (vedette_duty() = %L)', duty) END);
END
$$;
COMMENT ON FUNCTION vedette_allow(text, regclass, text) IS 'Lets a duty use one command on all rows of a table.';

-- Nobody but migrations has a use for these two.
REVOKE EXECUTE ON FUNCTION vedette_guard(regclass, text), vedette_allow(text, regclass, text) FROM PUBLIC;

SELECT vedette_guard('organizations', 'id');
SELECT vedette_guard(c.oid::regclass) FROM pg_class c
WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relrowsecurity
    AND NOT c.relispartition
    AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'organization_id');

-- queue: claims, renews and finishes jobs of all tenants in single statements.
SELECT vedette_allow('queue', 'jobs', 'ALL');
SELECT vedette_allow('queue', 'events', 'SELECT');
SELECT vedette_allow('queue', 'events', 'UPDATE');
SELECT vedette_allow('queue', 'verdicts', 'SELECT');
SELECT vedette_allow('queue', 'verdicts', 'INSERT');
SELECT vedette_allow('queue', 'definitions', 'SELECT');
SELECT vedette_allow('queue', 'definition_versions', 'SELECT');
SELECT vedette_allow('queue', 'analyzers', 'SELECT');
-- ingest: which cameras to read.
SELECT vedette_allow('ingest', 'cameras', 'SELECT');
-- settle: compares files and rows after a start.
SELECT vedette_allow('settle', 'events', 'SELECT');
SELECT vedette_allow('settle', 'cameras', 'SELECT');
SELECT vedette_allow('settle', 'clips', 'SELECT');
SELECT vedette_allow('settle', 'evidence', 'SELECT');
SELECT vedette_allow('settle', 'verdicts', 'SELECT');
-- feed: which events changed; the events themselves are then read as their tenant.
SELECT vedette_allow('feed', 'events', 'SELECT');
