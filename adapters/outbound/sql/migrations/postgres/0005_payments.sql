-- Attempts to pay through gateways, the money that goes back, and what gateways told.

CREATE TABLE payments (
    id              uuid        PRIMARY KEY,
    transaction_id  uuid        NOT NULL REFERENCES transactions (id),
    user_id         uuid        NOT NULL REFERENCES users (id),
    gateway         text        NOT NULL,
    reference       text        NOT NULL,
    provider_id     text,
    amount          bigint      NOT NULL CHECK (amount BETWEEN 1 AND 9007199254740991),
    currency        text        NOT NULL CHECK (length(currency) = 3),
    method          text        NOT NULL,
    bank            text,
    store           text,
    -- Stands for a card until the gateway has answered. Sealed.
    token           bytea,
    wallet_id       uuid,
    authorize_only  boolean     NOT NULL,
    state           text        NOT NULL CHECK (state IN ('CREATED', 'SUBMITTING', 'PENDING', 'REVIEW', 'AUTHORIZED', 'FAILED',
                                                          'CANCELLED', 'EXPIRED', 'PAID', 'VOIDED', 'REVERSED')),
    used            text        NOT NULL CHECK (used IN ('nothing', 'funding', 'surplus', 'suspense')),
    captured        bigint      NOT NULL CHECK (captured >= 0),
    refunded        bigint      NOT NULL CHECK (refunded >= 0),
    refund_pending  bigint      NOT NULL CHECK (refund_pending >= 0),
    charged_back    bigint      NOT NULL CHECK (charged_back >= 0),
    credited        bigint      NOT NULL CHECK (credited >= 0),
    settled         boolean     NOT NULL,
    late            boolean     NOT NULL,
    reason          text,
    frozen          boolean     NOT NULL,
    action          jsonb,
    description     text,
    idempotency_key text        NOT NULL,
    sent_at         timestamptz,
    expires_at      timestamptz NOT NULL,
    verified_at     timestamptz,
    next_check_at   timestamptz,
    checks          bigint      NOT NULL CHECK (checks >= 0),
    raw             text,
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL,
    revision        bigint      NOT NULL,
    -- What was added to the amount of a manual transfer.
    code            bigint
);

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
    id            uuid        PRIMARY KEY,
    payment_id    uuid        NOT NULL REFERENCES payments (id),
    key           text        NOT NULL,
    amount        bigint      NOT NULL CHECK (amount BETWEEN 1 AND 9007199254740991),
    currency      text        NOT NULL CHECK (length(currency) = 3),
    reason        text        NOT NULL,
    state         text        NOT NULL CHECK (state IN ('REQUESTED', 'PENDING', 'SUCCEEDED', 'FAILED')),
    failure       text,
    external      boolean     NOT NULL,
    next_check_at timestamptz,
    checks        bigint      NOT NULL CHECK (checks >= 0),
    created_at    timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL
);

CREATE UNIQUE INDEX payment_refunds_key ON payment_refunds (payment_id, key);
CREATE INDEX payment_refunds_due ON payment_refunds (next_check_at, id) WHERE next_check_at IS NOT NULL;

CREATE TABLE payment_disputes (
    payment_id uuid        NOT NULL REFERENCES payments (id),
    id         text        NOT NULL,
    amount     bigint      NOT NULL CHECK (amount BETWEEN 0 AND 9007199254740991),
    currency   text        NOT NULL CHECK (length(currency) = 3),
    state      text        NOT NULL CHECK (state IN ('OPEN', 'UNDER_REVIEW', 'WON', 'LOST')),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (payment_id, id)
);

-- What gateways told, as they told it. The body is sealed.
CREATE TABLE payment_webhooks (
    id          uuid        PRIMARY KEY,
    gateway     text        NOT NULL,
    received_at timestamptz NOT NULL,
    dedupe_key  text,
    reference   text,
    payment_id  uuid,
    delivery_id text,
    claims      text,
    verdict     text        NOT NULL CHECK (verdict IN ('ACCEPTED', 'DUPLICATE', 'BAD_SIGNATURE', 'UNMATCHED', 'SUSPICIOUS',
                                                 'CONFLICT')),
    body        bytea       NOT NULL
);

CREATE UNIQUE INDEX payment_webhooks_dedupe ON payment_webhooks (gateway, dedupe_key) WHERE dedupe_key IS NOT NULL;
CREATE INDEX payment_webhooks_payment ON payment_webhooks (payment_id, id) WHERE payment_id IS NOT NULL;
CREATE INDEX payment_webhooks_delivery ON payment_webhooks (gateway, delivery_id) WHERE delivery_id IS NOT NULL;
CREATE INDEX payment_webhooks_received ON payment_webhooks (received_at);

-- Which amounts payers may be transferring by hand right now: two of them never the same, or nobody could tell whose line
-- on the bank's statement is whose. Free again by itself.
CREATE TABLE manual_amounts (
    currency       text NOT NULL CHECK (length(currency) = 3),
    amount         bigint NOT NULL,
    payment_id uuid NOT NULL,
    reserved_until timestamptz NOT NULL,
    PRIMARY KEY (currency, amount)
);

-- What payers show to prove a transfer. Sealed.
CREATE TABLE payment_proofs (
    payment_id uuid NOT NULL PRIMARY KEY REFERENCES payments (id),
    details    bytea NOT NULL,
    picture    bytea,
    shown_at   timestamptz NOT NULL
);
