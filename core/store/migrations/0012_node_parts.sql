-- What each part of a machine did over time: cores, disks, interfaces, sensors, file systems. One row holds all of a node's
-- parts as an object of numbers, {"disk/read/sda": 12.5, …}: which parts there are changes with the hardware, and a row for
-- each of them would be a hundred times as many.

CREATE TABLE node_parts_fine (
    node_id  uuid NOT NULL,
    at       timestamptz NOT NULL,
    parts    jsonb NOT NULL,
    PRIMARY KEY (node_id, at)
) PARTITION BY RANGE (at);

CREATE TABLE node_parts_coarse (
    node_id  uuid NOT NULL,
    at       timestamptz NOT NULL,
    parts    jsonb NOT NULL,
    PRIMARY KEY (node_id, at)
) PARTITION BY RANGE (at);

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['node_parts_fine', 'node_parts_coarse'] LOOP
        EXECUTE format('ALTER TABLE public.%I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE public.%I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY system ON public.%I TO gantry_system USING (true) WITH CHECK (true)', name);
        EXECUTE format('CREATE POLICY administrator ON public.%I FOR SELECT TO gantry_admin USING (true)', name);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON public.%I TO gantry_system', name);
        EXECUTE format('GRANT SELECT ON public.%I TO gantry_admin', name);
    END LOOP;
END
$$;

-- The same as before, for all three.
CREATE OR REPLACE FUNCTION app.maintain_statistics(moment timestamptz, fine_days integer, coarse_days integer) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public SET timezone = 'UTC'
    AS $$
DECLARE
    fines   text[] := ARRAY['statistics_fine', 'node_statistics_fine', 'node_parts_fine'];
    coarses text[] := ARRAY['statistics_coarse', 'node_statistics_coarse', 'node_parts_coarse'];
    fine    text;
    coarse  text;
    first   date;
    part    record;
BEGIN
    PERFORM pg_advisory_xact_lock(7219850442);
    FOREACH fine IN ARRAY fines LOOP
        FOR first IN SELECT generate_series(date_trunc('day', moment) - interval '2 days',
                                            date_trunc('day', moment) + interval '3 days', interval '1 day') LOOP
            PERFORM app.make_partition(fine, first, (first + 1)::date, to_char(first, '"d"YYYYMMDD'));
        END LOOP;
    END LOOP;
    FOREACH coarse IN ARRAY coarses LOOP
        FOR first IN SELECT generate_series(date_trunc('month', moment) - interval '1 month',
                                            date_trunc('month', moment) + interval '1 month', interval '1 month') LOOP
            PERFORM app.make_partition(coarse, first, (first + interval '1 month')::date, to_char(first, '"m"YYYYMM'));
        END LOOP;
    END LOOP;
    FOR part IN
        SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
                                            JOIN pg_class p ON p.oid = i.inhparent
        WHERE p.relnamespace = 'public'::regnamespace
          AND ((p.relname = ANY (fines)
                AND c.relname < p.relname || '_' || to_char(moment - make_interval(days => fine_days), '"d"YYYYMMDD'))
            OR (p.relname = ANY (coarses)
                AND c.relname < p.relname || '_' || to_char(moment - make_interval(days => coarse_days), '"m"YYYYMM')))
    LOOP
        EXECUTE format('DROP TABLE public.%I', part.relname);
    END LOOP;
END
$$;

SELECT app.maintain_statistics(now(), 8, 400);
