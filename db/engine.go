package db

import (
	"database/sql"
	"io/fs"

	"github.com/pressly/goose/v3"
)

// Engine is what is different about a database: its connections, its tables as it wants them declared, and what its
// errors mean. The queries are the same for all.
type Engine struct {
	// Writer runs every change. A transaction that it begins holds what it takes to write from its first statement
	// on, or settles its races some other way: it never fails because someone else was first.
	Writer *sql.DB
	// Reader runs every query outside of a change, and sees each change as soon as it has succeeded. It may be the
	// Writer.
	Reader *sql.DB
	// Migrations are goose's files, from 00001 on, at the top of the file system.
	Migrations fs.FS
	// Goose are the options with which goose finds out, and notes down, which migrations have been applied. They
	// include goose.WithStore, and see to it that no migration is applied twice by programs that start at once.
	Goose []goose.ProviderOption
	// IsUnavailable tells that the statement failed for a reason that passes without the caller's doing: the database
	// is locked, full, or cannot be reached.
	IsUnavailable func(error) bool
}
