-- Who there is: accounts, logins, the brake on guessing.

CREATE TABLE users (
    id            uuid        PRIMARY KEY,
    -- E-mail address, full name and telephone number are sealed; see src/personal.
    email         bytea,
    -- By which an address is found, and is unique.
    email_digest  bytea CHECK (length(email_digest) = 32),
    username      text,
    full_name     bytea,
    phone         bytea,
    role          text        NOT NULL CHECK (role IN ('guest', 'user', 'committee', 'admin')),
    password      text,
    closed_at     timestamptz,
    last_login_at timestamptz,
    created_at    timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL,
    CHECK (closed_at IS NOT NULL OR role = 'guest' OR email IS NOT NULL OR username IS NOT NULL),
    CHECK ((email IS NULL) = (email_digest IS NULL))
);

CREATE UNIQUE INDEX users_email ON users (email_digest);
CREATE UNIQUE INDEX users_username ON users (username);
CREATE INDEX users_admins ON users (id) WHERE role = 'admin' AND closed_at IS NULL;

CREATE TABLE sessions (
    id         uuid        PRIMARY KEY,
    user_id    uuid        NOT NULL REFERENCES users (id),
    created_at timestamptz NOT NULL,
    revoked_at timestamptz
);

CREATE INDEX sessions_user ON sessions (user_id);

CREATE TABLE refresh_tokens (
    digest     bytea       PRIMARY KEY CHECK (length(digest) = 32),
    session_id uuid        NOT NULL REFERENCES sessions (id),
    expires_at timestamptz NOT NULL,
    used_at    timestamptz
);

CREATE INDEX refresh_tokens_session ON refresh_tokens (session_id);

CREATE TABLE throttles (
    -- A digest of what attempts are counted under.
    key             text        PRIMARY KEY,
    failures        bigint      NOT NULL CHECK (failures >= 0),
    blocked_until   timestamptz NOT NULL,
    last_failure_at timestamptz NOT NULL
);
