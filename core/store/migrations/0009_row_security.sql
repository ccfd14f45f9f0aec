-- Who sees and changes which rows.
--
-- The floor under every check of the application: a query that forgets its WHERE clause still shows a person nothing
-- that is not theirs. Every table has row security enabled and forced; a test lists those that have not.

-- Functions that look past row security, each answering one narrow question. Their owner has policies of its own.

-- Servers that the person owns or was invited to. Written in PL/pgSQL because its plan is kept between calls.
CREATE FUNCTION app.visible_servers() RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
    AS $$
DECLARE
    me uuid := nullif(current_setting('app.user_id', true), '')::uuid;
BEGIN
    RETURN QUERY
        SELECT s.id FROM public.servers s WHERE s.owner_id = me
        UNION ALL
        SELECT m.server_id FROM public.members m WHERE m.user_id = me AND m.permissions @> ARRAY['server.read'];
END
$$;

-- People who share a server with the person.
CREATE FUNCTION app.visible_people() RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
    AS $$
BEGIN
    RETURN QUERY
        SELECT s.owner_id FROM public.servers s WHERE s.id = ANY (ARRAY(SELECT app.visible_servers()))
        UNION
        SELECT m.user_id FROM public.members m WHERE m.server_id = ANY (ARRAY(SELECT app.visible_servers()));
END
$$;

-- Whose account an exact e-mail address is, for invitations.
CREATE FUNCTION app.find_person(address text) RETURNS TABLE (id uuid, name text)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
    AS $$
BEGIN
    RETURN QUERY SELECT u.id, u.name FROM public.users u WHERE u.email = address;
END
$$;

-- What a node has promised to everybody's servers together.
CREATE FUNCTION app.node_promised(node uuid)
    RETURNS TABLE (servers bigint, memory_mib bigint, disk_mib bigint, cpu_percent bigint)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
    AS $$
BEGIN
    RETURN QUERY
        SELECT count(*), coalesce(sum(s.memory_mib), 0)::bigint, coalesce(sum(s.disk_mib), 0)::bigint,
               coalesce(sum(s.cpu_percent), 0)::bigint
        FROM public.servers s WHERE s.node_id = node;
END
$$;

REVOKE ALL ON FUNCTION app.visible_servers(), app.visible_people(), app.find_person(text), app.node_promised(uuid)
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.visible_servers(), app.visible_people(), app.find_person(text), app.node_promised(uuid)
    TO gantry_app, gantry_admin, gantry_system, gantry_definer;

-- Handing a function to its owner takes CREATE on its schema for a moment.
GRANT CREATE ON SCHEMA app TO gantry_definer;
ALTER FUNCTION app.visible_servers() OWNER TO gantry_definer;
ALTER FUNCTION app.visible_people() OWNER TO gantry_definer;
ALTER FUNCTION app.find_person(text) OWNER TO gantry_definer;
ALTER FUNCTION app.node_promised(uuid) OWNER TO gantry_definer;
ALTER FUNCTION app.number_audit() OWNER TO gantry_definer;
ALTER FUNCTION app.copy_names() OWNER TO gantry_definer;
ALTER FUNCTION app.copy_names_again() OWNER TO gantry_definer;
REVOKE CREATE ON SCHEMA app FROM gantry_definer;
GRANT SELECT ON servers, members, users, nodes, locations, plugins, plugin_releases TO gantry_definer;
GRANT UPDATE (owner_id, node_id) ON servers TO gantry_definer;
GRANT SELECT, UPDATE ON audit_head TO gantry_definer;

-- Every table: row security on and forced, and the two wide roles' policies. What these may do is bounded by grants.
DO $$
DECLARE
    name text;
BEGIN
    FOR name IN
        SELECT c.relname FROM pg_class c
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
          AND c.relname <> '_sqlx_migrations'
    LOOP
        EXECUTE format('ALTER TABLE public.%I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE public.%I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY system ON public.%I TO gantry_system USING (true) WITH CHECK (true)', name);
        EXECUTE format('CREATE POLICY administrator ON public.%I TO gantry_admin USING (true) WITH CHECK (true)', name);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON public.%I TO gantry_system, gantry_admin', name);
    END LOOP;
END
$$;

GRANT USAGE ON SEQUENCE data_keys_id_seq TO gantry_system;

-- Nobody rewrites the log or its numbers; an administrator's request reads neither passwords, tokens nor keys.
REVOKE UPDATE, DELETE ON audit FROM gantry_system, gantry_admin;
REVOKE ALL ON audit_head FROM gantry_system, gantry_admin;
REVOKE ALL ON passwords, node_keys, data_keys, key_sentinel FROM gantry_admin;
REVOKE SELECT, INSERT, UPDATE ON sessions FROM gantry_admin;
GRANT SELECT (id, user_id, created_at, refreshed_at, expires_at, address, user_agent) ON sessions TO gantry_admin;
REVOKE SELECT, UPDATE ON one_time_tokens FROM gantry_admin;
GRANT SELECT (purpose, subject, expires_at) ON one_time_tokens TO gantry_admin;
-- The system's tables of keys are its own.
DROP POLICY administrator ON passwords;
DROP POLICY administrator ON node_keys;
DROP POLICY administrator ON data_keys;
DROP POLICY administrator ON key_sentinel;
DROP POLICY administrator ON audit_head;
DROP POLICY system ON audit_head;

CREATE POLICY definer ON servers FOR SELECT TO gantry_definer USING (true);
CREATE POLICY definer ON members FOR SELECT TO gantry_definer USING (true);
CREATE POLICY definer ON users FOR SELECT TO gantry_definer USING (true);
CREATE POLICY definer_names ON servers FOR UPDATE TO gantry_definer USING (true);
CREATE POLICY definer ON nodes FOR SELECT TO gantry_definer USING (true);
CREATE POLICY definer ON locations FOR SELECT TO gantry_definer USING (true);
CREATE POLICY definer ON plugins FOR SELECT TO gantry_definer USING (true);
CREATE POLICY definer ON plugin_releases FOR SELECT TO gantry_definer USING (true);
CREATE POLICY definer_reads ON audit_head FOR SELECT TO gantry_definer USING (true);
CREATE POLICY definer_counts ON audit_head FOR UPDATE TO gantry_definer USING (true);

-- What follows is for ordinary people. `ANY (ARRAY(SELECT …))` is evaluated once for each query and lets indexes work.

-- People: oneself, and whoever shares a server.
GRANT SELECT ON users TO gantry_app;
GRANT UPDATE (name, email, updated_at) ON users TO gantry_app;
CREATE POLICY people_see ON users FOR SELECT TO gantry_app
    USING (id = (SELECT app.uid()) OR id = ANY (ARRAY(SELECT app.visible_people())));
CREATE POLICY people_change ON users FOR UPDATE TO gantry_app USING (id = (SELECT app.uid()));

GRANT SELECT (id, user_id, created_at, refreshed_at, expires_at, address, user_agent), DELETE ON sessions TO gantry_app;
CREATE POLICY own_sessions_see ON sessions FOR SELECT TO gantry_app USING (user_id = (SELECT app.uid()));
CREATE POLICY own_sessions_end ON sessions FOR DELETE TO gantry_app USING (user_id = (SELECT app.uid()));

-- Places and games to choose from.
GRANT SELECT ON locations, nodes, plugins, plugin_releases, blueprints TO gantry_app;
CREATE POLICY everybody_sees ON locations FOR SELECT TO gantry_app USING (true);
CREATE POLICY everybody_sees ON nodes FOR SELECT TO gantry_app USING (true);
CREATE POLICY everybody_sees ON plugins FOR SELECT TO gantry_app USING (true);
CREATE POLICY everybody_sees ON plugin_releases FOR SELECT TO gantry_app USING (true);
CREATE POLICY everybody_sees ON blueprints FOR SELECT TO gantry_app USING (true);

-- Addresses: the free ones, to take them, and those of one's servers.
GRANT SELECT, UPDATE (server_id) ON allocations TO gantry_app;
CREATE POLICY allocations_see ON allocations FOR SELECT TO gantry_app
    USING (server_id IS NULL OR server_id = ANY (ARRAY(SELECT app.visible_servers())));
CREATE POLICY allocations_take ON allocations FOR UPDATE TO gantry_app
    USING (server_id IS NULL OR server_id = ANY (ARRAY(SELECT app.visible_servers())));

-- Owner, node, limits, holds and what was observed are not for tenants to change.
GRANT SELECT, INSERT ON servers TO gantry_app;
GRANT UPDATE (name, description, digest, blueprint, blueprint_name, endpoints, desired, generation, active_operation,
              updated_at) ON servers TO gantry_app;
CREATE POLICY servers_see ON servers FOR SELECT TO gantry_app
    USING (id = ANY (ARRAY(SELECT app.visible_servers())));
CREATE POLICY servers_make ON servers FOR INSERT TO gantry_app WITH CHECK (owner_id = (SELECT app.uid()));
CREATE POLICY servers_change ON servers FOR UPDATE TO gantry_app
    USING (id = ANY (ARRAY(SELECT app.visible_servers())));

GRANT SELECT, INSERT, UPDATE, DELETE ON server_variables TO gantry_app;
CREATE POLICY of_visible_servers ON server_variables TO gantry_app
    USING (server_id = ANY (ARRAY(SELECT app.visible_servers())));

-- Members: one's own membership, which one may leave, and those of one's servers.
GRANT SELECT, INSERT, UPDATE, DELETE ON members TO gantry_app;
CREATE POLICY members_see ON members FOR SELECT TO gantry_app
    USING (user_id = (SELECT app.uid()) OR server_id = ANY (ARRAY(SELECT app.visible_servers())));
CREATE POLICY members_invite ON members FOR INSERT TO gantry_app
    WITH CHECK (server_id = ANY (ARRAY(SELECT app.visible_servers())));
CREATE POLICY members_change ON members FOR UPDATE TO gantry_app
    USING (server_id = ANY (ARRAY(SELECT app.visible_servers())));
CREATE POLICY members_leave ON members FOR DELETE TO gantry_app
    USING (user_id = (SELECT app.uid()) OR server_id = ANY (ARRAY(SELECT app.visible_servers())));

-- Operations: of one's servers, and those that one asked for, because they outlive the server.
GRANT SELECT, INSERT, UPDATE ON operations TO gantry_app;
CREATE POLICY operations_see ON operations FOR SELECT TO gantry_app
    USING (requested_by = (SELECT app.uid()) OR server_id = ANY (ARRAY(SELECT app.visible_servers())));
CREATE POLICY operations_ask ON operations FOR INSERT TO gantry_app
    WITH CHECK (requested_by = (SELECT app.uid()) AND server_id = ANY (ARRAY(SELECT app.visible_servers())));
CREATE POLICY operations_change ON operations FOR UPDATE TO gantry_app
    USING (server_id = ANY (ARRAY(SELECT app.visible_servers())));

GRANT SELECT ON server_events, statistics_fine, statistics_coarse TO gantry_app;
CREATE POLICY of_visible_servers ON server_events FOR SELECT TO gantry_app
    USING (server_id = ANY (ARRAY(SELECT app.visible_servers())));
CREATE POLICY of_visible_servers ON statistics_fine FOR SELECT TO gantry_app
    USING (server_id = ANY (ARRAY(SELECT app.visible_servers())));
CREATE POLICY of_visible_servers ON statistics_coarse FOR SELECT TO gantry_app
    USING (server_id = ANY (ARRAY(SELECT app.visible_servers())));

-- The log: what concerns one's servers, and what one did. Nobody signs for somebody else.
GRANT SELECT, INSERT ON audit TO gantry_app;
CREATE POLICY audit_see ON audit FOR SELECT TO gantry_app
    USING (actor_id = (SELECT app.uid()) OR server_id = ANY (ARRAY(SELECT app.visible_servers())));
CREATE POLICY audit_write ON audit FOR INSERT TO gantry_app WITH CHECK (actor_id = (SELECT app.uid()));

GRANT SELECT, INSERT, UPDATE, DELETE ON idempotency_keys TO gantry_app;
CREATE POLICY own_keys ON idempotency_keys TO gantry_app USING (user_id = (SELECT app.uid()));
