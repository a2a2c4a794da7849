-- What is sold, how much of it is there, and who wants it.

CREATE TABLE products (
    id          uuid        PRIMARY KEY,
    name        text        NOT NULL,
    description text,
    price       bigint      NOT NULL CHECK (price BETWEEN 1 AND 9007199254740991),
    currency    text        NOT NULL CHECK (length(currency) = 3),
    status      text        NOT NULL CHECK (status IN ('ACTIVE', 'RETIRED')),
    -- Name and description in lower case, for lists.
    search      text        NOT NULL,
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL,
    revision    bigint      NOT NULL
);

CREATE TABLE orders (
    id         uuid        PRIMARY KEY,
    number     text        NOT NULL,
    buyer      uuid        NOT NULL REFERENCES users (id),
    status     text        NOT NULL CHECK (status IN ('DRAFT', 'CONFIRMED', 'PAID', 'COMPLETED', 'CANCELLED', 'EXPIRED')),
    amount     bigint      NOT NULL CHECK (amount BETWEEN 1 AND 9007199254740991),
    currency   text        NOT NULL CHECK (length(currency) = 3),
    pay_by     timestamptz,
    deadline   timestamptz,
    reason     text,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    revision   bigint      NOT NULL,
    CHECK (status NOT IN ('CONFIRMED', 'EXPIRED') OR (pay_by IS NOT NULL AND deadline IS NOT NULL))
);

CREATE UNIQUE INDEX orders_number ON orders (number);
CREATE INDEX orders_buyer ON orders (buyer, id);
CREATE INDEX orders_status ON orders (status, id);

-- What was ordered, in the words and at the price of that moment.
CREATE TABLE order_lines (
    order_id   uuid    NOT NULL REFERENCES orders (id),
    position   integer NOT NULL CHECK (position >= 0),
    kind       text    NOT NULL CHECK (kind IN ('product', 'ticket', 'booking')),
    ware       uuid    NOT NULL,
    title      text    NOT NULL,
    quantity   bigint  NOT NULL CHECK (quantity BETWEEN 1 AND 1000000),
    unit_price bigint  NOT NULL CHECK (unit_price BETWEEN 0 AND 9007199254740991),
    note       text,
    PRIMARY KEY (order_id, position)
);

CREATE INDEX order_lines_ware ON order_lines (ware, order_id);

-- Two counters of each item. What is available is computed: on hand, less allocated, less the holds of stock_holds that
-- have not expired.
CREATE TABLE stock (
    item      uuid   PRIMARY KEY,
    on_hand   bigint NOT NULL CHECK (on_hand BETWEEN 0 AND 1000000000),
    allocated bigint NOT NULL CHECK (allocated >= 0),
    CONSTRAINT stock_allocated CHECK (allocated <= on_hand)
);

CREATE TABLE stock_holds (
    order_id   uuid        NOT NULL REFERENCES orders (id),
    -- In stock, or a kind of ticket.
    item       uuid        NOT NULL,
    quantity   bigint      NOT NULL CHECK (quantity BETWEEN 1 AND 1000000000),
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (order_id, item)
);

CREATE INDEX stock_holds_item ON stock_holds (item, expires_at);

-- The journal from which the counters can be recounted.
CREATE TABLE stock_movements (
    id        uuid        PRIMARY KEY,
    item      uuid        NOT NULL,
    kind      text        NOT NULL CHECK (kind IN ('RECEIVED', 'ADJUSTED', 'ALLOCATED', 'RELEASED', 'SOLD', 'REPAIRED')),
    on_hand   bigint      NOT NULL,
    allocated bigint      NOT NULL,
    order_id  uuid,
    reason    text,
    actor     text        NOT NULL,
    at        timestamptz NOT NULL,
    CHECK ((kind IN ('ALLOCATED', 'RELEASED', 'SOLD')) = (order_id IS NOT NULL))
);

CREATE INDEX stock_movements_item ON stock_movements (item, id);

CREATE TRIGGER stock_movements_keep BEFORE UPDATE OR DELETE OR TRUNCATE ON stock_movements
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
