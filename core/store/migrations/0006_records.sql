-- What was done, and answers that must be given again.

-- The audit log is numbered without gaps and only grows. It refers to nothing, because it outlives everything.
CREATE TABLE audit (
    id            uuid PRIMARY KEY,
    seq           bigint NOT NULL,
    at            timestamptz NOT NULL DEFAULT now(),
    -- Null for the system itself.
    actor_id      uuid,
    actor_name    text,
    action        text NOT NULL,
    subject_kind  text NOT NULL,
    subject_id    text NOT NULL,
    server_id     uuid,
    before        jsonb NOT NULL,
    after         jsonb NOT NULL,
    request_id    text,
    ip            text,
    user_agent    text,
    CONSTRAINT audit_seq_key UNIQUE (seq)
);
CREATE INDEX audit_server_id ON audit (server_id, seq DESC) WHERE server_id IS NOT NULL;

-- The last number that was given. A sequence would leave gaps at every rollback; this row is locked from the number to
-- the commit, which is why audit rows are written last in their transaction.
CREATE TABLE audit_head (
    one  boolean PRIMARY KEY DEFAULT true CHECK (one),
    seq  bigint NOT NULL
);
INSERT INTO audit_head (seq) VALUES (0);

CREATE FUNCTION app.number_audit() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public
    AS $$
BEGIN
    UPDATE public.audit_head SET seq = seq + 1 RETURNING seq INTO NEW.seq;
    RETURN NEW;
END
$$;
CREATE TRIGGER number_audit BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION app.number_audit();

CREATE FUNCTION app.refuse_audit_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE EXCEPTION 'the audit log only grows';
END
$$;
CREATE TRIGGER refuse_audit_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION app.refuse_audit_change();

-- The answer that a creating request got, for when its answer was lost on the way. No answer yet means that the
-- request's own transaction is still open; a second one waits at the key for its end.
CREATE TABLE idempotency_keys (
    user_id      uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    key          text NOT NULL,
    -- SHA-256 over method, path and body.
    fingerprint  bytea NOT NULL,
    status       integer,
    response     jsonb,
    created_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, key)
);
CREATE INDEX idempotency_keys_created_at ON idempotency_keys (created_at);
