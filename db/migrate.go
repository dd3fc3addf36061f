package db

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/pressly/goose/v3"
)

// ErrNewer says that a newer program has changed the database in a way that this one cannot live with.
var ErrNewer = errors.New("the database belongs to a newer version of this program")

// compatible is how many migrations, by their numbers, programs can live with that do not know them. A migration only
// adds: tables, indexes, and columns that may be left out. One that does more begins the next ten thousand, at 10001.
const compatible = 10000

// Migrations are how far the tables of a database are. They are named as their files, 00004_journal, and in order.
type Migrations struct {
	// Applied are those that the database has, of the ones that this program knows.
	Applied []string
	// Pending are those that it lacks.
	Pending []string
	// Newer are the numbers of those that only a newer program knows.
	Newer []int64

	last int64 // the last that this program knows
}

// check fails with ErrNewer where one of the newer migrations did more than add.
func (m Migrations) check() error {
	for _, version := range m.Newer {
		if version/compatible > m.last/compatible {
			return fmt.Errorf("%w: it is at migration %d, the last that is known here is %d: "+
				"start the newer program, or go back to a backup that this one made", ErrNewer, version, m.last)
		}
	}
	return nil
}

// RequireAll fails where a migration is pending, and says what to do.
func (m Migrations) RequireAll() error {
	if len(m.Pending) == 0 {
		return m.check()
	}
	return fmt.Errorf("the database lacks the migrations %s: run fieldward migrate on it, as a user who may make tables",
		strings.Join(m.Pending, ", "))
}

// Migrations tells how far the tables are, and changes nothing.
func (s *Store) Migrations(ctx context.Context) (Migrations, error) {
	provider, err := s.provider()
	if err != nil {
		return Migrations{}, err
	}
	applied, err := s.applied(ctx)
	if err != nil {
		return Migrations{}, s.explain("read the database's version", err)
	}
	var m Migrations
	for _, known := range provider.ListSources() {
		name := strings.TrimSuffix(path.Base(known.Path), ".sql")
		if _, found := applied[known.Version]; found {
			m.Applied = append(m.Applied, name)
		} else {
			m.Pending = append(m.Pending, name)
		}
		delete(applied, known.Version)
		m.last = known.Version
	}
	for version := range applied {
		m.Newer = append(m.Newer, version)
	}
	slices.Sort(m.Newer)
	return m, nil
}

// applied are the numbers of the migrations that the database has.
func (s *Store) applied(ctx context.Context) (map[int64]struct{}, error) {
	all := map[int64]struct{}{}
	exists, err := s.engine.Versions.TableExists(ctx, s.engine.Reader)
	if err != nil || !exists {
		return all, err
	}
	found, err := s.engine.Versions.ListMigrations(ctx, s.engine.Reader)
	if err != nil {
		return nil, err
	}
	for _, m := range found {
		if m.Version > 0 { // 0 comes with the table
			all[m.Version] = struct{}{}
		}
	}
	return all, nil
}

func (s *Store) provider() (*goose.Provider, error) {
	options := slices.Concat(s.engine.Goose, []goose.ProviderOption{
		goose.WithStore(s.engine.Versions), goose.WithDisableGlobalRegistry(true),
	})
	provider, err := goose.NewProvider(goose.DialectCustom, s.engine.Writer, s.engine.Migrations, options...)
	if err != nil {
		return nil, fmt.Errorf("read the migrations: %w", err)
	}
	return provider, nil
}

// Migrate brings the tables up to what this program needs. Several programs may do so at once: each migration is
// applied by one of them. Where none is pending it writes nothing. It fails with ErrNewer, and has touched nothing,
// where the database is too far ahead of the program.
func (s *Store) Migrate(ctx context.Context) error {
	_, err := s.Upgrade(ctx)
	return err
}

// Upgrade is Migrate, and names the migrations that this call has applied, where it fails too.
func (s *Store) Upgrade(ctx context.Context) (applied []string, err error) {
	m, err := s.Migrations(ctx)
	if err == nil {
		err = m.check()
	}
	if err != nil || len(m.Pending) == 0 {
		return nil, err
	}
	provider, err := s.provider()
	if err != nil {
		return nil, err
	}
	applied, err = s.up(ctx, provider, len(m.Pending))
	return applied, s.explain("migrate the database", err)
}

// up applies what is missing. A migration that fails because another program has just applied it was not in vain:
// fewer are missing, and the rest is tried again.
func (s *Store) up(ctx context.Context, p *goose.Provider, missing int) (applied []string, err error) {
	for {
		done, failed := p.Up(ctx)
		if partial, ok := errors.AsType[*goose.PartialError](failed); ok {
			done = partial.Applied
		}
		for _, d := range done {
			applied = append(applied, strings.TrimSuffix(path.Base(d.Source.Path), ".sql"))
		}
		if failed == nil {
			return applied, nil
		}
		now, err := s.Migrations(ctx)
		if err != nil || len(now.Pending) >= missing {
			return applied, failed
		}
		missing = len(now.Pending)
	}
}
