-- Attempts to pay through gateways, the money that goes back, and what gateways told.

CREATE TABLE payments (
    id              BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    transaction_id  BLOB    NOT NULL REFERENCES transactions (id),
    user_id         BLOB    NOT NULL REFERENCES users (id),
    gateway         TEXT    NOT NULL,
    reference       TEXT    NOT NULL,
    provider_id     TEXT,
    amount          INTEGER NOT NULL CHECK (amount BETWEEN 1 AND 9007199254740991),
    currency        TEXT    NOT NULL CHECK (length(currency) = 3),
    method          TEXT    NOT NULL,
    bank            TEXT,
    store           TEXT,
    -- Stands for a card until the gateway has answered. Sealed.
    token           BLOB,
    wallet_id       BLOB,
    authorize_only  INTEGER NOT NULL CHECK (authorize_only IN (0, 1)),
    state           TEXT    NOT NULL CHECK (state IN ('CREATED', 'SUBMITTING', 'PENDING', 'REVIEW', 'AUTHORIZED', 'FAILED',
                                                          'CANCELLED', 'EXPIRED', 'PAID', 'VOIDED', 'REVERSED')),
    used            TEXT    NOT NULL CHECK (used IN ('nothing', 'funding', 'surplus', 'suspense')),
    captured        INTEGER NOT NULL CHECK (captured >= 0),
    refunded        INTEGER NOT NULL CHECK (refunded >= 0),
    refund_pending  INTEGER NOT NULL CHECK (refund_pending >= 0),
    charged_back    INTEGER NOT NULL CHECK (charged_back >= 0),
    credited        INTEGER NOT NULL CHECK (credited >= 0),
    settled         INTEGER NOT NULL CHECK (settled IN (0, 1)),
    late            INTEGER NOT NULL CHECK (late IN (0, 1)),
    reason          TEXT,
    frozen          INTEGER NOT NULL CHECK (frozen IN (0, 1)),
    action          TEXT,
    description     TEXT,
    idempotency_key TEXT    NOT NULL,
    sent_at         INTEGER,
    expires_at      INTEGER NOT NULL,
    verified_at     INTEGER,
    next_check_at   INTEGER,
    checks          INTEGER NOT NULL CHECK (checks >= 0),
    raw             TEXT,
    created_at      INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL,
    revision        INTEGER NOT NULL,
    -- What was added to the amount of a manual transfer.
    code            INTEGER
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX payments_reference ON payments (gateway, reference);
CREATE INDEX payments_provider ON payments (gateway, provider_id) WHERE provider_id IS NOT NULL;
CREATE INDEX payments_transaction ON payments (transaction_id, id);
CREATE INDEX payments_user ON payments (user_id, id);
-- The few that somebody has to look after.
CREATE INDEX payments_due ON payments (next_check_at, id) WHERE next_check_at IS NOT NULL;
CREATE INDEX payments_frozen ON payments (id) WHERE frozen;
-- At most one attempt funds a transaction.
CREATE UNIQUE INDEX payments_funding ON payments (transaction_id) WHERE used = 'funding';

CREATE TABLE payment_refunds (
    id            BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    payment_id    BLOB    NOT NULL REFERENCES payments (id),
    key           TEXT    NOT NULL,
    amount        INTEGER NOT NULL CHECK (amount BETWEEN 1 AND 9007199254740991),
    currency      TEXT    NOT NULL CHECK (length(currency) = 3),
    reason        TEXT    NOT NULL,
    state         TEXT    NOT NULL CHECK (state IN ('REQUESTED', 'PENDING', 'SUCCEEDED', 'FAILED')),
    failure       TEXT,
    external      INTEGER NOT NULL CHECK (external IN (0, 1)),
    next_check_at INTEGER,
    checks        INTEGER NOT NULL CHECK (checks >= 0),
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX payment_refunds_key ON payment_refunds (payment_id, key);
CREATE INDEX payment_refunds_due ON payment_refunds (next_check_at, id) WHERE next_check_at IS NOT NULL;

CREATE TABLE payment_disputes (
    payment_id BLOB    NOT NULL REFERENCES payments (id),
    id         TEXT    NOT NULL,
    amount     INTEGER NOT NULL CHECK (amount BETWEEN 0 AND 9007199254740991),
    currency   TEXT    NOT NULL CHECK (length(currency) = 3),
    state      TEXT    NOT NULL CHECK (state IN ('OPEN', 'UNDER_REVIEW', 'WON', 'LOST')),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (payment_id, id)
) STRICT, WITHOUT ROWID;

-- What gateways told, as they told it. The body is sealed.
CREATE TABLE payment_webhooks (
    id          BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    gateway     TEXT    NOT NULL,
    received_at INTEGER NOT NULL,
    dedupe_key  TEXT,
    reference   TEXT,
    payment_id  BLOB,
    delivery_id TEXT,
    claims      TEXT,
    verdict     TEXT    NOT NULL CHECK (verdict IN ('ACCEPTED', 'DUPLICATE', 'BAD_SIGNATURE', 'UNMATCHED', 'SUSPICIOUS',
                                                 'CONFLICT')),
    body        BLOB    NOT NULL
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX payment_webhooks_dedupe ON payment_webhooks (gateway, dedupe_key) WHERE dedupe_key IS NOT NULL;
CREATE INDEX payment_webhooks_payment ON payment_webhooks (payment_id, id) WHERE payment_id IS NOT NULL;
CREATE INDEX payment_webhooks_delivery ON payment_webhooks (gateway, delivery_id) WHERE delivery_id IS NOT NULL;
CREATE INDEX payment_webhooks_received ON payment_webhooks (received_at);

-- Which amounts payers may be transferring by hand right now: two of them never the same, or nobody could tell whose line
-- on the bank's statement is whose. Free again by itself.
CREATE TABLE manual_amounts (
    currency       TEXT NOT NULL CHECK (length(currency) = 3),
    amount         INTEGER NOT NULL,
    payment_id BLOB NOT NULL CHECK (length(payment_id) = 16),
    reserved_until INTEGER NOT NULL,
    PRIMARY KEY (currency, amount)
) STRICT;

-- What payers show to prove a transfer. Sealed.
CREATE TABLE payment_proofs (
    payment_id BLOB NOT NULL PRIMARY KEY REFERENCES payments (id),
    details    BLOB NOT NULL,
    picture    BLOB,
    shown_at   INTEGER NOT NULL
) STRICT;
