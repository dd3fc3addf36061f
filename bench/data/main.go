// Command data fills an empty database with the users, sessions and events of a large server, to measure on. The same
// seed and end make the same rows. It refuses a database that holds any user, session or event.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/fieldward/fieldward/bench/sample"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var c sample.Crowd
	database := flag.String("database", "", "sqlite:FILE or postgres://USER@HOST/NAME; or FIELDWARD_DATABASE")
	until := flag.String("until", "", "the end of the time in which it happened, RFC 3339; by default this hour")
	flag.IntVar(&c.Users, "users", 1_000_000, "how many users")
	flag.IntVar(&c.Sessions, "sessions", 10_000_000, "how many sessions")
	flag.IntVar(&c.Events, "events", 1_000_000, "how many events")
	flag.Uint64Var(&c.Seed, "seed", 1, "what to draw from")
	flag.Parse()
	if err := run(ctx, *database, *until, c); err != nil {
		fmt.Fprintln(os.Stderr, "data:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, database, until string, c sample.Crowd) (err error) {
	if database == "" {
		database = os.Getenv("FIELDWARD_DATABASE") // where others on this machine cannot read a password
	}
	if c.Until, err = end(until); err != nil {
		return err
	}
	if c.Users < 1 || c.Sessions < 0 || c.Events < 0 {
		return fmt.Errorf("%d users, %d sessions and %d events cannot be", c.Users, c.Sessions, c.Events)
	}
	said := func(what string, took time.Duration) {
		_, _ = fmt.Fprintf(os.Stdout, "%-24s %8.1f s\n", what, took.Seconds())
	}
	switch {
	case strings.HasPrefix(database, "sqlite:"):
		return fillSQLite(ctx, strings.TrimPrefix(database, "sqlite:"), c, said)
	case strings.HasPrefix(database, "postgres://"), strings.HasPrefix(database, "postgresql://"):
		return fillPostgres(ctx, database, c, said)
	}
	return errors.New("--database is neither sqlite:FILE nor postgres://USER@HOST/NAME")
}

func end(until string) (time.Time, error) {
	if until == "" {
		return time.Now().UTC().Truncate(time.Hour), nil //nolint:forbidigo // the tool has no server around it
	}
	at, err := time.Parse(time.RFC3339, until)
	if err != nil {
		return at, fmt.Errorf("read --until: %w", err)
	}
	return at.UTC(), nil
}
