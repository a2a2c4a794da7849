-- Events that people attend, tickets, and what happens at the door.

CREATE TABLE events (
    -- Sorted by bytes, as SQLite does.
    id         text        COLLATE "C" PRIMARY KEY,
    name       text        NOT NULL,
    venue      text,
    starts_at  timestamptz NOT NULL,
    ends_at    timestamptz NOT NULL,
    doors_at   timestamptz,
    capacity   bigint      CHECK (capacity > 0),
    admission  text        NOT NULL CHECK (admission IN ('listed', 'open')),
    entry      text        NOT NULL CHECK (entry IN ('single', 're-entry')),
    version    bigint      NOT NULL CHECK (version > 0),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CHECK (starts_at < ends_at),
    CHECK (doors_at < ends_at)
);

-- Counted only where there is a capacity: the row is what everybody at such a door waits for.
CREATE TABLE event_places (
    event text        PRIMARY KEY REFERENCES events (id),
    taken bigint      NOT NULL CHECK (taken >= 0)
);

CREATE TABLE ticket_types (
    id          uuid        PRIMARY KEY,
    event       text        NOT NULL REFERENCES events (id),
    name        text        NOT NULL,
    price       bigint      NOT NULL CHECK (price >= 0),
    currency    text        NOT NULL,
    quota       bigint      NOT NULL CHECK (quota > 0),
    issued      bigint      NOT NULL CHECK (issued >= 0),
    sale_from   timestamptz,
    sale_until  timestamptz,
    valid_from  timestamptz,
    valid_until timestamptz,
    created_at  timestamptz NOT NULL,
    -- More than there are is never issued, whatever the rules have read.
    CHECK (issued <= quota),
    CHECK (sale_from < sale_until),
    CHECK (valid_from < valid_until)
);

CREATE UNIQUE INDEX ticket_types_name ON ticket_types (event, name);

CREATE TABLE tickets (
    id            uuid        PRIMARY KEY,
    event         text        NOT NULL REFERENCES events (id),
    ticket_type   uuid        REFERENCES ticket_types (id),
    -- Sealed.
    holder        bytea,
    user_id       uuid        REFERENCES users (id),
    order_id      uuid,
    order_line    bigint,
    valid_from    timestamptz,
    valid_until   timestamptz,
    state         text        NOT NULL CHECK (state IN ('VALID', 'REVOKED', 'CANCELLED')),
    ended_at      timestamptz,
    ended_because text,
    created_at    timestamptz NOT NULL,
    CHECK ((order_id IS NULL) = (order_line IS NULL)),
    CHECK ((state = 'VALID') = (ended_at IS NULL))
);

CREATE INDEX tickets_event ON tickets (event, id);
CREATE INDEX tickets_user ON tickets (user_id, id) WHERE user_id IS NOT NULL;
CREATE INDEX tickets_line ON tickets (order_id, order_line, id) WHERE order_id IS NOT NULL;
CREATE INDEX tickets_ended ON tickets (event, ended_at) WHERE ended_at IS NOT NULL;

-- What signs the codes of tickets. The secret is sealed and leaves the database for nothing else.
CREATE TABLE ticket_keys (
    id         uuid        PRIMARY KEY,
    number     bigint      NOT NULL CHECK (number > 0),
    public_key bytea       NOT NULL CHECK (octet_length(public_key) = 32),
    secret_key bytea       NOT NULL,
    created_at timestamptz NOT NULL
);

CREATE UNIQUE INDEX ticket_keys_number ON ticket_keys (number);

-- Every scan, also of those who were not let in.
CREATE TABLE checkins (
    id          uuid        PRIMARY KEY,
    event       text        NOT NULL REFERENCES events (id),
    code        text        COLLATE "C" NOT NULL,
    ticket      uuid        REFERENCES tickets (id),
    direction   text        NOT NULL CHECK (direction IN ('entry', 'exit')),
    outcome     text        NOT NULL CHECK (outcome IN ('ok', 'refused', 'conflict')),
    reason      text,
    against     uuid,
    once        boolean     NOT NULL,
    by_user     uuid        REFERENCES users (id),
    device      text,
    gate        text,
    nonce       text,
    at          timestamptz NOT NULL,
    device_at   timestamptz,
    recorded_at timestamptz NOT NULL,
    forced      boolean     NOT NULL,
    annulled_at timestamptz,
    annulled_by uuid        REFERENCES users (id),
    CHECK ((outcome = 'ok') = (reason IS NULL)),
    CHECK (outcome <> 'conflict' OR forced),
    CHECK (nonce IS NULL OR device IS NOT NULL)
);

-- A ticket lets in once. Everything else about it may err; this does not.
CREATE UNIQUE INDEX checkins_once ON checkins (event, code)
    WHERE outcome = 'ok' AND direction = 'entry' AND annulled_at IS NULL AND once;
CREATE UNIQUE INDEX checkins_nonce ON checkins (device, nonce) WHERE nonce IS NOT NULL;
CREATE INDEX checkins_event ON checkins (event, outcome, id);
CREATE INDEX checkins_code ON checkins (event, code, id);
CREATE INDEX checkins_recorded ON checkins (event, recorded_at);
CREATE INDEX checkins_annulled ON checkins (event, annulled_at) WHERE annulled_at IS NOT NULL;

-- Where one may leave and come back: who is inside. The row is locked by whoever goes through the door.
CREATE TABLE ticket_presence (
    event  text        NOT NULL REFERENCES events (id),
    code   text        NOT NULL,
    inside boolean     NOT NULL,
    last   uuid,
    PRIMARY KEY (event, code)
);
