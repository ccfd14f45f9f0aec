-- How a server's game takes commands, copied from its blueprint as its name is: the list of servers says of each whether a
-- command is possible. What was offered before this knew one way alone.
ALTER TABLE servers ADD COLUMN commands text NOT NULL DEFAULT 'console'
    CONSTRAINT servers_commands_known CHECK (commands IN ('console', 'plugin', 'none'));

CREATE FUNCTION app.copy_commands() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public
    AS $$
BEGIN
    -- What is not there is for the references to complain about.
    NEW.commands := coalesce(
        (SELECT b.document ->> 'commands' FROM public.blueprints b WHERE b.digest = NEW.digest AND b.id = NEW.blueprint),
        'console');
    RETURN NEW;
END
$$;
GRANT CREATE ON SCHEMA app TO gantry_definer;
ALTER FUNCTION app.copy_commands() OWNER TO gantry_definer;
REVOKE CREATE ON SCHEMA app FROM gantry_definer;
GRANT SELECT ON blueprints TO gantry_definer;
CREATE POLICY definer ON blueprints FOR SELECT TO gantry_definer USING (true);
CREATE TRIGGER copy_commands BEFORE INSERT OR UPDATE OF digest, blueprint ON servers
    FOR EACH ROW EXECUTE FUNCTION app.copy_commands();
