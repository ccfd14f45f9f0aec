-- Whose plugins may come in: which writing of the policy it is, and with which words private registries are asked.

-- Whoever replaces the policy says which writing they read, so that nobody writes over somebody else's unseen.
ALTER TABLE trust_policy ADD COLUMN version bigint NOT NULL DEFAULT 1;

-- A user name and a password for a registry, or for what is below a path of one.
CREATE TABLE registry_logins (
    id             uuid PRIMARY KEY,
    -- As it stands in references: ghcr.io/acme.
    prefix         text NOT NULL,
    username       text NOT NULL,
    -- The one other host that may have them: who hands out the registry's tokens.
    token_service  text,
    -- With the password, the registry and that other host are sealed: a row that is made to say another host opens for nobody.
    sealed         bytea NOT NULL,
    updated_at     timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT registry_logins_prefix UNIQUE (prefix)
);
ALTER TABLE registry_logins ENABLE ROW LEVEL SECURITY;
ALTER TABLE registry_logins FORCE ROW LEVEL SECURITY;
CREATE POLICY system ON registry_logins TO gantry_system USING (true) WITH CHECK (true);
CREATE POLICY administrator ON registry_logins FOR SELECT TO gantry_admin USING (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON registry_logins TO gantry_system;
GRANT SELECT (id, prefix, username, token_service, updated_at) ON registry_logins TO gantry_admin;
