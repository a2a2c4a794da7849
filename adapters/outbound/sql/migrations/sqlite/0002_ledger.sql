-- Whose money is where. The rules are decided in the program; the CHECKs here are the second line of defence.
-- 9007199254740991 is 2^53 - 1, the largest amount that every client reads exactly.

CREATE TABLE ledger_accounts (
    id              BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    kind            TEXT    NOT NULL CHECK (kind IN ('wallet', 'merchant', 'gateway_cash', 'clearing', 'gateway_fees', 'surplus',
                                             'suspense', 'chargebacks')),
    code            TEXT    NOT NULL,
    currency        TEXT    NOT NULL CHECK (length(currency) = 3),
    -- Without a floor the balance may go anywhere: an account of the system.
    floor           INTEGER,
    debits_posted   INTEGER NOT NULL CHECK (debits_posted BETWEEN 0 AND 9007199254740991),
    debits_pending  INTEGER NOT NULL CHECK (debits_pending BETWEEN 0 AND 9007199254740991),
    credits_posted  INTEGER NOT NULL CHECK (credits_posted BETWEEN 0 AND 9007199254740991),
    credits_pending INTEGER NOT NULL CHECK (credits_pending BETWEEN 0 AND 9007199254740991),
    closed          INTEGER NOT NULL CHECK (closed IN (0, 1)),
    touched_at      INTEGER NOT NULL,
    -- Where the account's history ends: each line names the one before it. The revision counts the changes.
    lines           INTEGER NOT NULL CHECK (lines >= 0),
    last_line       BLOB,
    revision        INTEGER NOT NULL,
    CONSTRAINT ledger_accounts_floor
        CHECK (floor IS NULL OR credits_posted - debits_posted - debits_pending >= floor)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX ledger_accounts_code ON ledger_accounts (code);

-- The journal. It is the largest table by far: kinds and purposes are numbers (see codec.rs), the currency is that of
-- the accounts. It keeps its rowid: a new line goes to the end.
CREATE TABLE ledger_transfers (
    id             BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    kind           INTEGER NOT NULL CHECK (kind BETWEEN 1 AND 5),
    purpose        INTEGER NOT NULL CHECK (purpose BETWEEN 1 AND 10),
    debit          BLOB    NOT NULL,
    credit         BLOB    NOT NULL,
    amount         INTEGER NOT NULL CHECK (amount BETWEEN 1 AND 9007199254740991),
    refers_to      BLOB,
    expires_at     INTEGER,
    at             INTEGER NOT NULL,
    debit_balance  INTEGER NOT NULL,
    credit_balance INTEGER NOT NULL,
    -- The line before on either account's trail; see ledger_waypoints.
    debit_previous  BLOB,
    credit_previous BLOB,
    description    TEXT,
    -- Who asked for it, if not the owner of the debited account.
    actor          TEXT,
    CHECK (debit <> credit),
    -- Post and hold stand for themselves, the others refer to an earlier line; only holds have a deadline.
    CHECK ((kind IN (1, 4)) = (refers_to IS NULL)),
    CHECK (kind = 4 OR expires_at IS NULL)
) STRICT;

-- The few lines that somebody else than the owner asked for, for the audit trail.
CREATE INDEX ledger_transfers_actor ON ledger_transfers (actor, id) WHERE actor IS NOT NULL;

-- Every 64th line of an account that moved money. From a waypoint one walks back along the trail, so statements and
-- balances of the past need no index over the journal.
CREATE TABLE ledger_waypoints (
    account BLOB    NOT NULL,
    at      INTEGER NOT NULL,
    line    BLOB    NOT NULL,
    PRIMARY KEY (account, at)
) STRICT, WITHOUT ROWID;

-- The seal: each batch of lines, hashed with the one before it.
CREATE TABLE ledger_batches (
    number  INTEGER NOT NULL PRIMARY KEY CHECK (number > 0),
    content BLOB    NOT NULL CHECK (length(content) = 32),
    link    BLOB    NOT NULL CHECK (length(link) = 32),
    -- The ids of the lines, 16 bytes each, in order.
    lines   BLOB    NOT NULL CHECK (length(lines) > 0 AND length(lines) % 16 = 0)
) STRICT;

CREATE TABLE ledger_seal (
    id     INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    number INTEGER NOT NULL,
    link   BLOB    NOT NULL CHECK (length(link) = 32)
) STRICT;

INSERT INTO ledger_seal VALUES (1, 0, zeroblob(32));

CREATE TRIGGER ledger_transfers_keep BEFORE UPDATE ON ledger_transfers
BEGIN
    SELECT RAISE(ABORT, 'the journal is append-only');
END;

CREATE TRIGGER ledger_transfers_keep_all BEFORE DELETE ON ledger_transfers
BEGIN
    SELECT RAISE(ABORT, 'the journal is append-only');
END;

CREATE TRIGGER ledger_waypoints_keep BEFORE UPDATE ON ledger_waypoints
BEGIN
    SELECT RAISE(ABORT, 'waypoints are append-only');
END;

CREATE TRIGGER ledger_waypoints_keep_all BEFORE DELETE ON ledger_waypoints
BEGIN
    SELECT RAISE(ABORT, 'waypoints are append-only');
END;

CREATE TRIGGER ledger_batches_keep BEFORE UPDATE ON ledger_batches
BEGIN
    SELECT RAISE(ABORT, 'the seal is append-only');
END;

CREATE TRIGGER ledger_batches_keep_all BEFORE DELETE ON ledger_batches
BEGIN
    SELECT RAISE(ABORT, 'the seal is append-only');
END;

CREATE TABLE ledger_holds (
    id         BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    debit      BLOB    NOT NULL,
    credit     BLOB    NOT NULL,
    amount     INTEGER NOT NULL CHECK (amount BETWEEN 1 AND 9007199254740991),
    expires_at INTEGER,
    state      TEXT    NOT NULL CHECK (state IN ('open', 'posted', 'voided', 'expired')),
    CHECK (debit <> credit)
) STRICT, WITHOUT ROWID;

CREATE INDEX ledger_holds_debit ON ledger_holds (debit, expires_at) WHERE state = 'open';
CREATE INDEX ledger_holds_credit ON ledger_holds (credit, expires_at) WHERE state = 'open';

CREATE TABLE ledger_reversals (
    original BLOB    NOT NULL PRIMARY KEY CHECK (length(original) = 16),
    reversed INTEGER NOT NULL CHECK (reversed BETWEEN 1 AND 9007199254740991),
    -- When the last part of it was.
    at       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
