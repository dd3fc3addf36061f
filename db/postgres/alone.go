package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/fieldward/fieldward/db"
)

// OpenAlone is Open for who needs the database for themselves. It fails where a server works on it: another connection
// that calls itself as this one, or as the program does.
func OpenAlone(ctx context.Context, url string) (*db.Store, error) {
	e, err := openEngine(ctx, url)
	if err != nil {
		return nil, err
	}
	e.Writer.SetMaxOpenConns(1) // the others that are found are not our own
	if err := isAlone(ctx, e.Writer); err != nil {
		return nil, errors.Join(err, e.Writer.Close())
	}
	return db.New(e), nil
}

func isAlone(ctx context.Context, pool *sql.DB) error {
	const others = `
		SELECT current_database(), COUNT(*)
		FROM pg_stat_activity
		WHERE datname = current_database() AND pid <> pg_backend_pid()
		  AND (application_name = current_setting('application_name') OR application_name LIKE '` + applicationName + `%')`
	var name string
	var n int
	err := pool.QueryRowContext(ctx, others).Scan(&name, &n)
	switch {
	case err != nil:
		return fmt.Errorf("look who works on the database: %w", err)
	case n > 0:
		return fmt.Errorf("a server works on the database %q (it has %d connections): stop it first", name, n)
	}
	return nil
}

// hold waits for those who write, keeps others from writing, and lets them read. The limits of a query do not hold for
// what may take hours.
func hold(ctx context.Context, tx *sql.Tx, tables []string) error {
	for _, statement := range []string{
		`SET LOCAL statement_timeout = 0`,
		`SET LOCAL idle_in_transaction_session_timeout = 0`,
		`SET LOCAL lock_timeout = '10s'`,
		`LOCK TABLE ` + strings.Join(tables, `, `) + ` IN EXCLUSIVE MODE`,
	} {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}
