-- What the money did, added up. The journal is the truth; all of this but the reports of transactions can be thrown away
-- and counted again.

-- How far the roll-ups have come: the last sealed batch that was counted, and where days end, in minutes ahead of UTC.
-- Without an offset nothing was ever counted.
CREATE TABLE report_state (
    id         INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    utc_offset INTEGER CHECK (utc_offset BETWEEN -840 AND 840),
    position   INTEGER NOT NULL CHECK (position >= 0),
    CHECK (utc_offset IS NOT NULL OR position = 0)
) STRICT;

INSERT INTO report_state (id, position) VALUES (1, 0);

-- Lines of the journal by day (as days since 1970) and by the accounts that are not a customer's wallet; zeros stand for
-- all wallets. Purposes are numbers, as in the journal.
CREATE TABLE report_days (
    day      INTEGER NOT NULL,
    currency TEXT    NOT NULL CHECK (length(currency) = 3),
    purpose  INTEGER NOT NULL CHECK (purpose BETWEEN 1 AND 10),
    debit    BLOB    NOT NULL CHECK (length(debit) = 16),
    credit   BLOB    NOT NULL CHECK (length(credit) = 16),
    lines    INTEGER NOT NULL CHECK (lines > 0),
    amount   INTEGER NOT NULL CHECK (amount > 0),
    PRIMARY KEY (day, currency, purpose, debit, credit)
) STRICT, WITHOUT ROWID;

-- Transactions that ended without moving money, by the day on which they did.
CREATE TABLE report_endings (
    day          INTEGER NOT NULL,
    currency     TEXT    NOT NULL CHECK (length(currency) = 3),
    kind         TEXT    NOT NULL CHECK (kind IN ('topup', 'payment', 'transfer', 'debit', 'credit')),
    status       TEXT    NOT NULL CHECK (status IN ('FAILED', 'CANCELLED')),
    transactions INTEGER NOT NULL CHECK (transactions > 0),
    amount       INTEGER NOT NULL CHECK (amount > 0),
    PRIMARY KEY (day, currency, kind, status)
) STRICT, WITHOUT ROWID;

-- Which of them were counted: an event may be told twice.
CREATE TABLE report_ended (
    transaction_id BLOB NOT NULL PRIMARY KEY CHECK (length(transaction_id) = 16)
) STRICT, WITHOUT ROWID;

-- Transactions as they were when somebody asked for a report of them. A transfer at once has no row in transactions.
CREATE TABLE reports (
    id             BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    user_id        BLOB    NOT NULL REFERENCES users (id),
    transaction_id BLOB    NOT NULL CHECK (length(transaction_id) = 16),
    kind           TEXT    NOT NULL CHECK (kind IN ('topup', 'payment', 'transfer', 'debit', 'credit')),
    status         TEXT    NOT NULL CHECK (status IN ('PENDING', 'PROCESSING', 'COMPLETED', 'PARTIALLY_REFUNDED',
                                                      'REFUNDED', 'FAILED', 'CANCELLED')),
    amount         INTEGER NOT NULL CHECK (amount BETWEEN 1 AND 9007199254740991),
    currency       TEXT    NOT NULL CHECK (length(currency) = 3),
    created_at     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX reports_transaction ON reports (user_id, transaction_id);
CREATE INDEX reports_user ON reports (user_id, id);
