-- What the machines below nodes did over time, beside the numbers of servers: the same buckets, the same days, the same
-- partitions. Administrators alone read it, so that there is no policy for anybody else.

CREATE TABLE node_statistics_fine (
    node_id             uuid NOT NULL,
    at                  timestamptz NOT NULL,
    cpu_percent         double precision,
    cpu_iowait_percent  double precision,
    cpu_steal_percent   double precision,
    memory_bytes        bigint,
    memory_total_bytes  bigint,
    swap_bytes          bigint,
    swap_total_bytes    bigint,
    load_one            double precision,
    load_five           double precision,
    load_fifteen        double precision,
    disk_read_bytes     bigint,
    disk_written_bytes  bigint,
    disk_bytes          bigint,
    disk_total_bytes    bigint,
    network_rx_bytes    bigint,
    network_tx_bytes    bigint,
    tcp_established     double precision,
    tcp_total           double precision,
    temperature_celsius double precision,
    PRIMARY KEY (node_id, at)
) PARTITION BY RANGE (at);

CREATE TABLE node_statistics_coarse (
    node_id             uuid NOT NULL,
    at                  timestamptz NOT NULL,
    cpu_percent         double precision,
    cpu_iowait_percent  double precision,
    cpu_steal_percent   double precision,
    memory_bytes        bigint,
    memory_total_bytes  bigint,
    swap_bytes          bigint,
    swap_total_bytes    bigint,
    load_one            double precision,
    load_five           double precision,
    load_fifteen        double precision,
    disk_read_bytes     bigint,
    disk_written_bytes  bigint,
    disk_bytes          bigint,
    disk_total_bytes    bigint,
    network_rx_bytes    bigint,
    network_tx_bytes    bigint,
    tcp_established     double precision,
    tcp_total           double precision,
    temperature_celsius double precision,
    PRIMARY KEY (node_id, at)
) PARTITION BY RANGE (at);

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['node_statistics_fine', 'node_statistics_coarse'] LOOP
        EXECUTE format('ALTER TABLE public.%I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE public.%I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY system ON public.%I TO gantry_system USING (true) WITH CHECK (true)', name);
        EXECUTE format('CREATE POLICY administrator ON public.%I FOR SELECT TO gantry_admin USING (true)', name);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON public.%I TO gantry_system', name);
        EXECUTE format('GRANT SELECT ON public.%I TO gantry_admin', name);
    END LOOP;
END
$$;

-- The same as before, for both kinds of numbers.
CREATE OR REPLACE FUNCTION app.maintain_statistics(moment timestamptz, fine_days integer, coarse_days integer) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public SET timezone = 'UTC'
    AS $$
DECLARE
    fine   text;
    coarse text;
    first  date;
    part   record;
BEGIN
    PERFORM pg_advisory_xact_lock(7219850442);
    FOREACH fine IN ARRAY ARRAY['statistics_fine', 'node_statistics_fine'] LOOP
        FOR first IN SELECT generate_series(date_trunc('day', moment) - interval '2 days',
                                            date_trunc('day', moment) + interval '3 days', interval '1 day') LOOP
            PERFORM app.make_partition(fine, first, (first + 1)::date, to_char(first, '"d"YYYYMMDD'));
        END LOOP;
    END LOOP;
    FOREACH coarse IN ARRAY ARRAY['statistics_coarse', 'node_statistics_coarse'] LOOP
        FOR first IN SELECT generate_series(date_trunc('month', moment) - interval '1 month',
                                            date_trunc('month', moment) + interval '1 month', interval '1 month') LOOP
            PERFORM app.make_partition(coarse, first, (first + interval '1 month')::date, to_char(first, '"m"YYYYMM'));
        END LOOP;
    END LOOP;
    FOR part IN
        SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
                                            JOIN pg_class p ON p.oid = i.inhparent
        WHERE p.relnamespace = 'public'::regnamespace
          AND ((p.relname IN ('statistics_fine', 'node_statistics_fine')
                AND c.relname < p.relname || '_' || to_char(moment - make_interval(days => fine_days), '"d"YYYYMMDD'))
            OR (p.relname IN ('statistics_coarse', 'node_statistics_coarse')
                AND c.relname < p.relname || '_' || to_char(moment - make_interval(days => coarse_days), '"m"YYYYMM')))
    LOOP
        EXECUTE format('DROP TABLE public.%I', part.relname);
    END LOOP;
END
$$;

SELECT app.maintain_statistics(now(), 8, 400);
