-- +goose Up

SET LOCAL statement_timeout = 0;

-- What is tried by those who guess, and how often of late. What is counted, and for whom, is in the key alone: a SHA-256.
CREATE TABLE tallies (
	tally_key  BYTEA       NOT NULL PRIMARY KEY,
	tally      BIGINT      NOT NULL,
	since      TIMESTAMPTZ NOT NULL,
	counted_at TIMESTAMPTZ NOT NULL
);

CREATE INDEX tallies_by_time ON tallies (counted_at);

-- An event with a tally_key stands for several of a minute, and its tally grows within that minute. Such an event is
-- whole, and may be numbered, when the minute is over; taking its tally_key away then makes it as final as the others.
ALTER TABLE events ADD COLUMN tally_key BYTEA;
ALTER TABLE events ADD COLUMN tally BIGINT;

CREATE UNIQUE INDEX events_by_tally_key ON events (tally_key) WHERE tally_key IS NOT NULL;
