-- Who acts in the database.
--
-- The login that DATABASE_URL names owns the tables and is used for migrations alone. Each connection gives it up at
-- once by SET ROLE, so that no ordinary query can touch the schema or escape row security:
--
--   gantry_app      a request of an ordinary person; sees what row security shows to app.user_id
--   gantry_admin    a request of an administrator; sees everybody's rows, but neither passwords nor keys
--   gantry_system   reconcilers, jobs and signing in
--   gantry_definer  owns the few functions that must look past row security; nobody acts as it
--
-- Roles belong to the whole cluster, so another database of it may be making them at this moment. The advisory lock
-- orders sessions of this database, the exception handlers those of others.

SELECT pg_advisory_xact_lock(7219850441);

DO $$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['gantry_app', 'gantry_admin', 'gantry_system', 'gantry_definer'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS', wanted);
            EXCEPTION
                WHEN duplicate_object OR unique_violation THEN NULL;
            END;
        END IF;
        IF NOT pg_has_role(current_user, wanted, 'MEMBER') THEN
            BEGIN
                EXECUTE format('GRANT %I TO CURRENT_USER', wanted);
            EXCEPTION
                WHEN internal_error OR unique_violation THEN
                    -- Somebody else granted at the same time; what counts is that it is granted.
                    IF NOT pg_has_role(current_user, wanted, 'MEMBER') THEN RAISE; END IF;
            END;
        END IF;
    END LOOP;
END
$$;

REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO gantry_app, gantry_admin, gantry_system, gantry_definer;

-- Functions that policies call.
CREATE SCHEMA app;
GRANT USAGE ON SCHEMA app TO gantry_app, gantry_admin, gantry_system, gantry_definer;

-- The person that the transaction acts for; null for the system.
CREATE FUNCTION app.uid() RETURNS uuid
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT nullif(current_setting('app.user_id', true), '')::uuid $$;
