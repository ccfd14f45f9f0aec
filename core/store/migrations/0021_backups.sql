-- Backups: what nodes tell of the copies of servers' files that they keep.

CREATE TABLE backups (
    id          uuid PRIMARY KEY,
    server_id   uuid NOT NULL REFERENCES servers ON DELETE CASCADE,
    -- Counts up with each change on the node: what was told before never undoes what was told after it.
    revision    bigint NOT NULL,
    created_at  timestamptz NOT NULL,
    state       text NOT NULL,
    -- All that the node told.
    backup      jsonb NOT NULL,
    CONSTRAINT backups_state_known CHECK (state IN ('running', 'ready', 'failed'))
);
CREATE INDEX backups_latest ON backups (server_id, created_at DESC, id DESC);

ALTER TABLE backups ENABLE ROW LEVEL SECURITY;
ALTER TABLE backups FORCE ROW LEVEL SECURITY;
CREATE POLICY system ON backups TO gantry_system USING (true) WITH CHECK (true);
CREATE POLICY administrator ON backups FOR SELECT TO gantry_admin USING (true);
CREATE POLICY of_visible_servers ON backups FOR SELECT TO gantry_app
    USING (server_id = ANY (ARRAY(SELECT app.visible_servers())));
GRANT SELECT, INSERT, UPDATE, DELETE ON backups TO gantry_system;
GRANT SELECT ON backups TO gantry_admin, gantry_app;

-- How many a server may have; none where it is zero.
ALTER TABLE servers
    ADD COLUMN backups integer NOT NULL DEFAULT 5,
    ADD CONSTRAINT servers_backups_sane CHECK (backups BETWEEN 0 AND 100);

-- A restore says of which backup. No reference: the record stays when the backup goes.
ALTER TABLE operations
    ADD COLUMN backup_id uuid,
    DROP CONSTRAINT operations_kind_known,
    ADD CONSTRAINT operations_kind_known CHECK (kind IN
        ('install', 'reinstall', 'restore', 'start', 'stop', 'restart', 'kill', 'delete')),
    ADD CONSTRAINT operations_backup CHECK ((backup_id IS NOT NULL) = (kind = 'restore'));

CREATE OR REPLACE FUNCTION app.keep_active_operation() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF NEW.state IN ('pending', 'running') THEN
        UPDATE servers SET active_operation = jsonb_build_object(
            'id', NEW.id, 'kind', NEW.kind, 'backup', NEW.backup_id, 'state', NEW.state, 'progress', NEW.progress,
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
