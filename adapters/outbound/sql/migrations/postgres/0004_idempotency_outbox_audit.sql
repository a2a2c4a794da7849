-- What belongs to every change: the answers of idempotent requests, the events and the audit trail.

CREATE TABLE idempotency_keys (
    caller      text        NOT NULL,
    operation   text        NOT NULL,
    key         text        NOT NULL,
    fingerprint bytea       NOT NULL CHECK (length(fingerprint) = 32),
    -- The id under which the request creates its record.
    seed        uuid        NOT NULL,
    state       text        NOT NULL CHECK (state IN ('running', 'answered')),
    status      bigint      CHECK (status BETWEEN 100 AND 599),
    -- An answer that says only what the ledger says, or, sealed, any other.
    body        text,
    sealed      bytea,
    lease_until timestamptz,
    created_at  timestamptz NOT NULL,
    PRIMARY KEY (caller, operation, key),
    CHECK (CASE state
        WHEN 'running' THEN lease_until IS NOT NULL AND status IS NULL AND body IS NULL AND sealed IS NULL
        ELSE lease_until IS NULL AND status IS NOT NULL AND (body IS NULL) = (sealed IS NOT NULL)
    END)
);

CREATE UNIQUE INDEX idempotency_keys_sealed ON idempotency_keys (seed) WHERE sealed IS NOT NULL;
CREATE INDEX idempotency_keys_created ON idempotency_keys (created_at);

-- Events, until they are delivered.
CREATE TABLE outbox (
    id      uuid        PRIMARY KEY,
    at      timestamptz NOT NULL,
    topic   text        NOT NULL,
    subject text        NOT NULL,
    payload jsonb       NOT NULL
);

CREATE TABLE audit_entries (
    id      uuid        PRIMARY KEY,
    at      timestamptz NOT NULL,
    actor   text        NOT NULL,
    action  text        NOT NULL,
    subject text        NOT NULL,
    detail  text        NOT NULL
);

CREATE INDEX audit_entries_actor ON audit_entries (actor, id);
CREATE INDEX audit_entries_action ON audit_entries (action, id);
CREATE INDEX audit_entries_subject ON audit_entries (subject, id);

CREATE TRIGGER audit_entries_keep BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entries
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
