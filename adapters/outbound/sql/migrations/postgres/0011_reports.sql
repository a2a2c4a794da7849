-- What the money did, added up. The journal is the truth; all of this but the reports of transactions can be thrown away
-- and counted again.

-- How far the roll-ups have come: the last sealed batch that was counted, and where days end, in minutes ahead of UTC.
-- Without an offset nothing was ever counted.
CREATE TABLE report_state (
    id         bigint   NOT NULL PRIMARY KEY CHECK (id = 1),
    utc_offset bigint   CHECK (utc_offset BETWEEN -840 AND 840),
    position   bigint   NOT NULL CHECK (position >= 0),
    CHECK (utc_offset IS NOT NULL OR position = 0)
);

INSERT INTO report_state (id, position) VALUES (1, 0);

-- Lines of the journal by day (as days since 1970) and by the accounts that are not a customer's wallet; zeros stand for
-- all wallets. Purposes are numbers, as in the journal.
CREATE TABLE report_days (
    day      bigint   NOT NULL,
    currency text     NOT NULL CHECK (length(currency) = 3),
    purpose  smallint NOT NULL CHECK (purpose BETWEEN 1 AND 10),
    debit    uuid     NOT NULL,
    credit   uuid     NOT NULL,
    lines    bigint   NOT NULL CHECK (lines > 0),
    amount   bigint   NOT NULL CHECK (amount > 0),
    PRIMARY KEY (day, currency, purpose, debit, credit)
);

-- Transactions that ended without moving money, by the day on which they did.
CREATE TABLE report_endings (
    day          bigint   NOT NULL,
    currency     text     NOT NULL CHECK (length(currency) = 3),
    kind         text     NOT NULL CHECK (kind IN ('topup', 'payment', 'transfer', 'debit', 'credit')),
    status       text     NOT NULL CHECK (status IN ('FAILED', 'CANCELLED')),
    transactions bigint   NOT NULL CHECK (transactions > 0),
    amount       bigint   NOT NULL CHECK (amount > 0),
    PRIMARY KEY (day, currency, kind, status)
);

-- Which of them were counted: an event may be told twice.
CREATE TABLE report_ended (
    transaction_id uuid NOT NULL PRIMARY KEY
);

-- Transactions as they were when somebody asked for a report of them. A transfer at once has no row in transactions.
CREATE TABLE reports (
    id             uuid     NOT NULL PRIMARY KEY,
    user_id        uuid     NOT NULL REFERENCES users (id),
    transaction_id uuid     NOT NULL,
    kind           text     NOT NULL CHECK (kind IN ('topup', 'payment', 'transfer', 'debit', 'credit')),
    status         text     NOT NULL CHECK (status IN ('PENDING', 'PROCESSING', 'COMPLETED', 'PARTIALLY_REFUNDED',
                                                      'REFUNDED', 'FAILED', 'CANCELLED')),
    amount         bigint   NOT NULL CHECK (amount BETWEEN 1 AND 9007199254740991),
    currency       text     NOT NULL CHECK (length(currency) = 3),
    created_at     timestamptz NOT NULL
);

CREATE UNIQUE INDEX reports_transaction ON reports (user_id, transaction_id);
CREATE INDEX reports_user ON reports (user_id, id);
