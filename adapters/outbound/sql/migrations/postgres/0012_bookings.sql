-- What is bought from suppliers. Who it is for and what was delivered is sealed.

CREATE TABLE bookings (
    id                 uuid        PRIMARY KEY,
    user_id            uuid        NOT NULL REFERENCES users (id),
    kind               text        NOT NULL CHECK (kind IN ('flight', 'hotel', 'ferry', 'ppob')),
    supplier           text        NOT NULL,
    status             text        NOT NULL CHECK (status IN ('QUOTED', 'HELD', 'LAPSED', 'COMMITTING', 'UNKNOWN', 'FULFILLED',
                                                          'FAILED', 'CANCELLING', 'CANCELLED')),
    reference          text        NOT NULL,
    title              text        NOT NULL,
    price              bigint      NOT NULL CHECK (price BETWEEN 1 AND 9007199254740991),
    currency           text        NOT NULL CHECK (length(currency) = 3),
    max_cost           bigint      NOT NULL CHECK (max_cost BETWEEN 1 AND 9007199254740991),
    cost_currency      text        NOT NULL CHECK (length(cost_currency) = 3),
    cost               bigint      CHECK (cost >= 0),
    order_id           uuid        REFERENCES orders (id),
    offer              text        NOT NULL,
    customer           bytea,
    policy             jsonb,
    offer_until        timestamptz,
    hold_until         timestamptz,
    price_until        timestamptz,
    bill_day           text,
    supplier_id        text,
    supplier_reference text,
    delivery           bytea,
    sent_at            timestamptz,
    paid_at            timestamptz,
    next_check_at      timestamptz,
    checks             bigint      NOT NULL CHECK (checks >= 0),
    reason             text,
    frozen             boolean     NOT NULL,
    created_at         timestamptz NOT NULL,
    updated_at         timestamptz NOT NULL,
    revision           bigint      NOT NULL,
    -- Nobody is asked to sell what is not paid.
    CHECK (status NOT IN ('COMMITTING', 'UNKNOWN', 'FULFILLED', 'CANCELLING', 'CANCELLED') OR paid_at IS NOT NULL)
);

CREATE UNIQUE INDEX bookings_reference ON bookings (supplier, reference);
CREATE INDEX bookings_user ON bookings (user_id, id);
CREATE INDEX bookings_order ON bookings (order_id, id);
CREATE INDEX bookings_supplier_id ON bookings (supplier, supplier_id);
CREATE INDEX bookings_due ON bookings (next_check_at, id) WHERE next_check_at IS NOT NULL;
CREATE INDEX bookings_frozen ON bookings (id) WHERE frozen;
