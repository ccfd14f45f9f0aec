-- What the control plane lends to plugins: what they keep, secrets that administrators store for them, and what they looked
-- up for an installation.

-- A few bytes under keys of the plugin's own, for itself or for one server, and gone with it. Sealed, since what a plugin
-- keeps may be a token.
CREATE TABLE plugin_kept (
    id         uuid PRIMARY KEY,
    plugin_id  uuid NOT NULL REFERENCES plugins ON DELETE CASCADE,
    server_id  uuid REFERENCES servers ON DELETE CASCADE,
    -- Bytes in order, whatever the database's language: keys are listed by how they begin.
    key        text COLLATE "C" NOT NULL,
    sealed     bytea NOT NULL,
    CONSTRAINT plugin_kept_key UNIQUE NULLS NOT DISTINCT (plugin_id, server_id, key)
);
CREATE INDEX plugin_kept_server_id ON plugin_kept (server_id) WHERE server_id IS NOT NULL;

-- Under a name that the plugin's manifest asks for.
CREATE TABLE plugin_secrets (
    id          uuid PRIMARY KEY,
    plugin_id   uuid NOT NULL REFERENCES plugins ON DELETE CASCADE,
    name        text NOT NULL,
    sealed      bytea NOT NULL,
    updated_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT plugin_secrets_name UNIQUE (plugin_id, name)
);

-- Both are the system's. Administrators see which secrets there are, and nobody reads one in a request of theirs.
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['plugin_kept', 'plugin_secrets'] LOOP
        EXECUTE format('ALTER TABLE public.%I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE public.%I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY system ON public.%I TO gantry_system USING (true) WITH CHECK (true)', name);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON public.%I TO gantry_system', name);
    END LOOP;
END
$$;
CREATE POLICY administrator ON plugin_secrets FOR SELECT TO gantry_admin USING (true);
GRANT SELECT (id, plugin_id, name, updated_at) ON plugin_secrets TO gantry_admin;

-- What the plugin looked up when the server was last to be installed: [{key, value}].
ALTER TABLE servers ADD COLUMN facts jsonb NOT NULL DEFAULT '[]';
GRANT UPDATE (facts) ON servers TO gantry_app;
