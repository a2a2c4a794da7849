-- Whose money is where. The rules are decided in the program; the CHECKs here are the second line of defence.
-- 9007199254740991 is 2^53 - 1, the largest amount that every client reads exactly.

CREATE TABLE ledger_accounts (
    id              uuid        PRIMARY KEY,
    kind            text        NOT NULL CHECK (kind IN ('wallet', 'merchant', 'gateway_cash', 'clearing')),
    code            text        NOT NULL,
    currency        text        NOT NULL CHECK (length(currency) = 3),
    -- Without a floor the balance may go anywhere: an account of the system.
    floor           bigint,
    debits_posted   bigint      NOT NULL CHECK (debits_posted BETWEEN 0 AND 9007199254740991),
    debits_pending  bigint      NOT NULL CHECK (debits_pending BETWEEN 0 AND 9007199254740991),
    credits_posted  bigint      NOT NULL CHECK (credits_posted BETWEEN 0 AND 9007199254740991),
    credits_pending bigint      NOT NULL CHECK (credits_pending BETWEEN 0 AND 9007199254740991),
    closed          boolean     NOT NULL,
    touched_at      timestamptz NOT NULL,
    CONSTRAINT ledger_accounts_floor
        CHECK (floor IS NULL OR credits_posted - debits_posted - debits_pending >= floor)
    -- Room on the page for the next version of a row: counters change all the time and are in no index.
) WITH (fillfactor = 50);

CREATE UNIQUE INDEX ledger_accounts_code ON ledger_accounts (code);

-- The journal. It is the largest table by far: kinds and purposes are numbers (see codec.rs), the currency is that of
-- the accounts, and the columns are ordered so that nothing is padded.
CREATE TABLE ledger_transfers (
    amount         bigint      NOT NULL CHECK (amount BETWEEN 1 AND 9007199254740991),
    debit_balance  bigint      NOT NULL,
    credit_balance bigint      NOT NULL,
    at             timestamptz NOT NULL,
    expires_at     timestamptz,
    kind           smallint    NOT NULL CHECK (kind BETWEEN 1 AND 5),
    purpose        smallint    NOT NULL CHECK (purpose BETWEEN 1 AND 6),
    id             uuid        PRIMARY KEY,
    debit          uuid        NOT NULL,
    credit         uuid        NOT NULL,
    refers_to      uuid,
    CHECK (debit <> credit),
    -- Post and hold stand for themselves, the others refer to an earlier line; only holds have a deadline.
    CHECK ((kind IN (1, 4)) = (refers_to IS NULL)),
    CHECK (kind = 4 OR expires_at IS NULL)
);

-- Kinds up to 3 moved money. An account's times are unique, so statements and past balances are ranges of these.
CREATE UNIQUE INDEX ledger_transfers_debit ON ledger_transfers (debit, at) WHERE kind <= 3;
CREATE UNIQUE INDEX ledger_transfers_credit ON ledger_transfers (credit, at) WHERE kind <= 3;

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END
$$;

CREATE TRIGGER ledger_transfers_keep BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_transfers
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE ledger_holds (
    id         uuid        PRIMARY KEY,
    debit      uuid        NOT NULL,
    credit     uuid        NOT NULL,
    amount     bigint      NOT NULL CHECK (amount BETWEEN 1 AND 9007199254740991),
    expires_at timestamptz,
    state      text        NOT NULL CHECK (state IN ('open', 'posted', 'voided', 'expired')),
    CHECK (debit <> credit)
);

CREATE INDEX ledger_holds_debit ON ledger_holds (debit, expires_at) WHERE state = 'open';
CREATE INDEX ledger_holds_credit ON ledger_holds (credit, expires_at) WHERE state = 'open';

CREATE TABLE ledger_reversals (
    original uuid   PRIMARY KEY,
    reversed bigint NOT NULL CHECK (reversed BETWEEN 1 AND 9007199254740991)
);
