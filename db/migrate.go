package db

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/pressly/goose/v3"
)

// ErrNewer says that a newer program has migrated the database.
var ErrNewer = errors.New("the database belongs to a newer version of this program")

// Migrate brings the tables up to what this program needs. Several programs may do so at once: each migration is
// applied by one of them. It fails with ErrNewer, and has touched nothing, where the database is ahead of the program.
func (s *Store) Migrate(ctx context.Context) error {
	options := slices.Concat(s.engine.Goose, []goose.ProviderOption{goose.WithDisableGlobalRegistry(true)})
	provider, err := goose.NewProvider(goose.DialectCustom, s.engine.Writer, s.engine.Migrations, options...)
	if err != nil {
		return fmt.Errorf("read the migrations: %w", err)
	}
	version, known, err := provider.GetVersions(ctx)
	switch {
	case err != nil:
		return s.explain("read the database's version", err)
	case version > known:
		return fmt.Errorf("%w: it is at migration %d, the last that is known here is %d: "+
			"start the newer program, or go back to a backup that this one made", ErrNewer, version, known)
	}
	return s.explain("migrate the database", migrate(ctx, provider, version))
}

// migrate applies what is missing. A migration that fails because another program has just applied it was not in vain:
// the version has moved, and the rest is tried again.
func migrate(ctx context.Context, p *goose.Provider, version int64) error {
	for {
		_, failed := p.Up(ctx)
		if failed == nil {
			return nil
		}
		now, _, err := p.GetVersions(ctx)
		if err != nil || now <= version {
			return failed
		}
		version = now
	}
}
