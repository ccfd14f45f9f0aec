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
-- The login need not be a superuser. It owns the database, and either may create roles or was granted these four by
-- whoever may. It must be able to act as each of them (SET) and have their privileges without doing so (INHERIT): row
-- security is forced on the owner too, and a later migration may replace a function that gantry_definer owns. PostgreSQL
-- 16 tells the two apart for each membership, and whoever creates a role there is given neither, but may grant it to
-- itself. Before 16, to be a member is to be able to SET, and the login's own INHERIT decides the other.
--
-- Roles belong to the whole cluster, so another database of it may be making them at this moment. The advisory lock
-- orders sessions of this database, the exception handlers those of others.

SELECT pg_advisory_xact_lock(7219850441);

DO $$
DECLARE
    roles   text[] := ARRAY['gantry_app', 'gantry_admin', 'gantry_system', 'gantry_definer'];
    wanted  text;
    apart   boolean := current_setting('server_version_num')::integer >= 160000;
    able    text := CASE WHEN apart THEN 'SET' ELSE 'MEMBER' END;
    options text := CASE WHEN apart THEN ' WITH INHERIT TRUE, SET TRUE' ELSE '' END;
BEGIN
    FOREACH wanted IN ARRAY roles LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS', wanted);
            EXCEPTION
                WHEN duplicate_object OR unique_violation THEN NULL;
                WHEN insufficient_privilege THEN
                    RAISE insufficient_privilege USING MESSAGE = format(
                        'the role %1$I is not there, and %2$I may not create it; a superuser may allow it: ALTER ROLE %2$I CREATEROLE',
                        wanted, current_user);
            END;
        END IF;
        IF NOT (pg_has_role(current_user, wanted, able) AND pg_has_role(current_user, wanted, 'USAGE')) THEN
            BEGIN
                EXECUTE format('GRANT %I TO CURRENT_USER', wanted) || options;
            EXCEPTION
                WHEN internal_error OR unique_violation THEN
                    -- Somebody else granted at the same time; what counts is what holds.
                    IF NOT pg_has_role(current_user, wanted, able) THEN RAISE; END IF;
                WHEN insufficient_privilege THEN
                    RAISE insufficient_privilege USING MESSAGE = format(
                        'somebody else made the role %1$I, and %2$I may not act as it; a superuser may allow it: GRANT %3$s TO %2$I',
                        wanted, current_user, array_to_string(roles, ', ')) || options;
            END;
        END IF;
        IF NOT pg_has_role(current_user, wanted, 'USAGE') THEN
            RAISE insufficient_privilege USING MESSAGE = format(
                '%1$I does not inherit the privileges of %2$I; a superuser may change it: ALTER ROLE %1$I INHERIT',
                current_user, wanted);
        END IF;
    END LOOP;
END
$$;

-- Before PostgreSQL 15 the schema belongs to the superuser who made the cluster, and everybody may create in it. What
-- the login cannot take away from there, it must not build on.
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO gantry_app, gantry_admin, gantry_system, gantry_definer;

DO $$
BEGIN
    IF has_schema_privilege('gantry_app', 'public', 'CREATE') THEN
        RAISE insufficient_privilege USING MESSAGE = format(
            'everybody may create in the schema public of this database, which %1$I may not change; a superuser may, in it: '
            'ALTER SCHEMA public OWNER TO %1$I', current_user);
    END IF;
END
$$;

-- Functions that policies call.
CREATE SCHEMA app;
GRANT USAGE ON SCHEMA app TO gantry_app, gantry_admin, gantry_system, gantry_definer;

-- The person that the transaction acts for; null for the system.
CREATE FUNCTION app.uid() RETURNS uuid
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT nullif(current_setting('app.user_id', true), '')::uuid $$;
