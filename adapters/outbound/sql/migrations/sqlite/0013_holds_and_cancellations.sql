-- What suppliers are asked to keep before it is paid, and what a cancellation would pay back. SQLite cannot change a
-- check: the table is made again.

CREATE TABLE bookings_new (
    id                 BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    user_id            BLOB    NOT NULL REFERENCES users (id),
    kind               TEXT    NOT NULL CHECK (kind IN ('flight', 'hotel', 'ferry', 'ppob')),
    supplier           TEXT    NOT NULL,
    status             TEXT    NOT NULL CHECK (status IN ('QUOTED', 'HOLDING', 'HELD', 'LAPSED', 'COMMITTING', 'UNKNOWN',
                                                          'FULFILLED', 'FAILED', 'CANCELLING', 'CANCELLED')),
    reference          TEXT    NOT NULL,
    title              TEXT    NOT NULL,
    price              INTEGER NOT NULL CHECK (price BETWEEN 1 AND 9007199254740991),
    currency           TEXT    NOT NULL CHECK (length(currency) = 3),
    max_cost           INTEGER NOT NULL CHECK (max_cost BETWEEN 1 AND 9007199254740991),
    cost_currency      TEXT    NOT NULL CHECK (length(cost_currency) = 3),
    cost               INTEGER CHECK (cost >= 0),
    order_id           BLOB    REFERENCES orders (id),
    offer              TEXT    NOT NULL,
    customer           BLOB,
    policy             TEXT,
    offer_until        INTEGER,
    hold_until         INTEGER,
    price_until        INTEGER,
    bill_day           TEXT,
    supplier_id        TEXT,
    supplier_reference TEXT,
    delivery           BLOB,
    cancellation       TEXT,
    sent_at            INTEGER,
    paid_at            INTEGER,
    next_check_at      INTEGER,
    checks             INTEGER NOT NULL CHECK (checks >= 0),
    reason             TEXT,
    frozen             INTEGER NOT NULL CHECK (frozen IN (0, 1)),
    created_at         INTEGER NOT NULL,
    updated_at         INTEGER NOT NULL,
    revision           INTEGER NOT NULL,
    -- Nobody is asked to sell what is not paid.
    CHECK (status NOT IN ('COMMITTING', 'UNKNOWN', 'FULFILLED', 'CANCELLING', 'CANCELLED') OR paid_at IS NOT NULL)
) STRICT;

INSERT INTO bookings_new (id, user_id, kind, supplier, status, reference, title, price, currency, max_cost, cost_currency, cost, order_id,
    offer, customer, policy, offer_until, hold_until, price_until, bill_day, supplier_id, supplier_reference, delivery,
    sent_at, paid_at, next_check_at, checks, reason, frozen, created_at, updated_at, revision)
SELECT id, user_id, kind, supplier, status, reference, title, price, currency, max_cost, cost_currency, cost, order_id,
    offer, customer, policy, offer_until, hold_until, price_until, bill_day, supplier_id, supplier_reference, delivery,
    sent_at, paid_at, next_check_at, checks, reason, frozen, created_at, updated_at, revision
FROM bookings;

DROP TABLE bookings;
ALTER TABLE bookings_new RENAME TO bookings;

CREATE UNIQUE INDEX bookings_reference ON bookings (supplier, reference);
CREATE INDEX bookings_user ON bookings (user_id, id);
CREATE INDEX bookings_order ON bookings (order_id, id);
CREATE INDEX bookings_supplier_id ON bookings (supplier, supplier_id);
CREATE INDEX bookings_due ON bookings (next_check_at, id) WHERE next_check_at IS NOT NULL;
CREATE INDEX bookings_frozen ON bookings (id) WHERE frozen;
