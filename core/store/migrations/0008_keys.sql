-- Keys that seal secrets, wrapped by a key that is never in the database.

CREATE TABLE data_keys (
    id          integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- One key seals one kind of secret.
    purpose     text NOT NULL,
    state       text NOT NULL,
    -- Fingerprint of the key that wraps it.
    kek_id      text NOT NULL,
    wrapped     bytea NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT data_keys_state_known CHECK (state IN ('active', 'decrypt_only', 'retired'))
);
CREATE UNIQUE INDEX data_keys_one_active ON data_keys (purpose) WHERE state = 'active';

-- A known text, sealed: whoever starts with the wrong key learns it here and not at the first secret.
CREATE TABLE key_sentinel (
    one     boolean PRIMARY KEY DEFAULT true CHECK (one),
    id      uuid NOT NULL,
    sealed  bytea NOT NULL
);
