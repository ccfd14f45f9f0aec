-- Servers: what is wanted of them, what was seen of them, who may use them, what was worked on.

CREATE TABLE servers (
    id                       uuid PRIMARY KEY,
    name                     text NOT NULL,
    -- Lists are ordered by it, whatever the case of the name.
    sort_key                 text COLLATE "C" NOT NULL GENERATED ALWAYS AS (lower(name)) STORED,
    description              text NOT NULL DEFAULT '',
    owner_id                 uuid NOT NULL,
    node_id                  uuid NOT NULL,
    -- The release that it runs.
    plugin_id                uuid NOT NULL,
    digest                   text NOT NULL,
    blueprint                text NOT NULL,
    blueprint_name           text NOT NULL,
    -- Copies of names that lists show, kept by the triggers below: a list is read a thousand times for each renaming,
    -- and five joins cost it more than everything else together.
    owner_name               text NOT NULL,
    node_name                text NOT NULL,
    location_id              uuid NOT NULL,
    location_name            text NOT NULL,
    manifest_id              text NOT NULL,
    plugin_name              text NOT NULL,
    plugin_version           text NOT NULL,
    memory_mib               integer NOT NULL,
    swap_mib                 integer NOT NULL,
    cpu_percent              integer NOT NULL,
    disk_mib                 integer NOT NULL,
    pids                     integer NOT NULL,
    time_zone                text NOT NULL DEFAULT 'UTC',
    -- [{allocationId, name, protocol, address, port}]: what each allocation is used for. The allocations' own rows say
    -- that they are taken; their addresses cannot change while they are.
    endpoints                jsonb NOT NULL DEFAULT '[]',
    desired                  text NOT NULL,
    -- [{by, reason}]
    holds                    jsonb NOT NULL DEFAULT '[]',
    -- Raised by every change of the columns above that the node must know of.
    generation               bigint NOT NULL DEFAULT 1,
    -- The generation that the node has written down.
    acknowledged_generation  bigint NOT NULL DEFAULT 0,
    observed                 text NOT NULL DEFAULT 'uninstalled',
    observed_since           timestamptz NOT NULL DEFAULT now(),
    observed_reason          text,
    crashes                  integer NOT NULL DEFAULT 0,
    started_at               timestamptz,
    -- The operation that has not ended, for lists; kept by a trigger on operations.
    active_operation         jsonb,
    created_at               timestamptz NOT NULL DEFAULT now(),
    updated_at               timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT servers_owner_exists FOREIGN KEY (owner_id) REFERENCES users,
    CONSTRAINT servers_node_exists FOREIGN KEY (node_id) REFERENCES nodes,
    CONSTRAINT servers_release_exists FOREIGN KEY (plugin_id, digest) REFERENCES plugin_releases (plugin_id, digest),
    CONSTRAINT servers_blueprint_exists FOREIGN KEY (digest, blueprint) REFERENCES blueprints (digest, id),
    CONSTRAINT servers_on_node UNIQUE (id, node_id),
    CONSTRAINT servers_desired_known CHECK (desired IN ('running', 'stopped', 'deleted')),
    CONSTRAINT servers_observed_known CHECK (observed IN
        ('uninstalled', 'offline', 'starting', 'running', 'stopping', 'crashed', 'deleted')),
    CONSTRAINT servers_limits_sane CHECK (
        memory_mib >= 0 AND swap_mib >= 0 AND cpu_percent >= 0 AND disk_mib >= 0 AND pids >= 0),
    CONSTRAINT servers_generation_order CHECK (acknowledged_generation <= generation)
);
CREATE INDEX servers_sort ON servers (sort_key, id);
CREATE INDEX servers_owner_id ON servers (owner_id);
CREATE INDEX servers_node_id ON servers (node_id);
CREATE INDEX servers_digest ON servers (digest);
-- What reconcilers look for.
CREATE INDEX servers_unacknowledged ON servers (node_id) WHERE acknowledged_generation < generation;

CREATE FUNCTION app.copy_names() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public
    AS $$
BEGIN
    SELECT u.name INTO NEW.owner_name FROM public.users u WHERE u.id = NEW.owner_id;
    SELECT n.name, l.id, l.name INTO NEW.node_name, NEW.location_id, NEW.location_name
        FROM public.nodes n JOIN public.locations l ON l.id = n.location_id WHERE n.id = NEW.node_id;
    SELECT p.manifest_id, r.name, r.version INTO NEW.manifest_id, NEW.plugin_name, NEW.plugin_version
        FROM public.plugin_releases r JOIN public.plugins p ON p.id = r.plugin_id WHERE r.digest = NEW.digest;
    -- What is not there is for the references to complain about.
    NEW.owner_name := coalesce(NEW.owner_name, '');
    NEW.node_name := coalesce(NEW.node_name, '');
    NEW.location_id := coalesce(NEW.location_id, NEW.node_id);
    NEW.location_name := coalesce(NEW.location_name, '');
    NEW.manifest_id := coalesce(NEW.manifest_id, '');
    NEW.plugin_name := coalesce(NEW.plugin_name, '');
    NEW.plugin_version := coalesce(NEW.plugin_version, '');
    RETURN NEW;
END
$$;
CREATE TRIGGER copy_names BEFORE INSERT OR UPDATE OF owner_id, node_id, digest ON servers
    FOR EACH ROW EXECUTE FUNCTION app.copy_names();

-- Touching the reference copies the names again.
CREATE FUNCTION app.copy_names_again() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public
    AS $$
BEGIN
    CASE TG_TABLE_NAME
        WHEN 'users' THEN UPDATE public.servers SET owner_id = owner_id WHERE owner_id = NEW.id;
        WHEN 'nodes' THEN UPDATE public.servers SET node_id = node_id WHERE node_id = NEW.id;
        WHEN 'locations' THEN
            UPDATE public.servers SET node_id = node_id
            WHERE node_id IN (SELECT n.id FROM public.nodes n WHERE n.location_id = NEW.id);
    END CASE;
    RETURN NULL;
END
$$;
CREATE TRIGGER copy_names AFTER UPDATE OF name ON users
    FOR EACH ROW WHEN (OLD.name <> NEW.name) EXECUTE FUNCTION app.copy_names_again();
CREATE TRIGGER copy_names AFTER UPDATE OF name, location_id ON nodes
    FOR EACH ROW WHEN (OLD.name <> NEW.name OR OLD.location_id <> NEW.location_id)
    EXECUTE FUNCTION app.copy_names_again();
CREATE TRIGGER copy_names AFTER UPDATE OF name ON locations
    FOR EACH ROW WHEN (OLD.name <> NEW.name) EXECUTE FUNCTION app.copy_names_again();

-- A server uses addresses of its own node alone.
ALTER TABLE allocations ADD CONSTRAINT allocations_server_on_node
    FOREIGN KEY (server_id, node_id) REFERENCES servers (id, node_id) ON DELETE SET NULL (server_id);

-- A value stands in clear or sealed, never both. The row's id is part of what seals it.
CREATE TABLE server_variables (
    id         uuid PRIMARY KEY,
    server_id  uuid NOT NULL REFERENCES servers ON DELETE CASCADE,
    key        text NOT NULL,
    value      text,
    sealed     bytea,
    CONSTRAINT server_variables_key UNIQUE (server_id, key),
    CONSTRAINT server_variables_one_form CHECK ((value IS NULL) <> (sealed IS NULL))
);

CREATE TABLE members (
    server_id    uuid NOT NULL REFERENCES servers ON DELETE CASCADE,
    user_id      uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    permissions  text[] NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT members_key PRIMARY KEY (server_id, user_id)
);
CREATE INDEX members_user_id ON members (user_id);

-- Operations outlive their server, so that its deletion has a recorded outcome too.
CREATE TABLE operations (
    id                 uuid PRIMARY KEY,
    server_id          uuid NOT NULL,
    node_id            uuid NOT NULL,
    kind               text NOT NULL,
    state              text NOT NULL DEFAULT 'pending',
    progress           jsonb,
    failure            jsonb,
    -- No reference: the record stays when the person goes.
    requested_by       uuid,
    requested_by_name  text,
    requested_at       timestamptz NOT NULL,
    deadline           timestamptz NOT NULL,
    started_at         timestamptz,
    ended_at           timestamptz,
    CONSTRAINT operations_kind_known CHECK (kind IN
        ('install', 'reinstall', 'start', 'stop', 'restart', 'kill', 'delete')),
    CONSTRAINT operations_state_known CHECK (state IN ('pending', 'running', 'succeeded', 'failed', 'cancelled')),
    CONSTRAINT operations_end CHECK ((ended_at IS NOT NULL) = (state IN ('succeeded', 'failed', 'cancelled')))
);
CREATE UNIQUE INDEX operations_one_at_work ON operations (server_id) WHERE state IN ('pending', 'running');
CREATE INDEX operations_server_id ON operations (server_id, id DESC);
CREATE INDEX operations_deadline ON operations (deadline) WHERE state IN ('pending', 'running');

-- Lists show the operation at work without looking it up for each row.
CREATE FUNCTION app.keep_active_operation() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF NEW.state IN ('pending', 'running') THEN
        UPDATE servers SET active_operation = jsonb_build_object(
            'id', NEW.id, 'kind', NEW.kind, 'state', NEW.state, 'progress', NEW.progress,
            'requestedBy', NEW.requested_by, 'requestedByName', NEW.requested_by_name,
            'requestedAt', NEW.requested_at, 'deadline', NEW.deadline, 'startedAt', NEW.started_at)
        WHERE id = NEW.server_id;
    ELSE
        UPDATE servers SET active_operation = NULL
        WHERE id = NEW.server_id AND active_operation ->> 'id' = NEW.id::text;
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER keep_active_operation AFTER INSERT OR UPDATE ON operations
    FOR EACH ROW EXECUTE FUNCTION app.keep_active_operation();

-- What nodes reported of servers, once each, for their history.
CREATE TABLE server_events (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    server_id  uuid NOT NULL REFERENCES servers ON DELETE CASCADE,
    at         timestamptz NOT NULL,
    kind       text NOT NULL,
    body       jsonb NOT NULL
);
CREATE INDEX server_events_server_id ON server_events (server_id, id DESC);
CREATE INDEX server_events_at ON server_events (at);
