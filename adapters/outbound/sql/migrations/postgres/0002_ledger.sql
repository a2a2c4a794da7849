-- Whose money is where. The rules are decided in the program; the CHECKs here are the second line of defence.
-- 9007199254740991 is 2^53 - 1, the largest amount that every client reads exactly.

CREATE TABLE ledger_accounts (
    id              uuid        PRIMARY KEY,
    kind            text        NOT NULL CHECK (kind IN ('wallet', 'merchant', 'gateway_cash', 'clearing', 'gateway_fees', 'surplus',
                                             'suspense', 'chargebacks')),
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
    -- Where the account's history ends: each line names the one before it. The revision counts the changes.
    lines           bigint      NOT NULL CHECK (lines >= 0),
    last_line       uuid,
    revision        bigint      NOT NULL,
    CONSTRAINT ledger_accounts_floor
        CHECK (floor IS NULL OR credits_posted - debits_posted - debits_pending >= floor)
    -- Room on the page for the next versions of rows: counters change all the time and are in no index. More room would
    -- not help: a page is tidied up as soon as less than its room is left.
) WITH (fillfactor = 90);

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
    purpose        smallint    NOT NULL CHECK (purpose BETWEEN 1 AND 10),
    id             uuid        PRIMARY KEY,
    debit          uuid        NOT NULL,
    credit         uuid        NOT NULL,
    refers_to      uuid,
    -- The line before on either account's trail; see ledger_waypoints.
    debit_previous  uuid,
    credit_previous uuid,
    description    text,
    -- Who asked for it, if not the owner of the debited account.
    actor          text,
    CHECK (debit <> credit),
    -- Post and hold stand for themselves, the others refer to an earlier line; only holds have a deadline.
    CHECK ((kind IN (1, 4)) = (refers_to IS NULL)),
    CHECK (kind = 4 OR expires_at IS NULL)
);

-- The few lines that somebody else than the owner asked for, for the audit trail.
CREATE INDEX ledger_transfers_actor ON ledger_transfers (actor, id) WHERE actor IS NOT NULL;

-- Every 64th line of an account that moved money. From a waypoint one walks back along the trail, so statements and
-- balances of the past need no index over the journal.
CREATE TABLE ledger_waypoints (
    account uuid        NOT NULL,
    at      timestamptz NOT NULL,
    line    uuid        NOT NULL,
    PRIMARY KEY (account, at)
);

-- The seal: each batch of lines, hashed with the one before it.
CREATE TABLE ledger_batches (
    number  bigint PRIMARY KEY CHECK (number > 0),
    content bytea  NOT NULL CHECK (length(content) = 32),
    link    bytea  NOT NULL CHECK (length(link) = 32),
    -- The ids of the lines, 16 bytes each, in order. They do not compress.
    lines   bytea  NOT NULL CHECK (length(lines) > 0 AND length(lines) % 16 = 0)
);

ALTER TABLE ledger_batches ALTER COLUMN lines SET STORAGE EXTERNAL;

CREATE TABLE ledger_seal (
    id     boolean PRIMARY KEY CHECK (id),
    number bigint  NOT NULL,
    link   bytea   NOT NULL CHECK (length(link) = 32)
) WITH (fillfactor = 10);

INSERT INTO ledger_seal VALUES (TRUE, 0, decode(repeat('00', 32), 'hex'));

-- Ends a statement that found fewer accounts in the revision it expects.
CREATE FUNCTION ledger_require(stored bigint, expected bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF stored <> expected THEN
        RAISE EXCEPTION 'an account has changed' USING ERRCODE = 'DM001';
    END IF;
END
$$;

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END
$$;

CREATE TRIGGER ledger_transfers_keep BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_transfers
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TRIGGER ledger_waypoints_keep BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_waypoints
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ledger_batches_keep BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_batches
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
    original uuid        PRIMARY KEY,
    reversed bigint      NOT NULL CHECK (reversed BETWEEN 1 AND 9007199254740991),
    -- When the last part of it was.
    at       timestamptz NOT NULL
);
