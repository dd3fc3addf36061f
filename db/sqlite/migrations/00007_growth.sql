-- +goose Up

-- Whose sessions they are, live or not: deleting a user must not read everyone's.
CREATE INDEX sessions_by_user ON sessions (user_id, ended_at, id);
DROP INDEX sessions_live;

-- Since when a session is over: those of long ago are cleared away, the oldest first.
CREATE INDEX sessions_over ON sessions (COALESCE(ended_at, expires_at));

-- Both are few.
CREATE INDEX users_disabled ON users (id) WHERE disabled_at IS NOT NULL;
CREATE INDEX events_uncommon ON events (action, id)
	WHERE action NOT IN ('SIGNED_UP', 'SIGNED_IN', 'SIGNED_OUT', 'SIGN_IN_FAILED');

-- What someone did, and what was done to them. A span of time is one of IDs.
CREATE INDEX events_by_actor ON events (actor_id, id) WHERE actor_id IS NOT NULL;
CREATE INDEX events_by_subject ON events (subject_id, id) WHERE subject_id IS NOT NULL;
DROP INDEX events_by_time;

-- With all that is asked for, so that no event is read for it.
DROP INDEX events_revoking;
CREATE INDEX events_revoking ON events (happened_at, action, session_id, subject_id, generation)
	WHERE generation IS NOT NULL OR action IN ('SIGNED_OUT', 'SESSION_REVOKED', 'REFRESH_TOKEN_REUSED');

-- Who does what one instance alone is to do, and until when nobody else may.
CREATE TABLE leases (
	name       TEXT NOT NULL PRIMARY KEY,
	holder     TEXT NOT NULL,
	held_until TEXT NOT NULL
) STRICT, WITHOUT ROWID;
