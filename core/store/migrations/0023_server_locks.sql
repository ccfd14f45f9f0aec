-- Whoever writes many servers of a node takes their rows in the order of their ids, as the node's reports do: two that took them in
-- different orders would wait for each other.

CREATE OR REPLACE FUNCTION app.copy_names_again() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public
    AS $$
BEGIN
    CASE TG_TABLE_NAME
        WHEN 'users' THEN
            PERFORM 1 FROM public.servers WHERE owner_id = NEW.id ORDER BY id FOR NO KEY UPDATE;
            UPDATE public.servers SET owner_id = owner_id WHERE owner_id = NEW.id;
        WHEN 'nodes' THEN
            PERFORM 1 FROM public.servers WHERE node_id = NEW.id ORDER BY id FOR NO KEY UPDATE;
            UPDATE public.servers SET node_id = node_id WHERE node_id = NEW.id;
        WHEN 'locations' THEN
            PERFORM 1 FROM public.servers
                WHERE node_id IN (SELECT n.id FROM public.nodes n WHERE n.location_id = NEW.id)
                ORDER BY id FOR NO KEY UPDATE;
            UPDATE public.servers SET node_id = node_id
            WHERE node_id IN (SELECT n.id FROM public.nodes n WHERE n.location_id = NEW.id);
    END CASE;
    RETURN NULL;
END
$$;
