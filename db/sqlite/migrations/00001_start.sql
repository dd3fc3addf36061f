-- +goose Up
-- Times are text of one width, UTC, in microseconds (2026-11-24T07:52:47.123456Z): they sort as text.
-- IDs sort by the millisecond in which they were made. Lists of names are separated by a space.

-- "FWDB": this is one of our databases. Opening refuses another program's.
PRAGMA application_id = 0x46574442;

CREATE TABLE users (
	id              TEXT    NOT NULL PRIMARY KEY,
	email           TEXT    NOT NULL,
	email_key       TEXT    NOT NULL UNIQUE, -- what addresses are compared by
	email_verified  INTEGER NOT NULL,
	name            TEXT    NOT NULL,
	name_key        TEXT    NOT NULL, -- what names are searched by
	password_hash   TEXT    NOT NULL,
	roles           TEXT    NOT NULL, -- from the least to the most
	generation      INTEGER NOT NULL,
	created_at      TEXT    NOT NULL,
	updated_at      TEXT    NOT NULL,
	last_sign_in_at TEXT,
	disabled_at     TEXT,
	disabled_reason TEXT
) STRICT, WITHOUT ROWID;

-- Staff are few: a list of them must not read all users.
CREATE INDEX users_staff ON users (id) WHERE roles <> 'USER';

CREATE TABLE sessions (
	id         TEXT    NOT NULL PRIMARY KEY,
	user_id    TEXT    NOT NULL REFERENCES users (id),
	counter    INTEGER NOT NULL,
	auth_time  TEXT    NOT NULL,
	ip_address TEXT,
	user_agent TEXT,
	created_at TEXT    NOT NULL,
	renewed_at TEXT    NOT NULL,
	expires_at TEXT    NOT NULL,
	ended_at   TEXT
) STRICT, WITHOUT ROWID;

CREATE INDEX sessions_live ON sessions (user_id, created_at, id) WHERE ended_at IS NULL;

CREATE TABLE signing_keys (
	id         TEXT    NOT NULL PRIMARY KEY,
	generation INTEGER NOT NULL UNIQUE,
	algorithm  TEXT    NOT NULL,
	key_id     TEXT    NOT NULL, -- RFC 7638
	public     BLOB    NOT NULL,
	sealed     BLOB    NOT NULL,
	sealed_by  TEXT    NOT NULL,
	created_at TEXT    NOT NULL,
	signs_from TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE secrets (
	kind       TEXT    NOT NULL,
	version    INTEGER NOT NULL,
	sealed     BLOB    NOT NULL,
	sealed_by  TEXT    NOT NULL,
	created_at TEXT    NOT NULL,
	PRIMARY KEY (kind, version)
) STRICT, WITHOUT ROWID;

-- The journal: rows are only ever added. Whom it tells of may be gone, so that it refers to no other table.
CREATE TABLE events (
	id          TEXT NOT NULL PRIMARY KEY,
	happened_at TEXT NOT NULL,
	action      TEXT NOT NULL,
	actor_id    TEXT,
	subject_id  TEXT,
	session_id  TEXT,
	ip_address  TEXT,
	user_agent  TEXT,
	generation  INTEGER, -- the subject's from now on, where the event raised it
	details     TEXT -- a JSON object
) STRICT, WITHOUT ROWID;

CREATE INDEX events_by_time ON events (happened_at);
