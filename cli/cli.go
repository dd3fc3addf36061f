// Package cli is the command line: what can be asked for, with the help text that a user reads, and what is said back.
// It opens nothing itself: it is handed the house, a struct of functions.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/alecthomas/kong"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/account"
	"github.com/fieldward/fieldward/auth/journal"
	"github.com/fieldward/fieldward/auth/keyring"
)

// House is what the commands ask of the program.
type House struct {
	// Serve runs the server until ctx ends, and drains it. Once it listens, and before it answers, it calls first, which
	// may be nil.
	Serve func(ctx context.Context, s ServeSettings, first First) error
	// Accounts opens the accounts of a database; done closes it.
	Accounts func(ctx context.Context, s StoreSettings) (accounts *account.Manager, done func() error, err error)
	// Permissions is who may see what of the schema, as Markdown.
	Permissions func() string
	// Schema is the schema as text: what the roles see, or all of it where there are none, with the rules if asked.
	Schema func(roles []string, rules bool) (string, error)
	// Explain is, as text, what would become of each operation of a document; variables are nil where they are not known.
	Explain func(name, document string, variables map[string]any, c auth.Caller) (string, error)
	// Keys opens the signing keys of a database; done closes it.
	Keys func(ctx context.Context, s StoreSettings) (keys *keyring.Keyring, done func() error, err error)
	// Journal opens the journal of a database that is there already; done closes it.
	Journal func(ctx context.Context, s StoreSettings) (j *journal.Journal, done func() error, err error)
	// Migrations tells how far a database is, and changes nothing.
	Migrations func(ctx context.Context, s StoreSettings) (Migrations, error)
	// Migrate brings a database up to date, names what it has applied, where it fails too, and tells how far it is now.
	Migrate func(ctx context.Context, s StoreSettings) (applied []string, now Migrations, err error)
	// Move copies all rows of a database into an empty one, in one transaction, and calls tell now and then.
	Move func(ctx context.Context, from, to StoreSettings, tell func(table string, rows int64)) (Moved, error)
	// Backup copies an embedded database to a new file.
	Backup func(ctx context.Context, s StoreSettings, file string) error
}

// First is what a command does with the accounts of a server that is about to answer.
type First func(context.Context, *account.Manager) error

// Terminal is where the program reads and writes.
type Terminal struct {
	In       *os.File
	Out, Err io.Writer
}

// commands are all commands; each is a file.
type commands struct {
	Serve       Serve       `cmd:"" default:"withargs" help:"Run the server; on an embedded database unless told otherwise."`
	Demo        Demo        `cmd:"" help:"Run the server on a throw-away database, with three accounts."`
	User        User        `cmd:"" help:"Add, list, import and change users."`
	Sessions    Sessions    `cmd:"" help:"End sessions."`
	Schema      Schema      `cmd:"" help:"Print the schema, or what of it a role sees."`
	Keys        Keys        `cmd:"" help:"List, rotate, revoke and reseal the signing keys."`
	Audit       Audit       `cmd:"" help:"Verify and prune the journal of audit events."`
	Migrate     Migrate     `cmd:"" help:"Bring the database's tables up to date, or move everything to another database."`
	Backup      Backup      `cmd:"" help:"Copy the embedded database, while servers work on it."`
	Version     Version     `cmd:"" help:"Say which version this is."`
	Permissions Permissions `cmd:"" help:"Print who may see what of the schema."`
	Explain     Explain     `cmd:"" help:"Say what a caller's claims make of an operation."`
}

// environmentPrefix begins the name of each flag's environment variable: FIELDWARD_LISTEN.
const environmentPrefix = "FIELDWARD"

// The exit codes.
const (
	exitDone     = 0
	exitFailed   = 1
	exitWrongUse = 2
)

const description = "Fieldward is a GraphQL API server in which every field states, in the schema, which claims open it."

// Run does what the arguments say, and returns the exit code: 0, 1 for a failure, 2 for wrong use.
func Run(ctx context.Context, args []string, t Terminal, h House) int {
	exited := -1
	parser, err := kong.New(&commands{},
		kong.Name("fieldward"),
		kong.Description(description),
		kong.DefaultEnvars(environmentPrefix),
		kong.Resolvers(&configFile{}),
		kong.Writers(t.Out, t.Err),
		kong.Exit(func(code int) { exited = code }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(t, h),
	)
	if err != nil {
		return fail(t, exitFailed, fmt.Errorf("read the commands: %w", err))
	}
	parsed, err := parser.Parse(args)
	if exited >= 0 { // --help
		return exited
	}
	if err != nil {
		if wrong, found := errors.AsType[*configError](err); found {
			err = wrong
		}
		_, _ = fmt.Fprintln(t.Err, "See fieldward --help.")
		return fail(t, exitWrongUse, err)
	}
	if err := parsed.Run(); err != nil {
		if _, wrong := errors.AsType[*wrongUseError](err); wrong {
			return fail(t, exitWrongUse, err)
		}
		return fail(t, exitFailed, err)
	}
	return exitDone
}

// wrongUseError is a command that cannot be done as it was asked for.
type wrongUseError struct{ message string }

// Error is the message.
func (e *wrongUseError) Error() string { return e.message }

func fail(t Terminal, code int, err error) int {
	for _, line := range lines(err) {
		_, _ = fmt.Fprintln(t.Err, "fieldward:", line)
	}
	return code
}

// lines are the messages of an error that is several.
func lines(err error) []string {
	if several, ok := errors.AsType[auth.Errors](err); ok {
		var all []string
		for _, one := range several {
			all = append(all, one.Message)
		}
		return all
	}
	if known, ok := errors.AsType[*auth.Error](err); ok && known.Code != auth.Unavailable {
		return []string{known.Message}
	}
	if several, ok := err.(interface{ Unwrap() []error }); ok {
		var all []string
		for _, one := range several.Unwrap() {
			all = append(all, lines(one)...)
		}
		return all
	}
	return []string{err.Error()}
}
