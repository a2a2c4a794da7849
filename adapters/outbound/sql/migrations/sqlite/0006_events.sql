-- Events leave the outbox: who has been told what, and webhooks to others.

-- The order in which events were appended, which for one subject is the order of their commits: whoever writes about a
-- record has locked it. What was told is remembered row by row, never as a position in this order, because transactions
-- do not commit in the order in which they took their numbers.
CREATE TABLE outbox_in_order (
    seq     INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    id      BLOB    NOT NULL CHECK (length(id) = 16),
    at      INTEGER NOT NULL,
    topic   TEXT    NOT NULL,
    subject TEXT    NOT NULL,
    payload TEXT    NOT NULL,
    told_at INTEGER
) STRICT;

-- What happened before anybody could listen is not told.
INSERT INTO outbox_in_order (id, at, topic, subject, payload, told_at)
SELECT id, at, topic, subject, payload, at FROM outbox ORDER BY rowid;

DROP TABLE outbox;
ALTER TABLE outbox_in_order RENAME TO outbox;

CREATE UNIQUE INDEX outbox_id ON outbox (id);
CREATE INDEX outbox_untold ON outbox (seq) WHERE told_at IS NULL;
CREATE INDEX outbox_told ON outbox (told_at) WHERE told_at IS NOT NULL;

-- Who relays, and up to which batch of the seal transfers were told.
CREATE TABLE event_relay (
    id          INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    position    INTEGER NOT NULL CHECK (position >= 0),
    holder      BLOB,
    lease_until INTEGER,
    CHECK ((holder IS NULL) = (lease_until IS NULL))
) STRICT;

INSERT INTO event_relay (id, position) SELECT 1, number FROM ledger_seal;

-- What subscribers are done with, so that duplicates are recognised.
CREATE TABLE event_receipts (
    subscriber TEXT    NOT NULL,
    event      BLOB    NOT NULL,
    at         INTEGER NOT NULL,
    PRIMARY KEY (subscriber, event)
) STRICT, WITHOUT ROWID;

CREATE INDEX event_receipts_at ON event_receipts (at);

-- What they are not done with: it waits for another try, or it is a dead letter.
CREATE TABLE event_deliveries (
    number      INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    subscriber  TEXT    NOT NULL,
    event       BLOB    NOT NULL,
    at          INTEGER NOT NULL,
    topic       TEXT    NOT NULL,
    subject     TEXT    NOT NULL,
    payload     TEXT    NOT NULL,
    state       TEXT    NOT NULL CHECK (state IN ('waiting', 'dead')),
    tries       INTEGER NOT NULL CHECK (tries >= 0),
    next_try_at INTEGER,
    dead_since  INTEGER,
    last_error  TEXT,
    CHECK ((state = 'waiting') = (next_try_at IS NOT NULL)),
    CHECK ((state = 'dead') = (dead_since IS NOT NULL))
) STRICT;

CREATE UNIQUE INDEX event_deliveries_event ON event_deliveries (subscriber, event);
CREATE INDEX event_deliveries_subject ON event_deliveries (subscriber, subject, number) WHERE state = 'waiting';
CREATE INDEX event_deliveries_due ON event_deliveries (next_try_at) WHERE state = 'waiting';
CREATE INDEX event_deliveries_dead ON event_deliveries (number) WHERE state = 'dead';

-- Where webhooks go.
CREATE TABLE webhook_endpoints (
    id              BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    url             TEXT    NOT NULL,
    -- A list of patterns.
    topics          TEXT    NOT NULL,
    description     TEXT,
    -- What webhooks are signed with. They leave the database for nothing else. Sealed.
    signing_key     BLOB    NOT NULL,
    previous_key    BLOB,
    previous_until  INTEGER,
    failing_since   INTEGER,
    disabled_at     INTEGER,
    disabled_reason TEXT,
    created_at      INTEGER NOT NULL,
    CHECK ((previous_key IS NULL) = (previous_until IS NULL)),
    CHECK ((disabled_at IS NULL) = (disabled_reason IS NULL)),
    CHECK (disabled_at IS NULL OR failing_since IS NULL)
) STRICT;

CREATE TABLE webhooks (
    id          BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    endpoint    BLOB    NOT NULL REFERENCES webhook_endpoints (id) ON DELETE CASCADE,
    event       BLOB    NOT NULL,
    at          INTEGER NOT NULL,
    topic       TEXT    NOT NULL,
    subject     TEXT    NOT NULL,
    payload     TEXT    NOT NULL,
    state       TEXT    NOT NULL CHECK (state IN ('waiting', 'delivered', 'failed')),
    tries       INTEGER NOT NULL CHECK (tries >= 0),
    next_try_at INTEGER,
    created_at  INTEGER NOT NULL,
    CHECK ((state = 'waiting') = (next_try_at IS NOT NULL))
) STRICT;

CREATE UNIQUE INDEX webhooks_event ON webhooks (endpoint, event);
CREATE INDEX webhooks_endpoint ON webhooks (endpoint, id);
CREATE INDEX webhooks_due ON webhooks (endpoint, next_try_at) WHERE state = 'waiting';
CREATE INDEX webhooks_done ON webhooks (created_at) WHERE state <> 'waiting';

-- Each call that was made.
CREATE TABLE webhook_attempts (
    number  INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    webhook BLOB    NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
    at      INTEGER NOT NULL,
    status  INTEGER CHECK (status BETWEEN 100 AND 999),
    -- In milliseconds.
    latency INTEGER NOT NULL CHECK (latency >= 0),
    answer  TEXT    NOT NULL
) STRICT;

CREATE INDEX webhook_attempts_webhook ON webhook_attempts (webhook, number);
