-- Wallets, and what people did with the money in them.

CREATE TABLE wallets (
    -- A wallet's money is in the account of the same id; which of the two is written first does not matter.
    id         BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16)
                       REFERENCES ledger_accounts (id) DEFERRABLE INITIALLY DEFERRED,
    owner      BLOB    NOT NULL REFERENCES users (id),
    name       TEXT    NOT NULL,
    currency   TEXT    NOT NULL CHECK (length(currency) = 3),
    is_default INTEGER NOT NULL CHECK (is_default IN (0, 1)),
    closed     INTEGER NOT NULL CHECK (closed IN (0, 1)),
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX wallets_name ON wallets (owner, currency, name);
CREATE UNIQUE INDEX wallets_default ON wallets (owner) WHERE is_default;

CREATE TABLE transactions (
    id                  BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    kind                TEXT    NOT NULL CHECK (kind IN ('topup', 'payment', 'transfer', 'debit', 'credit')),
    status              TEXT    NOT NULL CHECK (status IN ('PENDING', 'PROCESSING', 'COMPLETED', 'PARTIALLY_REFUNDED',
                                                           'REFUNDED', 'FAILED', 'CANCELLED')),
    user_id             BLOB    NOT NULL REFERENCES users (id),
    wallet_id           BLOB    NOT NULL REFERENCES wallets (id),
    counterparty_kind   TEXT    NOT NULL,
    counterparty_user   BLOB,
    counterparty_wallet BLOB,
    counterparty_name   TEXT,
    counterparty_method TEXT,
    amount              INTEGER NOT NULL CHECK (amount BETWEEN 1 AND 9007199254740991),
    currency            TEXT    NOT NULL CHECK (length(currency) = 3),
    refunded            INTEGER NOT NULL CHECK (refunded BETWEEN 0 AND amount),
    description         TEXT,
    reference           TEXT,
    failure             TEXT,
    transfer_id         BLOB,
    expires_at          INTEGER,
    created_at          INTEGER NOT NULL,
    updated_at          INTEGER NOT NULL,
    -- Description, reference and the merchant's name in lower case, for lists.
    search              TEXT    NOT NULL,
    CHECK (CASE counterparty_kind
        WHEN 'user' THEN counterparty_user IS NOT NULL AND counterparty_wallet IS NOT NULL
        WHEN 'gateway' THEN counterparty_name IS NOT NULL AND counterparty_method IS NOT NULL
        WHEN 'merchant' THEN counterparty_name IS NOT NULL
        WHEN 'staff' THEN counterparty_name IS NOT NULL
        ELSE FALSE
    END)
) STRICT;

CREATE UNIQUE INDEX transactions_reference ON transactions (wallet_id, kind, reference) WHERE reference IS NOT NULL;
CREATE INDEX transactions_user ON transactions (user_id, created_at, id);
CREATE INDEX transactions_counterparty_user ON transactions (counterparty_user, created_at, id) WHERE counterparty_user IS NOT NULL;
CREATE INDEX transactions_wallet ON transactions (wallet_id, created_at, id);
CREATE INDEX transactions_counterparty_wallet ON transactions (counterparty_wallet, created_at, id)
    WHERE counterparty_wallet IS NOT NULL;
-- The few that are not finished: what closing an account and the tidying job ask for.
CREATE INDEX transactions_unfinished ON transactions (user_id) WHERE status IN ('PENDING', 'PROCESSING');
CREATE INDEX transactions_unfinished_counterparty ON transactions (counterparty_user)
    WHERE status IN ('PENDING', 'PROCESSING');
CREATE INDEX transactions_overdue ON transactions (expires_at, id) WHERE status IN ('PENDING', 'PROCESSING');
