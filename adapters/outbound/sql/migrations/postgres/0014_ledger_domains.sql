-- What a number of the ledger may be, said once for all columns of its kind. Postgres reads the CHECKs of a table from
-- their text again for each statement, and those of a domain once for each session: on the ledger's own statement, which
-- writes five tables, that was a quarter of the work of a small batch. Each domain is made without its rule first, so that
-- no table is written anew.

CREATE DOMAIN ledger_amount AS bigint;
CREATE DOMAIN ledger_counter AS bigint;
CREATE DOMAIN ledger_number AS bigint;
CREATE DOMAIN ledger_kind AS smallint;
CREATE DOMAIN ledger_purpose AS smallint;
CREATE DOMAIN ledger_account_kind AS text;
CREATE DOMAIN ledger_currency AS text;
CREATE DOMAIN ledger_digest AS bytea;
CREATE DOMAIN ledger_ids AS bytea;

ALTER TABLE ledger_accounts
    DROP CONSTRAINT ledger_accounts_kind_check,
    DROP CONSTRAINT ledger_accounts_currency_check,
    DROP CONSTRAINT ledger_accounts_debits_posted_check,
    DROP CONSTRAINT ledger_accounts_debits_pending_check,
    DROP CONSTRAINT ledger_accounts_credits_posted_check,
    DROP CONSTRAINT ledger_accounts_credits_pending_check,
    DROP CONSTRAINT ledger_accounts_lines_check,
    ALTER COLUMN kind TYPE ledger_account_kind,
    ALTER COLUMN currency TYPE ledger_currency,
    ALTER COLUMN debits_posted TYPE ledger_counter,
    ALTER COLUMN debits_pending TYPE ledger_counter,
    ALTER COLUMN credits_posted TYPE ledger_counter,
    ALTER COLUMN credits_pending TYPE ledger_counter,
    ALTER COLUMN lines TYPE ledger_counter;
ALTER TABLE ledger_transfers
    DROP CONSTRAINT ledger_transfers_amount_check,
    DROP CONSTRAINT ledger_transfers_kind_check,
    DROP CONSTRAINT ledger_transfers_purpose_check,
    DROP CONSTRAINT ledger_transfers_check,
    DROP CONSTRAINT ledger_transfers_check1,
    DROP CONSTRAINT ledger_transfers_check2,
    ALTER COLUMN amount TYPE ledger_amount,
    ALTER COLUMN kind TYPE ledger_kind,
    ALTER COLUMN purpose TYPE ledger_purpose,
    -- What concerns several columns has no domain, so it is one rule to read and not three: different accounts; post and
    -- hold stand for themselves, the others refer to an earlier line; only holds have a deadline.
    ADD CONSTRAINT ledger_transfers_sound CHECK (debit <> credit AND (kind IN (1, 4)) = (refers_to IS NULL)
        AND (kind = 4 OR expires_at IS NULL));
ALTER TABLE ledger_batches
    DROP CONSTRAINT ledger_batches_number_check,
    DROP CONSTRAINT ledger_batches_content_check,
    DROP CONSTRAINT ledger_batches_link_check,
    DROP CONSTRAINT ledger_batches_lines_check,
    ALTER COLUMN number TYPE ledger_number,
    ALTER COLUMN content TYPE ledger_digest,
    ALTER COLUMN link TYPE ledger_digest,
    ALTER COLUMN lines TYPE ledger_ids;
ALTER TABLE ledger_seal
    DROP CONSTRAINT ledger_seal_link_check,
    ALTER COLUMN link TYPE ledger_digest;

ALTER DOMAIN ledger_amount ADD CHECK (VALUE BETWEEN 1 AND 9007199254740991);
ALTER DOMAIN ledger_counter ADD CHECK (VALUE BETWEEN 0 AND 9007199254740991);
ALTER DOMAIN ledger_number ADD CHECK (VALUE > 0);
ALTER DOMAIN ledger_kind ADD CHECK (VALUE BETWEEN 1 AND 5);
ALTER DOMAIN ledger_purpose ADD CHECK (VALUE BETWEEN 1 AND 10);
ALTER DOMAIN ledger_account_kind ADD CHECK (VALUE IN ('wallet', 'merchant', 'gateway_cash', 'clearing', 'gateway_fees',
    'surplus', 'suspense', 'chargebacks'));
ALTER DOMAIN ledger_currency ADD CHECK (length(VALUE) = 3);
ALTER DOMAIN ledger_digest ADD CHECK (length(VALUE) = 32);
-- 16 bytes each.
ALTER DOMAIN ledger_ids ADD CHECK (length(VALUE) > 0 AND length(VALUE) % 16 = 0);
