-- What plugins that listen are told of, and what became of telling them.
--
-- An event is written by the transaction that makes it true, once, and only if somebody wants it; a delivery is what one
-- plugin is owed of it. Whoever tells one claims it for a while, so that several control planes do not tell it at once, and one
-- that fell over leaves nothing undone. A delivery ends told or given up, and stays for a while to be looked at.

ALTER TABLE plugin_releases
    -- The kinds of events that it wants; null where it does not listen.
    ADD COLUMN wants     text[],
    -- What an administrator may set for the plugin as a whole: variables, as blueprints have them.
    ADD COLUMN settings  jsonb NOT NULL DEFAULT '[]';

-- A value stands in clear or sealed, never both. The row's id is part of what seals it.
CREATE TABLE plugin_settings (
    id         uuid PRIMARY KEY,
    plugin_id  uuid NOT NULL REFERENCES plugins ON DELETE CASCADE,
    key        text NOT NULL,
    value      text,
    sealed     bytea,
    CONSTRAINT plugin_settings_key UNIQUE (plugin_id, key),
    CONSTRAINT plugin_settings_one_form CHECK ((value IS NULL) <> (sealed IS NULL))
);

CREATE TABLE events (
    id    uuid PRIMARY KEY,
    at    timestamptz NOT NULL,
    kind  text NOT NULL,
    -- All that is told, the same to everybody and each time.
    body  jsonb NOT NULL
);

CREATE TABLE deliveries (
    plugin_id      uuid NOT NULL REFERENCES plugins ON DELETE CASCADE,
    event_id       uuid NOT NULL REFERENCES events ON DELETE CASCADE,
    state          text NOT NULL DEFAULT 'waiting',
    -- Attempts that were begun and count.
    attempts       integer NOT NULL DEFAULT 0,
    due_at         timestamptz NOT NULL DEFAULT now(),
    -- Who tells it at the moment, and until when nobody else does.
    claim          uuid,
    claimed_until  timestamptz,
    -- Why it was not told, the last time.
    reason         text,
    made_at        timestamptz NOT NULL DEFAULT now(),
    ended_at       timestamptz,
    CONSTRAINT deliveries_key PRIMARY KEY (plugin_id, event_id),
    CONSTRAINT deliveries_state_known CHECK (state IN ('waiting', 'told', 'given_up')),
    CONSTRAINT deliveries_end CHECK ((ended_at IS NULL) = (state = 'waiting')),
    CONSTRAINT deliveries_claim_whole CHECK ((claim IS NULL) = (claimed_until IS NULL))
);
CREATE INDEX deliveries_due ON deliveries (plugin_id, due_at, event_id) WHERE state = 'waiting';
CREATE INDEX deliveries_ended ON deliveries (plugin_id, ended_at DESC) WHERE state <> 'waiting';
CREATE INDEX deliveries_event_id ON deliveries (event_id);

-- Who listens at the moment: enabled, and with every setting that it cannot do without.
CREATE FUNCTION app.listeners() RETURNS TABLE (plugin_id uuid, digest text, wants text[])
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
    AS $$
BEGIN
    RETURN QUERY
        SELECT p.id, r.digest, r.wants
        FROM public.plugins p JOIN public.plugin_releases r ON r.digest = p.current_digest
        WHERE r.wants IS NOT NULL AND p.disabled_at IS NULL
          AND NOT EXISTS (
              SELECT FROM jsonb_array_elements(r.settings) v
              WHERE (v ->> 'required')::boolean AND v ->> 'defaultValue' IS NULL
                AND NOT EXISTS (
                    SELECT FROM public.plugin_settings s WHERE s.plugin_id = p.id AND s.key = v ->> 'key'));
END
$$;

-- Whether a kind is among those that are wanted; `server.*` is all of a family.
CREATE FUNCTION app.is_wanted(kind text, wants text[]) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
    SELECT kind = ANY (wants)
        OR EXISTS (SELECT FROM unnest(wants) w WHERE right(w, 2) = '.*' AND starts_with(kind, left(w, -1)))
$$;

-- One row if anybody wants to hear of this, with the server's names: whoever makes it true may not see the server any more.
CREATE FUNCTION app.listened(kind text, server uuid) RETURNS TABLE (name text, blueprint text, node text)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
    AS $$
BEGIN
    IF EXISTS (SELECT FROM app.listeners() l WHERE app.is_wanted(kind, l.wants)) THEN
        RETURN QUERY
            SELECT s.name, s.blueprint_name, s.node_name
            FROM (SELECT) one LEFT JOIN public.servers s ON s.id = server;
    END IF;
END
$$;

-- Keeps an event for all who want it. Whoever has fallen too far behind is not told, and that is kept too.
CREATE FUNCTION app.tell(event uuid, at timestamptz, kind text, body jsonb) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public
    AS $$
DECLARE
    room constant integer := 2000;
BEGIN
    INSERT INTO public.events (id, at, kind, body) VALUES (event, at, kind, body);
    INSERT INTO public.deliveries (plugin_id, event_id, state, reason, ended_at)
    SELECT l.plugin_id, event,
           CASE WHEN l.behind < room THEN 'waiting' ELSE 'given_up' END,
           CASE WHEN l.behind >= room THEN format('%s events wait for this plugin already.', room) END,
           CASE WHEN l.behind >= room THEN clock_timestamp() END
    FROM (
        SELECT a.plugin_id, (
            SELECT count(*) FROM (
                SELECT FROM public.deliveries d
                WHERE d.plugin_id = a.plugin_id AND d.state = 'waiting' LIMIT room) waiting) AS behind
        FROM app.listeners() a WHERE app.is_wanted(kind, a.wants)) l;
END
$$;

REVOKE ALL ON FUNCTION app.listeners(), app.listened(text, uuid), app.tell(uuid, timestamptz, text, jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.listened(text, uuid), app.tell(uuid, timestamptz, text, jsonb)
    TO gantry_app, gantry_admin, gantry_system, gantry_definer;
GRANT EXECUTE ON FUNCTION app.listeners() TO gantry_admin, gantry_system, gantry_definer;

GRANT CREATE ON SCHEMA app TO gantry_definer;
ALTER FUNCTION app.listeners() OWNER TO gantry_definer;
ALTER FUNCTION app.listened(text, uuid) OWNER TO gantry_definer;
ALTER FUNCTION app.tell(uuid, timestamptz, text, jsonb) OWNER TO gantry_definer;
REVOKE CREATE ON SCHEMA app FROM gantry_definer;
GRANT SELECT (plugin_id, key) ON plugin_settings TO gantry_definer;
GRANT INSERT ON events, deliveries TO gantry_definer;
GRANT SELECT ON deliveries TO gantry_definer;

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['plugin_settings', 'events', 'deliveries'] LOOP
        EXECUTE format('ALTER TABLE public.%I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE public.%I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY system ON public.%I TO gantry_system USING (true) WITH CHECK (true)', name);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON public.%I TO gantry_system', name);
    END LOOP;
END
$$;
CREATE POLICY definer ON plugin_settings FOR SELECT TO gantry_definer USING (true);
CREATE POLICY definer_writes ON events FOR INSERT TO gantry_definer WITH CHECK (true);
CREATE POLICY definer_reads ON deliveries FOR SELECT TO gantry_definer USING (true);
CREATE POLICY definer_writes ON deliveries FOR INSERT TO gantry_definer WITH CHECK (true);
CREATE POLICY administrator ON events FOR SELECT TO gantry_admin USING (true);
CREATE POLICY administrator ON deliveries FOR SELECT TO gantry_admin USING (true);
GRANT SELECT ON events, deliveries TO gantry_admin;
