package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"text/tabwriter"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/account"
)

// Demo runs the server on a throw-away database.
type Demo struct {
	Listen string `help:"Loopback address to listen on." default:"localhost:8080" placeholder:"HOST:PORT"`
}

// Validate refuses an address that others can reach: the demo's accounts are for its starter alone.
func (d *Demo) Validate() error {
	host, _, err := net.SplitHostPort(d.Listen)
	if err != nil {
		return fmt.Errorf("--listen: %q is not HOST:PORT", d.Listen)
	}
	if !isLoopback(host) {
		return fmt.Errorf("--listen: %s is not a loopback address", host)
	}
	return nil
}

// Run serves, with accounts that it makes and prints once it listens, and removes the database.
func (d *Demo) Run(ctx context.Context, t Terminal, h House) (err error) {
	folder, err := os.MkdirTemp("", "fieldward-demo-")
	if err != nil {
		return fmt.Errorf("make a folder for the demo: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	settings, err := DefaultServeSettings()
	if err != nil {
		return err
	}
	settings.Listen = d.Listen
	settings.Issuer = "http://" + d.Listen
	settings.Database = sqliteScheme + filepath.Join(folder, "fieldward.db")
	settings.OwnMasterKey = true
	return h.Serve(ctx, settings, func(ctx context.Context, accounts *account.Manager) error {
		return addDemoAccounts(ctx, t, accounts)
	})
}

func addDemoAccounts(ctx context.Context, t Terminal, accounts *account.Manager) error {
	_, _ = fmt.Fprintln(t.Out, "Three accounts, gone with the demo:")
	table := tabwriter.NewWriter(t.Out, 0, 0, 3, ' ', 0)
	for _, a := range []account.Details{
		{Email: "user@demo.example", Name: "Uma User", Roles: []auth.Role{auth.RoleUser}},
		{Email: "support@demo.example", Name: "Sam Support", Roles: []auth.Role{auth.RoleUser, auth.RoleSupport}},
		{Email: "admin@demo.example", Name: "Ada Admin", Roles: []auth.Role{auth.RoleUser, auth.RoleAdmin}},
	} {
		a.Password = auth.Secret(rand.Text())
		if _, err := accounts.Create(ctx, account.Operator, a); err != nil {
			return err
		}
		_, _ = fmt.Fprintf(table, "  %s\t%s\t%s\n", a.Roles[len(a.Roles)-1], a.Email, a.Password.Reveal())
	}
	return table.Flush()
}
