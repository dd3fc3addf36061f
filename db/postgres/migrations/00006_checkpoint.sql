-- +goose Up

SET LOCAL statement_timeout = 0;

-- Where the journal begins since older events were pruned: the last of them, its hash, when the prune began, and how
-- many it has removed. The MAC is over all of these. No row means that nothing was pruned.
CREATE TABLE journal_checkpoint (
	id        BIGINT      NOT NULL PRIMARY KEY CHECK (id = 1),
	number    BIGINT      NOT NULL,
	hash      BYTEA       NOT NULL,
	pruned_at TIMESTAMPTZ NOT NULL,
	removed   BIGINT      NOT NULL,
	mac       BYTEA       NOT NULL
);
