-- Who there is: accounts, logins, the brake on guessing.
-- Ids are BLOBs of 16 bytes, moments are microseconds since 1970.

CREATE TABLE users (
    id            BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    -- E-mail address, full name and telephone number are sealed; see src/personal.
    email         BLOB,
    -- By which an address is found, and is unique.
    email_digest  BLOB CHECK (length(email_digest) = 32),
    username      TEXT,
    full_name     BLOB,
    phone         BLOB,
    role          TEXT    NOT NULL CHECK (role IN ('guest', 'user', 'committee', 'admin')),
    password      TEXT,
    closed_at     INTEGER,
    last_login_at INTEGER,
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL,
    CHECK (closed_at IS NOT NULL OR role = 'guest' OR email IS NOT NULL OR username IS NOT NULL),
    CHECK ((email IS NULL) = (email_digest IS NULL))
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX users_email ON users (email_digest);
CREATE UNIQUE INDEX users_username ON users (username);
CREATE INDEX users_admins ON users (id) WHERE role = 'admin' AND closed_at IS NULL;

CREATE TABLE sessions (
    id         BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    user_id    BLOB    NOT NULL REFERENCES users (id),
    created_at INTEGER NOT NULL,
    revoked_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX sessions_user ON sessions (user_id);

CREATE TABLE refresh_tokens (
    digest     BLOB    NOT NULL PRIMARY KEY CHECK (length(digest) = 32),
    session_id BLOB    NOT NULL REFERENCES sessions (id),
    expires_at INTEGER NOT NULL,
    used_at    INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX refresh_tokens_session ON refresh_tokens (session_id);

CREATE TABLE throttles (
    -- A digest of what attempts are counted under.
    key             TEXT    NOT NULL PRIMARY KEY,
    failures        INTEGER NOT NULL CHECK (failures >= 0),
    blocked_until   INTEGER NOT NULL,
    last_failure_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
