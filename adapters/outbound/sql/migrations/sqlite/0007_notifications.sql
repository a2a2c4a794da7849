-- What people are told, and in which language.

ALTER TABLE users ADD COLUMN language TEXT NOT NULL DEFAULT 'id' CHECK (language IN ('id', 'en'));

CREATE TABLE notifications (
    id          BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    user_id     BLOB    NOT NULL REFERENCES users (id),
    channel     TEXT    NOT NULL CHECK (channel IN ('EMAIL', 'SMS')),
    language    TEXT    NOT NULL CHECK (language IN ('id', 'en')),
    -- In somebody's own words, or by a template and its facts. Words and facts are sealed.
    message     BLOB,
    template    TEXT,
    data        BLOB,
    -- The event that it tells of.
    cause       BLOB    CHECK (length(cause) = 16),
    status      TEXT    NOT NULL CHECK (status IN ('PENDING', 'SENT', 'FAILED', 'CANCELLED')),
    tries       INTEGER NOT NULL CHECK (tries >= 0),
    next_try_at INTEGER,
    -- Until then it is in the hands of a sender.
    lease_until INTEGER,
    last_error  TEXT,
    -- When it was sent, given up or withdrawn, and the sender's own name for it.
    settled_at  INTEGER,
    reference   TEXT,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    CHECK ((message IS NULL) = (template IS NOT NULL) AND (template IS NULL) = (data IS NULL)),
    CHECK ((status = 'PENDING') = (next_try_at IS NOT NULL) AND (status = 'PENDING') = (settled_at IS NULL)),
    CHECK (lease_until IS NULL OR status = 'PENDING'),
    CHECK (reference IS NULL OR status = 'SENT')
) STRICT, WITHOUT ROWID;

-- An event that comes twice tells one person of one thing once. What nobody's event caused is unique by its id alone.
CREATE UNIQUE INDEX notifications_cause ON notifications (cause, template, user_id);
CREATE INDEX notifications_user ON notifications (user_id, id);
CREATE INDEX notifications_due ON notifications (next_try_at, id) WHERE status = 'PENDING';
-- What is over, until it is forgotten.
CREATE INDEX notifications_settled ON notifications (settled_at) WHERE settled_at IS NOT NULL;
