-- Schedules: what is done to servers at certain times, by their nodes, and how it went.

CREATE TABLE schedules (
    id           uuid PRIMARY KEY,
    server_id    uuid NOT NULL REFERENCES servers ON DELETE CASCADE,
    name         text NOT NULL,
    -- Minute, hour, day of the month, month, day of the week, read in the zone.
    cron         text NOT NULL,
    time_zone    text NOT NULL,
    enabled      boolean NOT NULL,
    -- In which states of the server it is followed.
    run_when     text NOT NULL,
    -- The steps as JSON: a form of a plugin's action may have a password.
    sealed       bytea NOT NULL,
    -- Who wrote what it does. It outlives that account.
    author_id    uuid NOT NULL,
    author_name  text NOT NULL,
    -- Whoever changes it says which writing they read.
    version      bigint NOT NULL DEFAULT 1,
    updated_at   timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT schedules_when_known CHECK (run_when IN ('always', 'running', 'stopped'))
);
CREATE UNIQUE INDEX schedules_name ON schedules (server_id, lower(name));

-- Each time that one was followed, as its node tells.
CREATE TABLE schedule_runs (
    id           uuid PRIMARY KEY,
    schedule_id  uuid NOT NULL REFERENCES schedules ON DELETE CASCADE,
    server_id    uuid NOT NULL REFERENCES servers ON DELETE CASCADE,
    started_at   timestamptz NOT NULL,
    run          jsonb NOT NULL
);
CREATE INDEX schedule_runs_latest ON schedule_runs (schedule_id, started_at DESC, id DESC);
CREATE INDEX schedule_runs_server_id ON schedule_runs (server_id);

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['schedules', 'schedule_runs'] LOOP
        EXECUTE format('ALTER TABLE public.%I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE public.%I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY system ON public.%I TO gantry_system USING (true) WITH CHECK (true)', name);
        EXECUTE format('CREATE POLICY administrator ON public.%I TO gantry_admin USING (true) WITH CHECK (true)', name);
        EXECUTE format(
            'CREATE POLICY of_visible_servers ON public.%I TO gantry_app
             USING (server_id = ANY (ARRAY(SELECT app.visible_servers())))', name);
    END LOOP;
END
$$;
GRANT SELECT, INSERT, UPDATE, DELETE ON schedules TO gantry_system, gantry_admin, gantry_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON schedule_runs TO gantry_system;
GRANT SELECT ON schedule_runs TO gantry_admin, gantry_app;

-- The generation in which somebody last said whether the server is to run, so that what its node decided before that does
-- not undo it; and the latest of the node's decisions that is stored.
ALTER TABLE servers ADD COLUMN desired_generation bigint NOT NULL DEFAULT 0;
ALTER TABLE servers ADD COLUMN heard_decision bigint NOT NULL DEFAULT 0;
GRANT UPDATE (desired_generation) ON servers TO gantry_app;
