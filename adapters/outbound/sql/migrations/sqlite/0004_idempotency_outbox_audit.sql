-- What belongs to every change: the answers of idempotent requests, the events and the audit trail.

CREATE TABLE idempotency_keys (
    caller      TEXT    NOT NULL,
    operation   TEXT    NOT NULL,
    key         TEXT    NOT NULL,
    fingerprint BLOB    NOT NULL CHECK (length(fingerprint) = 32),
    -- The id under which the request creates its record.
    seed        BLOB    NOT NULL,
    state       TEXT    NOT NULL CHECK (state IN ('running', 'answered')),
    status      INTEGER CHECK (status BETWEEN 100 AND 599),
    -- An answer that says only what the ledger says, or, sealed, any other.
    body        TEXT,
    sealed      BLOB,
    lease_until INTEGER,
    created_at  INTEGER NOT NULL,
    PRIMARY KEY (caller, operation, key),
    CHECK (CASE state
        WHEN 'running' THEN lease_until IS NOT NULL AND status IS NULL AND body IS NULL AND sealed IS NULL
        ELSE lease_until IS NULL AND status IS NOT NULL AND (body IS NULL) = (sealed IS NOT NULL)
    END)
) STRICT;

CREATE UNIQUE INDEX idempotency_keys_sealed ON idempotency_keys (seed) WHERE sealed IS NOT NULL;
CREATE INDEX idempotency_keys_created ON idempotency_keys (created_at);

-- Events, until they are delivered.
CREATE TABLE outbox (
    id      BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    at      INTEGER NOT NULL,
    topic   TEXT    NOT NULL,
    subject TEXT    NOT NULL,
    payload TEXT    NOT NULL
) STRICT;

CREATE TABLE audit_entries (
    id      BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    at      INTEGER NOT NULL,
    actor   TEXT    NOT NULL,
    action  TEXT    NOT NULL,
    subject TEXT    NOT NULL,
    detail  TEXT    NOT NULL
) STRICT;

CREATE INDEX audit_entries_actor ON audit_entries (actor, id);
CREATE INDEX audit_entries_action ON audit_entries (action, id);
CREATE INDEX audit_entries_subject ON audit_entries (subject, id);

CREATE TRIGGER audit_entries_keep BEFORE UPDATE ON audit_entries
BEGIN
    SELECT RAISE(ABORT, 'the audit trail is append-only');
END;

CREATE TRIGGER audit_entries_keep_all BEFORE DELETE ON audit_entries
BEGIN
    SELECT RAISE(ABORT, 'the audit trail is append-only');
END;
