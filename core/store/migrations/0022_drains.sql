-- Drains: that a node's servers are to stop for work on its machine, and how far each of them is.

ALTER TABLE nodes
    -- All of it; null where the node is not to be drained.
    ADD COLUMN drain jsonb,
    -- Raised by each change of it, and the one that the node has written down.
    ADD COLUMN drain_generation bigint NOT NULL DEFAULT 0,
    ADD COLUMN drain_heard bigint NOT NULL DEFAULT 0;

ALTER TABLE servers
    -- The node's, copied like its name: who may see a server need not see its node.
    ADD COLUMN node_drain jsonb,
    -- How far the node says that it is with this server.
    ADD COLUMN drain jsonb;

CREATE OR REPLACE FUNCTION app.copy_names() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public
    AS $$
BEGIN
    SELECT u.name INTO NEW.owner_name FROM public.users u WHERE u.id = NEW.owner_id;
    SELECT n.name, l.id, l.name, n.drain INTO NEW.node_name, NEW.location_id, NEW.location_name, NEW.node_drain
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
    -- What was told of another drain is void.
    IF NEW.drain ->> 'drainId' IS DISTINCT FROM NEW.node_drain ->> 'id' THEN
        NEW.drain := NULL;
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER copy_drain AFTER UPDATE OF drain ON nodes
    FOR EACH ROW WHEN (OLD.drain IS DISTINCT FROM NEW.drain)
    EXECUTE FUNCTION app.copy_names_again();

-- How far a node's drain is, over all of its servers, for whoever may see the node.
CREATE FUNCTION app.node_drained(node uuid) RETURNS jsonb
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
    AS $$
BEGIN
    RETURN (
        SELECT jsonb_build_object(
            'running', count(*) FILTER (WHERE s.observed IN ('starting', 'running', 'stopping')),
            'waiting', count(*) FILTER (WHERE s.drain ->> 'state' = 'waiting'),
            'backingUp', count(*) FILTER (WHERE s.drain ->> 'state' = 'backing_up'),
            'open', count(*) FILTER (WHERE s.drain ->> 'state' <> 'drained' OR s.active_operation IS NOT NULL),
            'troubled', count(*) FILTER (WHERE jsonb_array_length(s.drain -> 'trouble') > 0))
        FROM public.servers s WHERE s.node_id = node);
END
$$;
REVOKE ALL ON FUNCTION app.node_drained(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.node_drained(uuid) TO gantry_app, gantry_admin, gantry_system, gantry_definer;
GRANT CREATE ON SCHEMA app TO gantry_definer;
ALTER FUNCTION app.node_drained(uuid) OWNER TO gantry_definer;
REVOKE CREATE ON SCHEMA app FROM gantry_definer;
