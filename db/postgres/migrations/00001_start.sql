-- +goose Up
-- Times are UTC, in microseconds. IDs sort by the millisecond in which they were made. Lists of names are separated by a
-- space. What is compared or sorted has the collation "C": the order of the bytes, as in every other engine, and no
-- index that an update of the system's languages breaks.

SET LOCAL statement_timeout = 0;

CREATE TABLE users (
	id              TEXT COLLATE "C" NOT NULL PRIMARY KEY,
	email           TEXT             NOT NULL,
	email_key       TEXT COLLATE "C" NOT NULL UNIQUE, -- what addresses are compared by
	email_verified  BOOLEAN          NOT NULL,
	name            TEXT             NOT NULL,
	name_key        TEXT COLLATE "C" NOT NULL, -- what names are searched by
	password_hash   TEXT COLLATE "C" NOT NULL,
	roles           TEXT COLLATE "C" NOT NULL, -- from the least to the most
	generation      BIGINT           NOT NULL,
	created_at      TIMESTAMPTZ      NOT NULL,
	updated_at      TIMESTAMPTZ      NOT NULL,
	last_sign_in_at TIMESTAMPTZ,
	disabled_at     TIMESTAMPTZ,
	disabled_reason TEXT
);

-- Staff are few: a list of them must not read all users.
CREATE INDEX users_staff ON users (id) WHERE roles <> 'USER';

CREATE TABLE sessions (
	id         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
	user_id    TEXT COLLATE "C" NOT NULL REFERENCES users (id),
	counter    BIGINT           NOT NULL,
	auth_time  TIMESTAMPTZ      NOT NULL,
	ip_address TEXT,
	user_agent TEXT,
	created_at TIMESTAMPTZ      NOT NULL,
	renewed_at TIMESTAMPTZ      NOT NULL,
	expires_at TIMESTAMPTZ      NOT NULL,
	ended_at   TIMESTAMPTZ
);

CREATE INDEX sessions_live ON sessions (user_id, created_at, id) WHERE ended_at IS NULL;

CREATE TABLE signing_keys (
	id         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
	generation BIGINT           NOT NULL UNIQUE,
	algorithm  TEXT             NOT NULL,
	key_id     TEXT COLLATE "C" NOT NULL, -- RFC 7638
	public     BYTEA            NOT NULL,
	sealed     BYTEA            NOT NULL,
	sealed_by  TEXT             NOT NULL,
	created_at TIMESTAMPTZ      NOT NULL,
	signs_from TIMESTAMPTZ      NOT NULL
);

CREATE TABLE secrets (
	kind       TEXT COLLATE "C" NOT NULL,
	version    BIGINT           NOT NULL,
	sealed     BYTEA            NOT NULL,
	sealed_by  TEXT             NOT NULL,
	created_at TIMESTAMPTZ      NOT NULL,
	PRIMARY KEY (kind, version)
);

-- The journal: rows are only ever added. Whom it tells of may be gone, so that it refers to no other table.
CREATE TABLE events (
	id          TEXT COLLATE "C" NOT NULL PRIMARY KEY,
	happened_at TIMESTAMPTZ      NOT NULL,
	action      TEXT COLLATE "C" NOT NULL,
	actor_id    TEXT COLLATE "C",
	subject_id  TEXT COLLATE "C",
	session_id  TEXT COLLATE "C",
	ip_address  TEXT,
	user_agent  TEXT,
	generation  BIGINT, -- the subject's from now on, where the event raised it
	details     TEXT -- a JSON object, which may hold what JSONB does not: the character NUL
);

CREATE INDEX events_by_time ON events (happened_at);
