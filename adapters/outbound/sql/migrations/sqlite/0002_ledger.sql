-- Whose money is where. The rules are decided in the program; the CHECKs here are the second line of defence.
-- 9007199254740991 is 2^53 - 1, the largest amount that every client reads exactly.

CREATE TABLE ledger_accounts (
    id              BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    kind            TEXT    NOT NULL CHECK (kind IN ('wallet', 'merchant', 'gateway_cash', 'clearing')),
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
    CONSTRAINT ledger_accounts_floor
        CHECK (floor IS NULL OR credits_posted - debits_posted - debits_pending >= floor)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX ledger_accounts_code ON ledger_accounts (code);

-- The journal. It is the largest table by far: kinds and purposes are numbers (see codec.rs), the currency is that of
-- the accounts. It keeps its rowid: a new line goes to the end, and the indexes by account are a quarter smaller.
CREATE TABLE ledger_transfers (
    id             BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    kind           INTEGER NOT NULL CHECK (kind BETWEEN 1 AND 5),
    purpose        INTEGER NOT NULL CHECK (purpose BETWEEN 1 AND 6),
    debit          BLOB    NOT NULL,
    credit         BLOB    NOT NULL,
    amount         INTEGER NOT NULL CHECK (amount BETWEEN 1 AND 9007199254740991),
    refers_to      BLOB,
    expires_at     INTEGER,
    at             INTEGER NOT NULL,
    debit_balance  INTEGER NOT NULL,
    credit_balance INTEGER NOT NULL,
    CHECK (debit <> credit),
    -- Post and hold stand for themselves, the others refer to an earlier line; only holds have a deadline.
    CHECK ((kind IN (1, 4)) = (refers_to IS NULL)),
    CHECK (kind = 4 OR expires_at IS NULL)
) STRICT;

-- Kinds up to 3 moved money. An account's times are unique, so statements and past balances are ranges of these.
CREATE UNIQUE INDEX ledger_transfers_debit ON ledger_transfers (debit, at) WHERE kind <= 3;
CREATE UNIQUE INDEX ledger_transfers_credit ON ledger_transfers (credit, at) WHERE kind <= 3;

CREATE TRIGGER ledger_transfers_keep BEFORE UPDATE ON ledger_transfers
BEGIN
    SELECT RAISE(ABORT, 'the journal is append-only');
END;

CREATE TRIGGER ledger_transfers_keep_all BEFORE DELETE ON ledger_transfers
BEGIN
    SELECT RAISE(ABORT, 'the journal is append-only');
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
    reversed INTEGER NOT NULL CHECK (reversed BETWEEN 1 AND 9007199254740991)
) STRICT, WITHOUT ROWID;
