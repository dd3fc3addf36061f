package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"
	"github.com/pressly/goose/v3/database/dialect"
)

// Engine is what is different about a database: its connections, its tables as it wants them declared, and what its
// errors mean. The queries are the same for all.
type Engine struct {
	// Writer runs every change. A transaction that it begins holds what it takes to write from its first statement
	// on, or else fails with what IsOvertaken knows where someone else was first.
	Writer *sql.DB
	// Reader runs every query outside of a change, and sees each change as soon as it has succeeded. It may be the
	// Writer.
	Reader *sql.DB
	// Migrations are goose's files, from 00001 on, at the top of the file system.
	Migrations fs.FS
	// Versions remembers which migrations have been applied.
	Versions database.StoreExtender
	// Goose are options that see to it that no migration is applied twice by programs that start at once.
	Goose []goose.ProviderOption
	// Clock is the expression with which the database tells its time. It is empty where that is the program's own: the
	// database is in the same process.
	Clock string
	// RowsAtOnce is how many rows are best written with one statement, where each has values of its own: 1, 10 or 100.
	// The more, the fewer round trips, and the more values that the engine has to tell apart.
	RowsAtOnce int
	// Hold keeps everybody else from changing the tables until the transaction ends, however long that takes.
	Hold func(ctx context.Context, tx *sql.Tx, tables []string) error
	// IsUnavailable tells that the statement failed for a reason that passes without the caller's doing: the database
	// is locked, full, or cannot be reached.
	IsUnavailable func(error) bool
	// IsTaken tells that the statement failed because another row has the value that may stand in one row alone.
	IsTaken func(error) bool
	// IsOvertaken tells that the transaction came to nothing because another one was in its way, and that it may
	// succeed when it is begun anew.
	IsOvertaken func(error) bool
	// IsUnanswered tells that the database has not said what came of the statement: it may have been done, or not.
	IsUnanswered func(error) bool
}

// VersionTable is the table of applied migrations, by an engine's SQL for it.
func VersionTable(name string, statements dialect.QuerierExtender) (database.StoreExtender, error) {
	table, err := database.NewStoreFromQuerier(name, statements)
	if err != nil {
		return nil, fmt.Errorf("name the table of versions: %w", err)
	}
	extended, ok := table.(database.StoreExtender)
	if !ok {
		return nil, errors.New("the table of versions cannot be looked for: goose is another than it was")
	}
	return extended, nil
}
