package sqlite

import (
	"context"
	"errors"
	"slices"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// is reports whether err is SQLite's, with one of the primary codes (https://www.sqlite.org/rescode.html).
func is(err error, codes ...int) bool {
	e, ok := errors.AsType[*sqlite.Error](err)
	return ok && slices.Contains(codes, e.Code()&0xff)
}

// isUnavailable tells of what passes without a change to the program or the data: another writer is slow, the disk is
// full, away or read-only, memory is short.
func isUnavailable(err error) bool {
	return is(err,
		sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL,
		sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY,
		sqlite3.SQLITE_NOMEM)
}

// isTaken tells of a row that has the value already (https://www.sqlite.org/rescode.html#constraint_unique).
func isTaken(err error) bool {
	e, ok := errors.AsType[*sqlite.Error](err)
	return ok && (e.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE || e.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY)
}

// isCutOff tells of a statement whose time was up: the driver says so then even of one that has just succeeded.
func isCutOff(err error) bool { return errors.Is(err, context.DeadlineExceeded) }

func never(error) bool { return false }
