-- What people show at a node's own door: their name there, their keys, their app passwords.

-- A name in `user.server` is typed into file programs, so it is short, plain and stays when the account's name or address
-- changes.
ALTER TABLE users ADD COLUMN handle text;
ALTER TABLE servers ADD COLUMN handle text;

-- From the address's local part, or the name, or neither; numbered if somebody has it. The lock is held to the end of the
-- transaction, so that two who are made at once do not get the same.
CREATE FUNCTION app.make_user_handle() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public
    AS $$
DECLARE
    base   text;
    number integer := 1;
BEGIN
    PERFORM pg_advisory_xact_lock(7219850448);
    SELECT left(part, 32) INTO base FROM (
        SELECT trim(BOTH '-' FROM regexp_replace(lower(source), '[^a-z0-9_-]+', '-', 'g')) AS part, place
        FROM (VALUES (split_part(NEW.email, '@', 1), 1), (NEW.name, 2), ('user', 3)) AS sources (source, place)
    ) AS parts WHERE part <> '' ORDER BY place LIMIT 1;
    NEW.handle := base;
    WHILE EXISTS (SELECT FROM public.users u WHERE u.handle = NEW.handle) LOOP
        number := number + 1;
        NEW.handle := left(base, 31 - length(number::text)) || '-' || number;
    END LOOP;
    RETURN NEW;
END
$$;

-- The end of the id, which is random; longer where another server of the node ends alike.
CREATE FUNCTION app.make_server_handle() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public
    AS $$
DECLARE
    digits text := replace(NEW.id::text, '-', '');
    count  integer := 10;
BEGIN
    NEW.handle := right(digits, count);
    WHILE count < 32 AND EXISTS (
        SELECT FROM public.servers s WHERE s.node_id = NEW.node_id AND s.handle = NEW.handle AND s.id <> NEW.id
    ) LOOP
        count := count + 2;
        NEW.handle := right(digits, count);
    END LOOP;
    RETURN NEW;
END
$$;

REVOKE ALL ON FUNCTION app.make_user_handle(), app.make_server_handle() FROM PUBLIC;
GRANT CREATE ON SCHEMA app TO gantry_definer;
ALTER FUNCTION app.make_user_handle() OWNER TO gantry_definer;
ALTER FUNCTION app.make_server_handle() OWNER TO gantry_definer;
REVOKE CREATE ON SCHEMA app FROM gantry_definer;

-- Those who are there already get theirs as the next ones will, in the order in which they came.
CREATE TRIGGER make_handle BEFORE INSERT OR UPDATE OF handle ON users
    FOR EACH ROW EXECUTE FUNCTION app.make_user_handle();
CREATE TRIGGER make_handle BEFORE INSERT OR UPDATE OF handle ON servers
    FOR EACH ROW EXECUTE FUNCTION app.make_server_handle();
DO $$
DECLARE
    one uuid;
BEGIN
    FOR one IN SELECT id FROM users ORDER BY id LOOP
        UPDATE users SET handle = NULL WHERE id = one;
    END LOOP;
    FOR one IN SELECT id FROM servers ORDER BY id LOOP
        UPDATE servers SET handle = NULL WHERE id = one;
    END LOOP;
END
$$;
DROP TRIGGER make_handle ON users;
DROP TRIGGER make_handle ON servers;
CREATE TRIGGER make_handle BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION app.make_user_handle();
CREATE TRIGGER make_handle BEFORE INSERT ON servers FOR EACH ROW EXECUTE FUNCTION app.make_server_handle();

ALTER TABLE users ALTER COLUMN handle SET NOT NULL;
ALTER TABLE users ADD CONSTRAINT users_handle_key UNIQUE (handle);
ALTER TABLE users ADD CONSTRAINT users_handle_plain CHECK (handle ~ '^[a-z0-9_-]{1,32}$');
ALTER TABLE servers ALTER COLUMN handle SET NOT NULL;
ALTER TABLE servers ADD CONSTRAINT servers_handle_key UNIQUE (node_id, handle);

CREATE TABLE ssh_keys (
    id            uuid PRIMARY KEY,
    user_id       uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    name          text NOT NULL,
    -- As in `authorized_keys`: type and base64, nothing more.
    public_key    text NOT NULL,
    -- `SHA256:…`, as programs show it.
    fingerprint   text NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT now(),
    last_used_at  timestamptz,
    -- Two people may have the same key: whoever sees a public key must not keep its owner from using it.
    CONSTRAINT ssh_keys_once UNIQUE (user_id, fingerprint)
);
CREATE UNIQUE INDEX ssh_keys_name ON ssh_keys (user_id, lower(name));

CREATE TABLE app_passwords (
    id            uuid PRIMARY KEY,
    user_id       uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    name          text NOT NULL,
    -- SHA-256 of at least 128 random bits; the password itself is nowhere.
    digest        bytea NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT now(),
    last_used_at  timestamptz,
    expires_at    timestamptz,
    CONSTRAINT app_passwords_digest_length CHECK (octet_length(digest) = 32)
);
CREATE UNIQUE INDEX app_passwords_name ON app_passwords (user_id, lower(name));

-- Everybody has their own alone, administrators too; a digest is for nodes, so that no person's request reads one.
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['ssh_keys', 'app_passwords'] LOOP
        EXECUTE format('ALTER TABLE public.%I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE public.%I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY system ON public.%I TO gantry_system USING (true) WITH CHECK (true)', name);
        EXECUTE format('CREATE POLICY own ON public.%I TO gantry_app, gantry_admin USING (user_id = (SELECT app.uid()))', name);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON public.%I TO gantry_system', name);
        EXECUTE format('GRANT INSERT, DELETE ON public.%I TO gantry_app, gantry_admin', name);
    END LOOP;
END
$$;
GRANT SELECT ON ssh_keys TO gantry_app, gantry_admin;
GRANT SELECT (id, user_id, name, created_at, last_used_at, expires_at) ON app_passwords TO gantry_app, gantry_admin;
