-- What was played when, as games told: the map and the version from a time on until the next row of the server.

CREATE TABLE games (
    server_id   uuid NOT NULL REFERENCES servers ON DELETE CASCADE,
    at          timestamptz NOT NULL,
    -- Neither is a game that does not run.
    map         text,
    version     text,
    PRIMARY KEY (server_id, at)
);

ALTER TABLE games ENABLE ROW LEVEL SECURITY;
ALTER TABLE games FORCE ROW LEVEL SECURITY;
CREATE POLICY system ON games TO gantry_system USING (true) WITH CHECK (true);
CREATE POLICY administrator ON games FOR SELECT TO gantry_admin USING (true);
CREATE POLICY of_visible_servers ON games FOR SELECT TO gantry_app
    USING (server_id = ANY (ARRAY(SELECT app.visible_servers())));
GRANT SELECT, INSERT, UPDATE, DELETE ON games TO gantry_system;
GRANT SELECT ON games TO gantry_admin, gantry_app;
