-- People, their passwords and their sessions.
--
-- A password hash stands in a table of its own, which no request of a person can read: not even a `SELECT *` that
-- somebody writes by mistake finds it.

CREATE TABLE users (
    id          uuid PRIMARY KEY,
    name        text NOT NULL,
    -- Lower case, checked by the domain.
    email       text NOT NULL,
    role        text NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT users_email_key UNIQUE (email),
    CONSTRAINT users_email_lower CHECK (email = lower(email)),
    CONSTRAINT users_role_known CHECK (role IN ('admin', 'user', 'limited'))
);

CREATE TABLE passwords (
    user_id     uuid PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    -- A PHC string.
    hash        text NOT NULL,
    changed_at  timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE sessions (
    id            uuid PRIMARY KEY,
    user_id       uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    -- SHA-256 of the token; the token itself is nowhere.
    token_hash    bytea NOT NULL,
    created_at    timestamptz NOT NULL,
    refreshed_at  timestamptz NOT NULL,
    expires_at    timestamptz NOT NULL,
    address       text,
    user_agent    text,
    CONSTRAINT sessions_token_hash_key UNIQUE (token_hash),
    CONSTRAINT sessions_token_hash_length CHECK (octet_length(token_hash) = 32)
);
CREATE INDEX sessions_user_id ON sessions (user_id);
CREATE INDEX sessions_expires_at ON sessions (expires_at);

-- Tokens that are good once, for one purpose and one subject.
CREATE TABLE one_time_tokens (
    token_hash  bytea PRIMARY KEY,
    purpose     text NOT NULL,
    subject     uuid NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    expires_at  timestamptz NOT NULL,
    CONSTRAINT one_time_tokens_hash_length CHECK (octet_length(token_hash) = 32),
    CONSTRAINT one_time_tokens_one_per_subject UNIQUE (purpose, subject)
);
