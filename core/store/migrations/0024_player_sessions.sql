-- Who played when, as games told: from a join to the leave, the game's end, or now.

CREATE TABLE player_sessions (
    -- In the order of `since`.
    id          uuid PRIMARY KEY,
    server_id   uuid NOT NULL REFERENCES servers ON DELETE CASCADE,
    player      text NOT NULL,
    since       timestamptz NOT NULL,
    until       timestamptz,
    CONSTRAINT player_sessions_in_order CHECK (until >= since)
);
CREATE INDEX player_sessions_latest ON player_sessions (server_id, id DESC);
-- A player is on a server once.
CREATE UNIQUE INDEX player_sessions_open ON player_sessions (server_id, player) WHERE until IS NULL;
CREATE INDEX player_sessions_ended ON player_sessions (until) WHERE until IS NOT NULL;

ALTER TABLE player_sessions ENABLE ROW LEVEL SECURITY;
ALTER TABLE player_sessions FORCE ROW LEVEL SECURITY;
CREATE POLICY system ON player_sessions TO gantry_system USING (true) WITH CHECK (true);
CREATE POLICY administrator ON player_sessions FOR SELECT TO gantry_admin USING (true);
CREATE POLICY of_visible_servers ON player_sessions FOR SELECT TO gantry_app
    USING (server_id = ANY (ARRAY(SELECT app.visible_servers())));
GRANT SELECT, INSERT, UPDATE, DELETE ON player_sessions TO gantry_system;
GRANT SELECT ON player_sessions TO gantry_admin, gantry_app;
