-- Events that people attend, tickets, and what happens at the door.

CREATE TABLE events (
    id         TEXT    NOT NULL PRIMARY KEY,
    name       TEXT    NOT NULL,
    venue      TEXT,
    starts_at  INTEGER NOT NULL,
    ends_at    INTEGER NOT NULL,
    doors_at   INTEGER,
    capacity   INTEGER CHECK (capacity > 0),
    admission  TEXT    NOT NULL CHECK (admission IN ('listed', 'open')),
    entry      TEXT    NOT NULL CHECK (entry IN ('single', 're-entry')),
    version    INTEGER NOT NULL CHECK (version > 0),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    CHECK (starts_at < ends_at),
    CHECK (doors_at < ends_at)
) STRICT;

-- Counted only where there is a capacity: the row is what everybody at such a door waits for.
CREATE TABLE event_places (
    event TEXT    NOT NULL PRIMARY KEY REFERENCES events (id),
    taken INTEGER NOT NULL CHECK (taken >= 0)
) STRICT;

CREATE TABLE ticket_types (
    id          BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    event       TEXT    NOT NULL REFERENCES events (id),
    name        TEXT    NOT NULL,
    price       INTEGER NOT NULL CHECK (price >= 0),
    currency    TEXT    NOT NULL,
    quota       INTEGER NOT NULL CHECK (quota > 0),
    issued      INTEGER NOT NULL CHECK (issued >= 0),
    sale_from   INTEGER,
    sale_until  INTEGER,
    valid_from  INTEGER,
    valid_until INTEGER,
    created_at  INTEGER NOT NULL,
    -- More than there are is never issued, whatever the rules have read.
    CHECK (issued <= quota),
    CHECK (sale_from < sale_until),
    CHECK (valid_from < valid_until)
) STRICT;

CREATE UNIQUE INDEX ticket_types_name ON ticket_types (event, name);

CREATE TABLE tickets (
    id            BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    event         TEXT    NOT NULL REFERENCES events (id),
    ticket_type   BLOB    REFERENCES ticket_types (id),
    -- Sealed.
    holder        BLOB,
    user_id       BLOB    REFERENCES users (id),
    order_id      BLOB    CHECK (length(order_id) = 16),
    order_line    INTEGER,
    valid_from    INTEGER,
    valid_until   INTEGER,
    state         TEXT    NOT NULL CHECK (state IN ('VALID', 'REVOKED', 'CANCELLED')),
    ended_at      INTEGER,
    ended_because TEXT,
    created_at    INTEGER NOT NULL,
    CHECK ((order_id IS NULL) = (order_line IS NULL)),
    CHECK ((state = 'VALID') = (ended_at IS NULL))
) STRICT;

CREATE INDEX tickets_event ON tickets (event, id);
CREATE INDEX tickets_user ON tickets (user_id, id) WHERE user_id IS NOT NULL;
CREATE INDEX tickets_line ON tickets (order_id, order_line, id) WHERE order_id IS NOT NULL;
CREATE INDEX tickets_ended ON tickets (event, ended_at) WHERE ended_at IS NOT NULL;

-- What signs the codes of tickets. The secret is sealed and leaves the database for nothing else.
CREATE TABLE ticket_keys (
    id         BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    number     INTEGER NOT NULL CHECK (number > 0),
    public_key BLOB    NOT NULL CHECK (length(public_key) = 32),
    secret_key BLOB    NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX ticket_keys_number ON ticket_keys (number);

-- Every scan, also of those who were not let in.
CREATE TABLE checkins (
    id          BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    event       TEXT    NOT NULL REFERENCES events (id),
    code        TEXT    NOT NULL,
    ticket      BLOB    REFERENCES tickets (id),
    direction   TEXT    NOT NULL CHECK (direction IN ('entry', 'exit')),
    outcome     TEXT    NOT NULL CHECK (outcome IN ('ok', 'refused', 'conflict')),
    reason      TEXT,
    against     BLOB    CHECK (length(against) = 16),
    once        INTEGER NOT NULL CHECK (once IN (0, 1)),
    by_user     BLOB    REFERENCES users (id),
    device      TEXT,
    gate        TEXT,
    nonce       TEXT,
    at          INTEGER NOT NULL,
    device_at   INTEGER,
    recorded_at INTEGER NOT NULL,
    forced      INTEGER NOT NULL CHECK (forced IN (0, 1)),
    annulled_at INTEGER,
    annulled_by BLOB    REFERENCES users (id),
    CHECK ((outcome = 'ok') = (reason IS NULL)),
    CHECK (outcome <> 'conflict' OR forced),
    CHECK (nonce IS NULL OR device IS NOT NULL)
) STRICT;

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
    event  TEXT    NOT NULL REFERENCES events (id),
    code   TEXT    NOT NULL,
    inside INTEGER NOT NULL CHECK (inside IN (0, 1)),
    last   BLOB    CHECK (length(last) = 16),
    PRIMARY KEY (event, code)
) STRICT, WITHOUT ROWID;
