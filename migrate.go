package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/fieldward/fieldward/auth/keyring"
	"github.com/fieldward/fieldward/cli"
	"github.com/fieldward/fieldward/db"
	"github.com/fieldward/fieldward/db/move"
	"github.com/fieldward/fieldward/db/postgres"
	"github.com/fieldward/fieldward/db/sqlite"
)

// opener opens the tables of a database, for which no master key is needed.
type opener struct {
	file, server func(ctx context.Context, at string) (*db.Store, error)
}

func (o opener) open(ctx context.Context, s cli.StoreSettings) (*db.Store, error) {
	if s.IsPostgres() {
		return o.server(ctx, s.Database)
	}
	return o.file(ctx, s.SQLiteFile())
}

// openTables opens a database as a server does.
func openTables(ctx context.Context, s cli.StoreSettings) (*db.Store, error) {
	return opener{sqlite.Open, postgres.Open}.open(ctx, s)
}

// openMigrated is openTables of a database that has every migration: of one that has not, it makes nothing.
func openMigrated(ctx context.Context, s cli.StoreSettings) (*db.Store, error) {
	store, err := opener{sqlite.Inspect, postgres.Open}.open(ctx, s)
	if err != nil {
		return nil, err
	}
	now, err := store.Migrations(ctx)
	if err := errors.Join(err, store.Close()); err != nil {
		return nil, err
	}
	if err := now.RequireAll(); err != nil {
		return nil, err
	}
	return openTables(ctx, s)
}

// ready brings the tables up to date, where it may. It doubts what a newer program has added.
func ready(ctx context.Context, store *db.Store, s cli.ServeSettings) (doubts []string, err error) {
	if !s.NoMigrate {
		if err := store.Migrate(ctx); err != nil {
			return nil, err
		}
	}
	now, err := store.Migrations(ctx)
	if err != nil {
		return nil, err
	}
	if len(now.Newer) > 0 {
		doubts = append(doubts, fmt.Sprintf("a newer version has added %d migrations to the database: this one lives with them", len(now.Newer)))
	}
	return doubts, nil
}

// migrations tells how far a database is, and changes nothing.
func migrations(ctx context.Context, s cli.StoreSettings) (now cli.Migrations, err error) {
	store, err := opener{sqlite.Inspect, postgres.Open}.open(ctx, s)
	if err != nil {
		return now, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	return howFar(ctx, store)
}

func howFar(ctx context.Context, store *db.Store) (cli.Migrations, error) {
	m, err := store.Migrations(ctx)
	return cli.Migrations{Applied: m.Applied, Pending: m.Pending, Newer: m.Newer}, err
}

// migrate brings a database up to date.
func migrate(ctx context.Context, s cli.StoreSettings) (applied []string, now cli.Migrations, err error) {
	store, err := openTables(ctx, s)
	if err != nil {
		return nil, now, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	if applied, err = store.Upgrade(ctx); err != nil {
		return applied, now, err
	}
	now, err = howFar(ctx, store)
	return applied, now, err
}

// moveHouse copies all rows of a database that nobody works on into an empty one.
func moveHouse(ctx context.Context, from, to cli.StoreSettings, tell func(table string, rows int64)) (moved cli.Moved, err error) {
	source, err := opener{sqlite.OpenAlone, postgres.OpenAlone}.open(ctx, from)
	if err != nil {
		return moved, err
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	target, err := openTables(ctx, to)
	if err != nil {
		return moved, err
	}
	defer func() { err = errors.Join(err, target.Close()) }()
	tables, err := move.All(ctx, source, target, tell)
	if err != nil {
		return moved, err
	}
	for _, t := range tables {
		moved.Tables = append(moved.Tables, cli.MovedTable{Name: t.Table, Read: t.Read, Written: t.Written})
	}
	moved.SealedBy, _, err = keyring.SealedBy(ctx, source)
	return moved, err
}

// backUp copies the embedded database.
func backUp(ctx context.Context, s cli.StoreSettings, file string) error {
	return sqlite.Backup(ctx, s.SQLiteFile(), file)
}
