package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
)

// Migrate brings a database's tables up to date, or moves all rows to another database.
type Migrate struct {
	StoreSettings `embed:""`

	DryRun bool   `help:"Say what is pending, and change nothing: no file is made, and no table." env:"-"`
	From   string `help:"Move the rows of this database, sqlite:FILE or postgres://USER@HOST/NAME, into the one of --to." placeholder:"DATABASE"`
	To     string `help:"The database that the rows are moved into. It must be empty; its tables are made." placeholder:"DATABASE"`
}

// Migrations are how far the tables of a database are. They are named as their files, and in order.
type Migrations struct {
	Applied []string // of those that this program knows
	Pending []string
	Newer   []int64 // the numbers of those that it does not know, and lives with
}

// Moved is what came of a move.
type Moved struct {
	Tables []MovedTable
	// SealedBy is the fingerprint of the master key that seals what was moved; empty where nothing is sealed.
	SealedBy string
}

// MovedTable is a table, with how many rows were read and how many there are in the other database.
type MovedTable struct {
	Name          string
	Read, Written int64
}

// Help is what --help says besides the flags.
func (Migrate) Help() string {
	return `Servers migrate by themselves when they start, unless --no-migrate is given: then this does it, as a user who may make
tables. Migrations only go forward. Each only adds, so that the servers of the version before go on meanwhile; one that
does more has a number from 10001 on, and those servers refuse the database.

With --from and --to all rows move to another database, in one transaction: an interrupted move leaves the other one
empty, and can be begun again. Stop the servers first: it refuses a database that one works on, and one that holds rows.
The first database is left as it was. Others on this machine can read a password in a flag: put the databases into
FIELDWARD_FROM and FIELDWARD_TO, or the password into a file that PGPASSFILE names.`
}

// Validate names every problem.
func (m *Migrate) Validate() error {
	problems := []error{m.StoreSettings.Validate()}
	wrong := func(bad bool, message string) {
		if bad {
			problems = append(problems, errors.New(message))
		}
	}
	const unknown = ": it is neither sqlite:FILE nor postgres://USER@HOST/NAME" // what it is may hold a password
	wrong(m.From != "" && StoreSettings{Database: m.From}.Validate() != nil, "--from"+unknown)
	wrong(m.To != "" && StoreSettings{Database: m.To}.Validate() != nil, "--to"+unknown)
	moves := m.From != "" || m.To != ""
	wrong(moves && (m.From == "" || m.To == ""), "--from and --to belong together")
	wrong(moves && m.From == m.To, "--from and --to are the same database")
	wrong(moves && m.DryRun, "--dry-run says what is pending, and nothing of a move")
	return errors.Join(problems...)
}

// Run does it, and says what was done.
func (m *Migrate) Run(ctx context.Context, t Terminal, h House) error {
	switch {
	case m.From != "":
		return m.move(ctx, t, h)
	case m.DryRun:
		now, err := h.Migrations(ctx, m.StoreSettings)
		if err != nil {
			return err
		}
		return tellMigrations(t.Out, "Pending", now.Pending, now)
	}
	applied, now, err := h.Migrate(ctx, m.StoreSettings)
	if err != nil {
		for _, name := range applied {
			_, _ = fmt.Fprintln(t.Out, "Applied", name)
		}
		return err
	}
	return tellMigrations(t.Out, "Applied", applied, now)
}

// tellMigrations prints some of the migrations, and how far the database is.
func tellMigrations(out io.Writer, what string, some []string, now Migrations) error {
	var told []string
	for _, name := range some {
		told = append(told, what+" "+name)
	}
	all := len(now.Applied) + len(now.Pending)
	if len(now.Pending) > 0 {
		told = append(told, fmt.Sprintf("%d of %d migrations are pending", len(now.Pending), all))
	} else {
		told = append(told, fmt.Sprintf("The database has all %d migrations", all))
	}
	if len(now.Newer) > 0 {
		told = append(told, fmt.Sprintf("and %d of a newer version, which this one can live with", len(now.Newer)))
	}
	_, err := fmt.Fprintln(out, strings.Join(told, "\n"))
	return err
}

func (m *Migrate) move(ctx context.Context, t Terminal, h House) error {
	told := time.Now()
	moved, err := h.Move(ctx, StoreSettings{Database: m.From}, StoreSettings{Database: m.To}, func(table string, rows int64) {
		if time.Since(told) >= tellEvery {
			told = time.Now()
			_, _ = fmt.Fprintf(t.Err, "fieldward: %s: %d rows so far\n", table, rows)
		}
	})
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return errors.New("interrupted: nothing was moved")
	}
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(t.Out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "TABLE\tROWS\tCOPIED")
	for _, one := range moved.Tables {
		_, _ = fmt.Fprintf(table, "%s\t%d\t%d\n", one.Name, one.Read, one.Written)
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("print what was moved: %w", err)
	}
	_, _ = fmt.Fprintln(t.Out, "The other database holds everything; this one is as it was, and no server should write it any more.")
	if moved.SealedBy != "" {
		_, _ = fmt.Fprintf(t.Out, "Its keys are sealed with the master key %s: start the servers with that one.\n", moved.SealedBy)
	}
	return nil
}
