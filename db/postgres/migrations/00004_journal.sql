-- +goose Up

SET LOCAL statement_timeout = 0;

-- An event is written without a number, with the change that it tells of. Later, once no transaction can come before it
-- any more, it gets the next number and is linked to the one before: see auth/journal. The salt is gone where address
-- and user agent were erased; what was made of them stays, since the hash is over that.
ALTER TABLE events ADD COLUMN number BIGINT;
ALTER TABLE events ADD COLUMN salt BYTEA;
ALTER TABLE events ADD COLUMN client_digest BYTEA;
ALTER TABLE events ADD COLUMN hash BYTEA;

CREATE UNIQUE INDEX events_by_number ON events (number) WHERE number IS NOT NULL;

-- What waits for a number, and what may still grow: both are few, and asked for twice a second.
CREATE INDEX events_waiting ON events (id) WHERE number IS NULL AND tally_key IS NULL;
CREATE INDEX events_growing ON events (happened_at) WHERE tally_key IS NOT NULL;

-- The events that refuse tokens, which each start reads.
CREATE INDEX events_revoking ON events (happened_at)
	WHERE generation IS NOT NULL OR action IN ('SIGNED_OUT', 'SESSION_REVOKED', 'REFRESH_TOKEN_REUSED');

-- The last number given, and the hash of its event; of the beginning, 0 and 32 zero bytes. Whoever gives numbers holds
-- this one row.
CREATE TABLE journal_head (
	id     BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
	number BIGINT NOT NULL,
	hash   BYTEA  NOT NULL
);

INSERT INTO journal_head (id, number, hash) VALUES (1, 0, decode(repeat('00', 32), 'hex'));
