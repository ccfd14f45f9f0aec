-- Plugins, each component that was installed under a plugin's name, and what each offers.
--
-- A release is a component, known by its digest, with the capabilities that were granted to exactly it. Servers are
-- pinned to a release, so a release stays for as long as a server needs it.

CREATE TABLE plugins (
    id              uuid PRIMARY KEY,
    -- As its author named it.
    manifest_id     text NOT NULL,
    -- What servers that are made from here on get.
    current_digest  text,
    bundled         boolean NOT NULL DEFAULT false,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT plugins_manifest_id_key UNIQUE (manifest_id)
);

CREATE TABLE plugin_releases (
    digest        text PRIMARY KEY,
    plugin_id     uuid NOT NULL REFERENCES plugins ON DELETE CASCADE,
    name          text NOT NULL,
    version       text NOT NULL,
    manifest      jsonb NOT NULL,
    -- [{name, reason}] as the manifest asks.
    requested     jsonb NOT NULL,
    granted       text[] NOT NULL,
    size          bigint NOT NULL,
    installed_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT plugin_releases_digest_form CHECK (digest ~ '^[0-9a-f]{64}$'),
    CONSTRAINT plugin_releases_of_plugin UNIQUE (plugin_id, digest)
);

ALTER TABLE plugins ADD CONSTRAINT plugins_current_release
    FOREIGN KEY (id, current_digest) REFERENCES plugin_releases (plugin_id, digest) DEFERRABLE INITIALLY DEFERRED;

-- Apart from the releases, so that no list ever drags megabytes along.
CREATE TABLE plugin_components (
    digest  text PRIMARY KEY REFERENCES plugin_releases ON DELETE CASCADE,
    bytes   bytea NOT NULL
);
ALTER TABLE plugin_components ALTER COLUMN bytes SET STORAGE EXTERNAL;

CREATE TABLE blueprints (
    digest    text NOT NULL REFERENCES plugin_releases ON DELETE CASCADE,
    id        text NOT NULL,
    -- The order in which the plugin names them.
    position  integer NOT NULL,
    document  jsonb NOT NULL,
    PRIMARY KEY (digest, id)
);
