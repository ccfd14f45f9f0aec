-- The life of a plugin after it was taken in: releases that wait for a grant, that proved themselves or failed; plugins of
-- which nothing new is made; servers that were moved from one release to another; what went wrong, for administrators.

ALTER TABLE plugins
    -- A release that was taken in and asks for more than was granted. Whatever is current goes on until somebody decides.
    ADD COLUMN waiting_digest text,
    -- Since when nothing new is made of it.
    ADD COLUMN disabled_at    timestamptz,
    -- What Gantry's own folder brought last. Only what is other than that is taken from there, so that whoever went back to
    -- an earlier release stays there when Gantry starts again.
    ADD COLUMN bundled_digest text;

ALTER TABLE plugin_releases
    -- When it was first made current, with its grants. Servers are moved to such releases alone.
    ADD COLUMN accepted_at timestamptz,
    -- When it first planned something.
    ADD COLUMN proved_at   timestamptz,
    -- When its first plan failed, and how: {call, code, message, serverId, serverName}.
    ADD COLUMN failed_at   timestamptz,
    ADD COLUMN failure     jsonb,
    -- What was current before it: where its failure leads back to.
    ADD COLUMN predecessor text REFERENCES plugin_releases ON DELETE SET NULL,
    -- How it came here, and why it was trusted: {reference, artifact, trust}. Null for what comes with Gantry.
    ADD COLUMN origin      jsonb,
    ADD CONSTRAINT plugin_releases_failure CHECK ((failed_at IS NULL) = (failure IS NULL));
CREATE INDEX plugin_releases_plugin_id ON plugin_releases (plugin_id, installed_at DESC);
CREATE INDEX plugin_releases_predecessor ON plugin_releases (predecessor);

-- What is in use has been granted, and has planned whatever runs.
UPDATE plugin_releases SET accepted_at = installed_at, proved_at = installed_at;
UPDATE plugins SET bundled_digest = current_digest WHERE bundled;

ALTER TABLE plugins ADD CONSTRAINT plugins_waiting_release
    FOREIGN KEY (id, waiting_digest) REFERENCES plugin_releases (plugin_id, digest) ON DELETE SET NULL (waiting_digest)
    DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE servers
    -- The release that it was moved from, where its next plan decides whether it stays.
    ADD COLUMN moved_from         text,
    ADD COLUMN moved_at           timestamptz,
    -- The generation in which its release last changed.
    ADD COLUMN release_generation bigint NOT NULL DEFAULT 0,
    ADD CONSTRAINT servers_moved_from_exists FOREIGN KEY (plugin_id, moved_from)
        REFERENCES plugin_releases (plugin_id, digest) ON DELETE SET NULL (moved_from);
CREATE INDEX servers_moved_from ON servers (moved_from) WHERE moved_from IS NOT NULL;
GRANT UPDATE (moved_from, moved_at) ON servers TO gantry_app;

CREATE OR REPLACE FUNCTION app.mark_changes() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, public
    AS $$
BEGIN
    IF (OLD.memory_mib, OLD.swap_mib, OLD.cpu_percent, OLD.pids)
       IS DISTINCT FROM (NEW.memory_mib, NEW.swap_mib, NEW.cpu_percent, NEW.pids) THEN
        NEW.limits_generation := NEW.generation;
    END IF;
    IF OLD.endpoints IS DISTINCT FROM NEW.endpoints THEN
        NEW.endpoints_generation := NEW.generation;
    END IF;
    IF OLD.digest IS DISTINCT FROM NEW.digest THEN
        NEW.release_generation := NEW.generation;
    END IF;
    RETURN NEW;
END
$$;
DROP TRIGGER mark_changes ON servers;
CREATE TRIGGER mark_changes BEFORE UPDATE OF memory_mib, swap_mib, cpu_percent, pids, endpoints, digest ON servers
    FOR EACH ROW EXECUTE FUNCTION app.mark_changes();

-- What went wrong in plugins, here and on nodes, each kind of it once with how often: for administrators.
CREATE TABLE plugin_failures (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    plugin_id    uuid NOT NULL REFERENCES plugins ON DELETE CASCADE,
    digest       text NOT NULL,
    version      text NOT NULL,
    -- The function as the contract names it: plans.install.
    call         text NOT NULL,
    code         text NOT NULL,
    message      text NOT NULL,
    -- Where it happened last; null in the control plane, or for a server that is to be.
    server_id    uuid,
    server_name  text,
    node_name    text,
    times        bigint NOT NULL DEFAULT 1,
    first_at     timestamptz NOT NULL,
    last_at      timestamptz NOT NULL
);
CREATE UNIQUE INDEX plugin_failures_kind ON plugin_failures (plugin_id, digest, call, code, md5(message));
CREATE INDEX plugin_failures_latest ON plugin_failures (plugin_id, last_at DESC);
ALTER TABLE plugin_failures ENABLE ROW LEVEL SECURITY;
ALTER TABLE plugin_failures FORCE ROW LEVEL SECURITY;
CREATE POLICY system ON plugin_failures TO gantry_system USING (true) WITH CHECK (true);
CREATE POLICY administrator ON plugin_failures FOR SELECT TO gantry_admin USING (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON plugin_failures TO gantry_system;
GRANT SELECT ON plugin_failures TO gantry_admin;

-- Whose plugins may come in, as administrators wrote it: one row at most.
CREATE TABLE trust_policy (
    single      boolean PRIMARY KEY DEFAULT true,
    rules       jsonb NOT NULL,
    updated_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT trust_policy_single CHECK (single)
);
ALTER TABLE trust_policy ENABLE ROW LEVEL SECURITY;
ALTER TABLE trust_policy FORCE ROW LEVEL SECURITY;
CREATE POLICY system ON trust_policy TO gantry_system USING (true) WITH CHECK (true);
CREATE POLICY administrator ON trust_policy FOR SELECT TO gantry_admin USING (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON trust_policy TO gantry_system;
GRANT SELECT ON trust_policy TO gantry_admin;
