// Package postgres opens the store on a PostgreSQL server, through pgx.
//
// Many instances of the program may work on one database. It refuses a server before version 15, a database that does
// not keep UTF-8 or cannot be written, and one with the tables of another program; and to repeat a password that stands
// in the database's URL.
package postgres

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"github.com/fieldward/fieldward/db"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Open opens the database at a URL, postgres://USER:PASSWORD@HOST:PORT/NAME?sslmode=verify-full, with what libpq's
// parameters and environment say beside it (PGPASSFILE, sslrootcert …), and pool_max_conns. It migrates nothing.
// Its errors tell the operator what is wrong, and never hold the URL.
func Open(ctx context.Context, url string) (*db.Store, error) {
	e, err := openEngine(ctx, url)
	if err != nil {
		return nil, err
	}
	return db.New(e), nil
}

// How long the pool holds on to a connection: not for good, so that it finds its way back after a change of servers.
const (
	connectionLifetime = time.Hour
	connectionIdleTime = 5 * time.Minute
)

func openEngine(ctx context.Context, url string) (db.Engine, error) {
	settings, err := parse(url)
	if err != nil {
		return db.Engine{}, err
	}
	renewed := &renewal{idle: settings.connections}
	settings.connection.OnPgError = renewed.keeps
	pool := stdlib.OpenDB(*settings.connection)
	renewed.pool = pool
	pool.SetMaxOpenConns(settings.connections)
	pool.SetMaxIdleConns(settings.connections)
	pool.SetConnMaxLifetime(connectionLifetime)
	pool.SetConnMaxIdleTime(connectionIdleTime)
	if err := recognize(ctx, pool); err != nil {
		return db.Engine{}, errors.Join(settings.describe(err), pool.Close())
	}
	e, err := engine(pool)
	if err != nil {
		return db.Engine{}, errors.Join(err, pool.Close())
	}
	return e, nil
}

// The lease on migrating. Whoever holds it renews it, so that it is free again soon after its holder has died.
const (
	leaseTime     = 30 * time.Second
	leaseRenewal  = 5 * time.Second
	leasePause    = 100 * time.Millisecond
	leaseAttempts = 6000 // ten minutes: a migration of many rows takes its time
)

func engine(pool *sql.DB) (db.Engine, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return db.Engine{}, fmt.Errorf("find the migrations: %w", err)
	}
	applied, err := db.VersionTable(versionTable, versions{})
	if err != nil {
		return db.Engine{}, err
	}
	lease, err := lock.NewPostgresTableLocker(
		lock.WithTableName(leaseTable), lock.WithTableLeaseDuration(leaseTime), lock.WithTableHeartbeatInterval(leaseRenewal),
		lock.WithTableLockTimeout(leasePause, leaseAttempts), lock.WithTableRetryPolicy(isWorthWaiting),
	)
	if err != nil {
		return db.Engine{}, fmt.Errorf("lease the migrations: %w", err)
	}
	return db.Engine{
		Writer:        pool,
		Reader:        pool,
		Migrations:    files,
		Versions:      applied,
		Goose:         []goose.ProviderOption{goose.WithLocker(lease)},
		Hold:          hold,
		Clock:         `clock_timestamp()`,
		RowsAtOnce:    100,
		IsUnavailable: isUnavailable,
		IsTaken:       isTaken,
		IsOvertaken:   isOvertaken,
		IsUnanswered:  isUnanswered,
	}, nil
}
