-- Events leave the outbox: who has been told what, and webhooks to others.

-- The order in which events were appended, which for one subject is the order of their commits: whoever writes about a
-- record has locked it. What was told is remembered row by row, never as a position in this order, because transactions
-- do not commit in the order in which they took their numbers.
ALTER TABLE outbox ADD COLUMN seq bigint NOT NULL GENERATED ALWAYS AS IDENTITY;
ALTER TABLE outbox ADD COLUMN told_at timestamptz;
ALTER TABLE outbox DROP CONSTRAINT outbox_pkey;
ALTER TABLE outbox ADD PRIMARY KEY (seq);
-- What happened before anybody could listen is not told.
UPDATE outbox SET told_at = at;
CREATE UNIQUE INDEX outbox_id ON outbox (id);
CREATE INDEX outbox_untold ON outbox (seq) WHERE told_at IS NULL;
CREATE INDEX outbox_told ON outbox (told_at) WHERE told_at IS NOT NULL;

-- Who relays, and up to which batch of the seal transfers were told.
CREATE TABLE event_relay (
    id          bigint      PRIMARY KEY CHECK (id = 1),
    position    bigint      NOT NULL CHECK (position >= 0),
    holder      uuid,
    lease_until timestamptz,
    CHECK ((holder IS NULL) = (lease_until IS NULL))
);

INSERT INTO event_relay (id, position) SELECT 1, number FROM ledger_seal;

-- What subscribers are done with, so that duplicates are recognised.
CREATE TABLE event_receipts (
    subscriber text        NOT NULL,
    event      uuid        NOT NULL,
    at         timestamptz NOT NULL,
    PRIMARY KEY (subscriber, event)
);

CREATE INDEX event_receipts_at ON event_receipts (at);

-- What they are not done with: it waits for another try, or it is a dead letter.
CREATE TABLE event_deliveries (
    number      bigint      NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    subscriber  text        NOT NULL,
    event       uuid        NOT NULL,
    at          timestamptz NOT NULL,
    topic       text        NOT NULL,
    subject     text        NOT NULL,
    payload     jsonb       NOT NULL,
    state       text        NOT NULL CHECK (state IN ('waiting', 'dead')),
    tries       bigint      NOT NULL CHECK (tries >= 0),
    next_try_at timestamptz,
    dead_since  timestamptz,
    last_error  text,
    CHECK ((state = 'waiting') = (next_try_at IS NOT NULL)),
    CHECK ((state = 'dead') = (dead_since IS NOT NULL))
);

CREATE UNIQUE INDEX event_deliveries_event ON event_deliveries (subscriber, event);
CREATE INDEX event_deliveries_subject ON event_deliveries (subscriber, subject, number) WHERE state = 'waiting';
CREATE INDEX event_deliveries_due ON event_deliveries (next_try_at) WHERE state = 'waiting';
CREATE INDEX event_deliveries_dead ON event_deliveries (number) WHERE state = 'dead';

-- Where webhooks go.
CREATE TABLE webhook_endpoints (
    id              uuid        PRIMARY KEY,
    url             text        NOT NULL,
    -- A list of patterns.
    topics          jsonb       NOT NULL,
    description     text,
    -- What webhooks are signed with. They leave the database for nothing else. Sealed.
    signing_key     bytea       NOT NULL,
    previous_key    bytea,
    previous_until  timestamptz,
    failing_since   timestamptz,
    disabled_at     timestamptz,
    disabled_reason text,
    created_at      timestamptz NOT NULL,
    CHECK ((previous_key IS NULL) = (previous_until IS NULL)),
    CHECK ((disabled_at IS NULL) = (disabled_reason IS NULL)),
    CHECK (disabled_at IS NULL OR failing_since IS NULL)
);

CREATE TABLE webhooks (
    id          uuid        PRIMARY KEY,
    endpoint    uuid        NOT NULL REFERENCES webhook_endpoints (id) ON DELETE CASCADE,
    event       uuid        NOT NULL,
    at          timestamptz NOT NULL,
    topic       text        NOT NULL,
    subject     text        NOT NULL,
    payload     jsonb       NOT NULL,
    state       text        NOT NULL CHECK (state IN ('waiting', 'delivered', 'failed')),
    tries       bigint      NOT NULL CHECK (tries >= 0),
    next_try_at timestamptz,
    created_at  timestamptz NOT NULL,
    CHECK ((state = 'waiting') = (next_try_at IS NOT NULL))
);

CREATE UNIQUE INDEX webhooks_event ON webhooks (endpoint, event);
CREATE INDEX webhooks_endpoint ON webhooks (endpoint, id);
CREATE INDEX webhooks_due ON webhooks (endpoint, next_try_at) WHERE state = 'waiting';
CREATE INDEX webhooks_done ON webhooks (created_at) WHERE state <> 'waiting';

-- Each call that was made.
CREATE TABLE webhook_attempts (
    number  bigint      NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    webhook uuid        NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
    at      timestamptz NOT NULL,
    status  bigint      CHECK (status BETWEEN 100 AND 999),
    -- In milliseconds.
    latency bigint      NOT NULL CHECK (latency >= 0),
    answer  text        NOT NULL
);

CREATE INDEX webhook_attempts_webhook ON webhook_attempts (webhook, number);
