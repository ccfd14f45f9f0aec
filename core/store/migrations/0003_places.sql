-- Where servers stand: locations, their nodes, and the addresses of these.

CREATE TABLE locations (
    id           uuid PRIMARY KEY,
    name         text NOT NULL,
    description  text NOT NULL DEFAULT '',
    created_at   timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT locations_name_key UNIQUE (name)
);

CREATE TABLE nodes (
    id                    uuid PRIMARY KEY,
    location_id           uuid NOT NULL,
    name                  text NOT NULL,
    description           text NOT NULL DEFAULT '',
    -- What may be promised to servers; zero sets no bound.
    capacity_memory_mib   bigint NOT NULL DEFAULT 0,
    capacity_disk_mib     bigint NOT NULL DEFAULT 0,
    capacity_cpu_percent  bigint NOT NULL DEFAULT 0,
    agent_version         text,
    enrolled_at           timestamptz,
    last_seen_at          timestamptz,
    -- The last event of the node's ledger that is stored here: what comes again is dropped.
    last_event_seq        bigint NOT NULL DEFAULT 0,
    created_at            timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT nodes_name_key UNIQUE (name),
    CONSTRAINT nodes_location_exists FOREIGN KEY (location_id) REFERENCES locations,
    CONSTRAINT nodes_capacity_sane CHECK (capacity_memory_mib >= 0 AND capacity_disk_mib >= 0 AND capacity_cpu_percent >= 0)
);
CREATE INDEX nodes_location_id ON nodes (location_id);

-- What a node last said of itself: host names and versions, which tenants need not know.
CREATE TABLE node_reports (
    node_id  uuid PRIMARY KEY REFERENCES nodes ON DELETE CASCADE,
    report   jsonb NOT NULL,
    at       timestamptz NOT NULL DEFAULT now()
);

-- Both halves of a node's trust. Our private key is sealed; the daemon's private key never leaves the node.
CREATE TABLE node_keys (
    node_id            uuid PRIMARY KEY REFERENCES nodes ON DELETE CASCADE,
    public_key         bytea NOT NULL,
    private_key        bytea NOT NULL,
    daemon_public_key  bytea NOT NULL,
    created_at         timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT node_keys_public_key_length CHECK (octet_length(public_key) = 32),
    CONSTRAINT node_keys_daemon_public_key_length CHECK (octet_length(daemon_public_key) = 32)
);

-- One address and one port number, for TCP and UDP together: two servers never share a number. The server that holds
-- it is set below, when there are servers.
CREATE TABLE allocations (
    id          uuid PRIMARY KEY,
    node_id     uuid NOT NULL,
    address     text NOT NULL,
    port        integer NOT NULL,
    server_id   uuid,
    created_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT allocations_address_key UNIQUE (node_id, address, port),
    CONSTRAINT allocations_node_exists FOREIGN KEY (node_id) REFERENCES nodes ON DELETE CASCADE,
    CONSTRAINT allocations_port_sane CHECK (port BETWEEN 1 AND 65535)
);
CREATE INDEX allocations_server_id ON allocations (server_id) WHERE server_id IS NOT NULL;
