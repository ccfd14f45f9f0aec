-- What an account may take of all nodes together, counted over the servers that it owns.
--
-- A table of its own, because people who share a server see each other's row in `users`, and what somebody may take is
-- nobody's business but theirs and the administrators'. No row, or null in a column, sets no bound.

CREATE TABLE allowances (
    user_id      uuid PRIMARY KEY,
    servers      bigint,
    memory_mib   bigint,
    disk_mib     bigint,
    cpu_percent  bigint,
    updated_at   timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT allowances_user_exists FOREIGN KEY (user_id) REFERENCES users ON DELETE CASCADE,
    CONSTRAINT allowances_sane CHECK (servers >= 0 AND memory_mib > 0 AND disk_mib > 0 AND cpu_percent > 0)
);

ALTER TABLE allowances ENABLE ROW LEVEL SECURITY;
ALTER TABLE allowances FORCE ROW LEVEL SECURITY;
CREATE POLICY system ON allowances TO gantry_system USING (true) WITH CHECK (true);
CREATE POLICY administrator ON allowances FOR SELECT TO gantry_admin USING (true);
CREATE POLICY own_allowance ON allowances FOR SELECT TO gantry_app USING (user_id = (SELECT app.uid()));
GRANT SELECT, INSERT, UPDATE, DELETE ON allowances TO gantry_system;
GRANT SELECT ON allowances TO gantry_admin, gantry_app;
