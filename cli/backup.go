package cli

import (
	"context"
	"errors"
	"fmt"
)

// Backup copies the embedded database while servers work on it.
type Backup struct {
	StoreSettings `embed:""`

	File string `arg:"" help:"The new file. Whoever reads it has the hashes of passwords, and no key without the master key." type:"path"`
}

// Help is what --help says besides the flags.
func (Backup) Help() string {
	return "The copy is the database as it is at one moment, whole and on the disk before it has its name. Keep the master key " +
		"elsewhere: without it the copy opens nothing. For PostgreSQL there is pg_dump. How to put a backup back is in " +
		"docs/operations.md."
}

// Run makes the copy.
func (b *Backup) Run(ctx context.Context, t Terminal, h House) error {
	if b.IsPostgres() {
		return errors.New("this is for the embedded database: PostgreSQL has pg_dump, see docs/operations.md")
	}
	if err := h.Backup(ctx, b.StoreSettings, b.File); err != nil {
		return err
	}
	_, _ = fmt.Fprintf(t.Out, "Wrote %s\n", b.File)
	return nil
}
