-- +goose Up

-- Where the journal begins since older events were pruned: the last of them, its hash, when the prune began, and how
-- many it has removed. The MAC is over all of these. No row means that nothing was pruned.
CREATE TABLE journal_checkpoint (
	id        INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
	number    INTEGER NOT NULL,
	hash      BLOB    NOT NULL,
	pruned_at TEXT    NOT NULL,
	removed   INTEGER NOT NULL,
	mac       BLOB    NOT NULL
) STRICT;
