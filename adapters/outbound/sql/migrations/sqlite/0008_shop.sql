-- What is sold, how much of it is there, and who wants it.

CREATE TABLE products (
    id          BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    name        TEXT    NOT NULL,
    description TEXT,
    price       INTEGER NOT NULL CHECK (price BETWEEN 1 AND 9007199254740991),
    currency    TEXT    NOT NULL CHECK (length(currency) = 3),
    status      TEXT    NOT NULL CHECK (status IN ('ACTIVE', 'RETIRED')),
    -- Name and description in lower case, for lists.
    search      TEXT    NOT NULL,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    revision    INTEGER NOT NULL
) STRICT;

CREATE TABLE orders (
    id         BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    number     TEXT    NOT NULL,
    buyer      BLOB    NOT NULL REFERENCES users (id),
    status     TEXT    NOT NULL CHECK (status IN ('DRAFT', 'CONFIRMED', 'PAID', 'COMPLETED', 'CANCELLED', 'EXPIRED')),
    amount     INTEGER NOT NULL CHECK (amount BETWEEN 1 AND 9007199254740991),
    currency   TEXT    NOT NULL CHECK (length(currency) = 3),
    pay_by     INTEGER,
    deadline   INTEGER,
    reason     TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    revision   INTEGER NOT NULL,
    CHECK (status NOT IN ('CONFIRMED', 'EXPIRED') OR (pay_by IS NOT NULL AND deadline IS NOT NULL))
) STRICT;

CREATE UNIQUE INDEX orders_number ON orders (number);
CREATE INDEX orders_buyer ON orders (buyer, id);
CREATE INDEX orders_status ON orders (status, id);

-- What was ordered, in the words and at the price of that moment.
CREATE TABLE order_lines (
    order_id   BLOB    NOT NULL REFERENCES orders (id),
    position   INTEGER NOT NULL CHECK (position >= 0),
    kind       TEXT    NOT NULL CHECK (kind IN ('product', 'ticket', 'booking')),
    ware       BLOB    NOT NULL,
    title      TEXT    NOT NULL,
    quantity   INTEGER NOT NULL CHECK (quantity BETWEEN 1 AND 1000000),
    unit_price INTEGER NOT NULL CHECK (unit_price BETWEEN 0 AND 9007199254740991),
    note       TEXT,
    PRIMARY KEY (order_id, position)
) STRICT;

CREATE INDEX order_lines_ware ON order_lines (ware, order_id);

-- Two counters of each item. What is available is computed: on hand, less allocated, less the holds of stock_holds that
-- have not expired.
CREATE TABLE stock (
    item      BLOB    NOT NULL PRIMARY KEY CHECK (length(item) = 16),
    on_hand   INTEGER NOT NULL CHECK (on_hand BETWEEN 0 AND 1000000000),
    allocated INTEGER NOT NULL CHECK (allocated >= 0),
    CONSTRAINT stock_allocated CHECK (allocated <= on_hand)
) STRICT;

CREATE TABLE stock_holds (
    order_id   BLOB    NOT NULL REFERENCES orders (id),
    -- In stock, or a kind of ticket.
    item       BLOB    NOT NULL,
    quantity   INTEGER NOT NULL CHECK (quantity BETWEEN 1 AND 1000000000),
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (order_id, item)
) STRICT;

CREATE INDEX stock_holds_item ON stock_holds (item, expires_at);

-- The journal from which the counters can be recounted.
CREATE TABLE stock_movements (
    id        BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    item      BLOB    NOT NULL,
    kind      TEXT    NOT NULL CHECK (kind IN ('RECEIVED', 'ADJUSTED', 'ALLOCATED', 'RELEASED', 'SOLD', 'REPAIRED')),
    on_hand   INTEGER NOT NULL,
    allocated INTEGER NOT NULL,
    order_id  BLOB,
    reason    TEXT,
    actor     TEXT    NOT NULL,
    at        INTEGER NOT NULL,
    CHECK ((kind IN ('ALLOCATED', 'RELEASED', 'SOLD')) = (order_id IS NOT NULL))
) STRICT;

CREATE INDEX stock_movements_item ON stock_movements (item, id);

CREATE TRIGGER stock_movements_keep BEFORE UPDATE ON stock_movements
BEGIN
    SELECT RAISE(ABORT, 'the stock journal is append-only');
END;

CREATE TRIGGER stock_movements_keep_all BEFORE DELETE ON stock_movements
BEGIN
    SELECT RAISE(ABORT, 'the stock journal is append-only');
END;
