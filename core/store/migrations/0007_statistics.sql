-- Numbers over time: ten-second buckets for a week, five-minute buckets for a year, in partitions that are dropped
-- whole. There is no reference to servers: checking one for each of thousands of rows a second would cost more than
-- the rows, and what belongs to no server is seen by nobody and leaves with its partition.

CREATE TABLE statistics_fine (
    server_id           uuid NOT NULL,
    at                  timestamptz NOT NULL,
    cpu_percent         double precision,
    memory_bytes        bigint,
    memory_limit_bytes  bigint,
    disk_bytes          bigint,
    network_rx_bytes    bigint,
    network_tx_bytes    bigint,
    players             double precision,
    max_players         integer,
    latency_ms          double precision,
    PRIMARY KEY (server_id, at)
) PARTITION BY RANGE (at);

CREATE TABLE statistics_coarse (
    server_id           uuid NOT NULL,
    at                  timestamptz NOT NULL,
    cpu_percent         double precision,
    memory_bytes        bigint,
    memory_limit_bytes  bigint,
    disk_bytes          bigint,
    network_rx_bytes    bigint,
    network_tx_bytes    bigint,
    players             double precision,
    max_players         integer,
    latency_ms          double precision,
    PRIMARY KEY (server_id, at)
) PARTITION BY RANGE (at);

-- Makes the partitions that are needed next and drops those that are too old. It runs as the owner of the tables, and
-- takes nothing from outside but a time and two numbers.
CREATE FUNCTION app.maintain_statistics(moment timestamptz, fine_days integer, coarse_days integer) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public SET timezone = 'UTC'
    AS $$
DECLARE
    first date;
    part  record;
BEGIN
    PERFORM pg_advisory_xact_lock(7219850442);
    FOR first IN SELECT generate_series(date_trunc('day', moment) - interval '2 days',
                                        date_trunc('day', moment) + interval '3 days', interval '1 day') LOOP
        PERFORM app.make_partition('statistics_fine', first, (first + 1)::date, to_char(first, '"d"YYYYMMDD'));
    END LOOP;
    FOR first IN SELECT generate_series(date_trunc('month', moment) - interval '1 month',
                                        date_trunc('month', moment) + interval '1 month', interval '1 month') LOOP
        PERFORM app.make_partition('statistics_coarse', first, (first + interval '1 month')::date,
                                   to_char(first, '"m"YYYYMM'));
    END LOOP;
    FOR part IN
        SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE (i.inhparent = 'public.statistics_fine'::regclass
               AND c.relname < 'statistics_fine_' || to_char(moment - make_interval(days => fine_days), '"d"YYYYMMDD'))
           OR (i.inhparent = 'public.statistics_coarse'::regclass
               AND c.relname < 'statistics_coarse_' || to_char(moment - make_interval(days => coarse_days), '"m"YYYYMM'))
    LOOP
        EXECUTE format('DROP TABLE public.%I', part.relname);
    END LOOP;
END
$$;

-- A partition is only ever reached through its parent, whose policies then hold; by itself it lets nobody in.
CREATE FUNCTION app.make_partition(parent text, first date, next date, suffix text) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, public SET timezone = 'UTC'
    AS $$
DECLARE
    part text := parent || '_' || suffix;
BEGIN
    IF to_regclass('public.' || quote_ident(part)) IS NOT NULL THEN
        RETURN;
    END IF;
    EXECUTE format('CREATE TABLE public.%I PARTITION OF public.%I FOR VALUES FROM (%L) TO (%L)', part, parent, first, next);
    EXECUTE format('ALTER TABLE public.%I ENABLE ROW LEVEL SECURITY', part);
    EXECUTE format('ALTER TABLE public.%I FORCE ROW LEVEL SECURITY', part);
END
$$;

REVOKE ALL ON FUNCTION app.make_partition(text, date, date, text) FROM PUBLIC;
REVOKE ALL ON FUNCTION app.maintain_statistics(timestamptz, integer, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.maintain_statistics(timestamptz, integer, integer) TO gantry_system;

SELECT app.maintain_statistics(now(), 8, 400);
