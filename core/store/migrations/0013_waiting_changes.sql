-- What waits for a restart: a change that came after the generation from which the running process was started. Generations
-- are compared and not times, because a node's clock may be wrong, and a change can come between reading the settings and
-- starting the process.

ALTER TABLE servers
    -- The generation that the running process was started from, as the node says. Null while nothing runs, or nobody knows.
    ADD COLUMN run_generation       bigint,
    -- The generations in which these last changed. The disk's limit is not among them: it holds at once.
    ADD COLUMN limits_generation    bigint NOT NULL DEFAULT 0,
    ADD COLUMN endpoints_generation bigint NOT NULL DEFAULT 0;

-- The generation in which the value last became another. The statement that writes a value says so, not a trigger: a value
-- that is sealed anew, as when keys are changed, is other bytes and the same value.
ALTER TABLE server_variables ADD COLUMN changed_generation bigint NOT NULL DEFAULT 0;

CREATE FUNCTION app.mark_changes() RETURNS trigger
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
    RETURN NEW;
END
$$;
CREATE TRIGGER mark_changes BEFORE UPDATE OF memory_mib, swap_mib, cpu_percent, pids, endpoints ON servers
    FOR EACH ROW EXECUTE FUNCTION app.mark_changes();
