-- Definitions by place, with questions and pictures; analyzers and policies that are made over the API.

ALTER TABLE definitions
    ADD site_id uuid,
    ADD camera_id uuid,
    ADD CHECK (num_nonnulls(site_id, camera_id) + is_default::int <= 1),
    ADD FOREIGN KEY (organization_id, site_id) REFERENCES sites (organization_id, id) ON DELETE CASCADE,
    ADD FOREIGN KEY (organization_id, camera_id) REFERENCES cameras (organization_id, id) ON DELETE CASCADE;
CREATE UNIQUE INDEX definitions_by_site ON definitions (organization_id, site_id) WHERE site_id IS NOT NULL;
CREATE UNIQUE INDEX definitions_by_camera ON definitions (organization_id, camera_id) WHERE camera_id IS NOT NULL;
COMMENT ON COLUMN definitions.is_default IS 'Where the definitions of sites and cameras inherit from; at most one in an organization.';
COMMENT ON COLUMN definitions.site_id IS 'Counts for the cameras of this site; null for none.';
COMMENT ON COLUMN definitions.camera_id IS 'Counts for this camera; null for none.';

ALTER TABLE definition_versions
    ALTER normal DROP NOT NULL,
    ALTER labels DROP NOT NULL,
    ADD questions text[],
    ADD examples jsonb CHECK (jsonb_typeof(examples) = 'array'),
    ADD source text NOT NULL DEFAULT 'settings' CHECK (source IN ('settings', 'api')),
    ADD author text;
COMMENT ON COLUMN definition_versions.normal IS 'What is normal, in the words of its owner; null inherits.';
COMMENT ON COLUMN definition_versions.labels IS 'What is looked for; null inherits.';
COMMENT ON COLUMN definition_versions.questions IS 'What the reason must answer; null inherits.';
COMMENT ON COLUMN definition_versions.examples IS 'Array of {picture_id, caption}: what normal looks like; null inherits.';
COMMENT ON COLUMN definition_versions.source IS 'settings: of the settings file. api: of a person or program.';
COMMENT ON COLUMN definition_versions.author IS 'Name at that time; null for the settings file.';

CREATE TABLE reference_pictures (
    id uuid PRIMARY KEY,
    organization_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    camera_id uuid NOT NULL,
    sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    jpeg bytea NOT NULL CHECK (octet_length(jpeg) BETWEEN 1 AND 1048576),
    width_pixels int NOT NULL CHECK (width_pixels > 0),
    height_pixels int NOT NULL CHECK (height_pixels > 0),
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (organization_id, sha256),
    FOREIGN KEY (organization_id, camera_id) REFERENCES cameras (organization_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE reference_pictures IS 'Copies of evidence pictures that definitions show as examples of normal: they outlive their event.';
COMMENT ON COLUMN reference_pictures.id IS 'UUIDv7.';
COMMENT ON COLUMN reference_pictures.organization_id IS 'Tenant.';
COMMENT ON COLUMN reference_pictures.camera_id IS 'Camera that it shows.';
COMMENT ON COLUMN reference_pictures.sha256 IS 'Of the JPEG, lower-case hexadecimal.';
COMMENT ON COLUMN reference_pictures.jpeg IS 'The file''s bytes.';
COMMENT ON COLUMN reference_pictures.width_pixels IS 'Pixels.';
COMMENT ON COLUMN reference_pictures.height_pixels IS 'Pixels.';
COMMENT ON COLUMN reference_pictures.created_at IS 'UTC instant at which it was given last.';

ALTER TABLE analyzers
    ADD max_pictures int CHECK (max_pictures > 0),
    ADD source text NOT NULL DEFAULT 'settings' CHECK (source IN ('settings', 'api')),
    ADD revision bigint NOT NULL DEFAULT 1 CHECK (revision > 0);
COMMENT ON COLUMN analyzers.max_pictures IS 'Most pictures in a request, examples included; null: no limit.';
COMMENT ON COLUMN analyzers.source IS 'settings: of the settings file, written at each start. api: made over the API.';
COMMENT ON COLUMN analyzers.revision IS 'Grows by one with every change over the API.';

ALTER TABLE policies
    ADD name text NOT NULL DEFAULT 'default' CHECK (name <> ''),
    ADD site_id uuid,
    ADD camera_id uuid,
    ADD revision bigint NOT NULL DEFAULT 1 CHECK (revision > 0),
    ADD UNIQUE (organization_id, name),
    ADD CHECK (num_nonnulls(site_id, camera_id) + is_default::int = 1),
    ADD FOREIGN KEY (organization_id, site_id) REFERENCES sites (organization_id, id) ON DELETE CASCADE,
    ADD FOREIGN KEY (organization_id, camera_id) REFERENCES cameras (organization_id, id) ON DELETE CASCADE;
CREATE UNIQUE INDEX policies_by_site ON policies (organization_id, site_id) WHERE site_id IS NOT NULL;
CREATE UNIQUE INDEX policies_by_camera ON policies (organization_id, camera_id) WHERE camera_id IS NOT NULL;
COMMENT ON COLUMN policies.name IS 'Unique within the organization.';
COMMENT ON COLUMN policies.is_default IS 'Of the settings file; counts where neither camera nor site has one.';
COMMENT ON COLUMN policies.site_id IS 'Counts for the cameras of this site; null for none.';
COMMENT ON COLUMN policies.camera_id IS 'Counts for this camera; null for none.';
COMMENT ON COLUMN policies.revision IS 'Grows by one with every change over the API.';

-- I7. Who is limited to some cameras sees the definitions, policies and pictures of theirs, and what counts for all.
SELECT vedette_guard('reference_pictures');
CREATE POLICY granted ON definitions AS RESTRICTIVE USING (nullif(vedette_viewer() IS NULL
    OR (site_id IS NULL AND camera_id IS NULL)
    OR EXISTS (SELECT FROM cameras c WHERE c.id = definitions.camera_id)
    OR EXISTS (SELECT FROM sites s WHERE s.id = definitions.site_id), false) IS NOT NULL);
CREATE POLICY granted ON definition_versions AS RESTRICTIVE USING (nullif(vedette_viewer() IS NULL
    OR EXISTS (SELECT FROM definitions d WHERE d.id = definition_id), false) IS NOT NULL);
CREATE POLICY granted ON policies AS RESTRICTIVE USING (nullif(vedette_viewer() IS NULL
    OR (site_id IS NULL AND camera_id IS NULL)
    OR EXISTS (SELECT FROM cameras c WHERE c.id = policies.camera_id)
    OR EXISTS (SELECT FROM sites s WHERE s.id = policies.site_id), false) IS NOT NULL);
CREATE POLICY granted ON reference_pictures AS RESTRICTIVE USING (nullif(vedette_viewer() IS NULL
    OR EXISTS (SELECT FROM cameras c WHERE c.id = reference_pictures.camera_id), false) IS NOT NULL);
