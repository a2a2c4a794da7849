-- What people are told, and in which language.

ALTER TABLE users ADD COLUMN language text NOT NULL DEFAULT 'id' CHECK (language IN ('id', 'en'));

CREATE TABLE notifications (
    id          uuid        PRIMARY KEY,
    user_id     uuid        NOT NULL REFERENCES users (id),
    channel     text        NOT NULL CHECK (channel IN ('EMAIL', 'SMS')),
    language    text        NOT NULL CHECK (language IN ('id', 'en')),
    -- In somebody's own words, or by a template and its facts. Words and facts are sealed.
    message     bytea,
    template    text,
    data        bytea,
    -- The event that it tells of.
    cause       uuid,
    status      text        NOT NULL CHECK (status IN ('PENDING', 'SENT', 'FAILED', 'CANCELLED')),
    tries       bigint      NOT NULL CHECK (tries >= 0),
    next_try_at timestamptz,
    -- Until then it is in the hands of a sender.
    lease_until timestamptz,
    last_error  text,
    -- When it was sent, given up or withdrawn, and the sender's own name for it.
    settled_at  timestamptz,
    reference   text,
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL,
    CHECK ((message IS NULL) = (template IS NOT NULL) AND (template IS NULL) = (data IS NULL)),
    CHECK ((status = 'PENDING') = (next_try_at IS NOT NULL) AND (status = 'PENDING') = (settled_at IS NULL)),
    CHECK (lease_until IS NULL OR status = 'PENDING'),
    CHECK (reference IS NULL OR status = 'SENT')
);

-- An event that comes twice tells one person of one thing once. What nobody's event caused is unique by its id alone.
CREATE UNIQUE INDEX notifications_cause ON notifications (cause, template, user_id);
CREATE INDEX notifications_user ON notifications (user_id, id);
CREATE INDEX notifications_due ON notifications (next_try_at, id) WHERE status = 'PENDING';
-- What is over, until it is forgotten.
CREATE INDEX notifications_settled ON notifications (settled_at) WHERE settled_at IS NOT NULL;
