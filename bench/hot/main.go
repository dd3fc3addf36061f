// Command hot times what a server asks its database most, on one that bench/data has filled. It needs the same numbers,
// seed and end as that. It opens and moves sessions of the sample: run it on what is thrown away.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/session"
	"github.com/fieldward/fieldward/bench/sample"
	"github.com/fieldward/fieldward/db"
	"github.com/fieldward/fieldward/db/postgres"
	"github.com/fieldward/fieldward/db/sqlite"
)

func main() {
	var c sample.Crowd
	database := flag.String("database", "", "sqlite:FILE or postgres://USER@HOST/NAME; or FIELDWARD_DATABASE")
	until := flag.String("until", "", "the end of the sample, RFC 3339")
	calls := flag.Int("calls", 2000, "how often each is asked")
	flag.IntVar(&c.Users, "users", 1_000_000, "how many users there are")
	flag.IntVar(&c.Sessions, "sessions", 10_000_000, "how many sessions there are")
	flag.IntVar(&c.Events, "events", 1_000_000, "how many events there are")
	flag.Uint64Var(&c.Seed, "seed", 1, "what the sample was drawn from")
	flag.Parse()
	if *database == "" {
		*database = os.Getenv("FIELDWARD_DATABASE")
	}
	if err := run(context.Background(), *database, *until, c, *calls); err != nil {
		fmt.Fprintln(os.Stderr, "hot:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, database, until string, c sample.Crowd, calls int) (err error) {
	if c.Until, err = time.Parse(time.RFC3339, until); err != nil {
		return fmt.Errorf("read --until: %w", err)
	}
	var s *db.Store
	if path, ok := strings.CutPrefix(database, "sqlite:"); ok {
		s, err = sqlite.Open(ctx, path)
	} else {
		s, err = postgres.Open(ctx, database)
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	a := asker{store: s, crowd: c, chance: rand.New(rand.NewPCG(c.Seed, 0))} //nolint:gosec // it is to be the same each time
	_, _ = fmt.Fprintf(os.Stdout, "%-36s %10s %10s %10s %10s\n", "µs", "10 %", "median", "90 %", "99 %")
	for _, q := range a.questions() {
		if err := a.time(ctx, q, calls); err != nil {
			return fmt.Errorf("%s: %w", q.name, err)
		}
	}
	return nil
}

// asker asks about rows by chance.
type asker struct {
	store  *db.Store
	crowd  sample.Crowd
	chance *rand.Rand
}

type question struct {
	name string
	ask  func(ctx context.Context, user int, s auth.Session) error
}

func (a asker) questions() []question {
	s := a.store
	return []question{
		{"a user by ID", func(ctx context.Context, user int, _ auth.Session) error {
			_, err := s.User(ctx, a.crowd.UserID(user))
			return err
		}},
		{"a user and password by address", func(ctx context.Context, user int, _ auth.Session) error {
			_, _, err := s.Credentials(ctx, sample.Email(user).Key())
			return err
		}},
		{"a session and its user", func(ctx context.Context, _ int, of auth.Session) error {
			_, _, err := s.Session(ctx, of.ID)
			return err
		}},
		{"the live sessions of a user", func(ctx context.Context, user int, _ auth.Session) error {
			_, err := s.Sessions(ctx, a.crowd.UserID(user), a.crowd.Until, auth.Page{Limit: 50})
			return err
		}},
		{"a page of 20 users", func(ctx context.Context, user int, _ auth.Session) error {
			_, err := s.Users(ctx, auth.UserFilter{}, auth.Page{Limit: 20, Beyond: a.crowd.UserID(user)})
			return err
		}},
		{"what was done to a user, 20 events", func(ctx context.Context, user int, _ auth.Session) error {
			id := a.crowd.UserID(user)
			_, err := s.Events(ctx, auth.EventFilter{SubjectID: &id}, auth.Page{Limit: 20})
			return err
		}},
		{"a refresh", a.advance},
		{"a session opened", a.open},
	}
}

func (a asker) advance(ctx context.Context, _ int, s auth.Session) error {
	err := a.store.Advance(ctx, session.Advance{SessionID: s.ID, From: s.Counter, To: s.Counter + 1, At: a.crowd.Until, Client: s.Client})
	if errors.Is(err, session.ErrSpent) { // it has ended, or was moved before
		return nil
	}
	return err
}

func (a asker) open(ctx context.Context, user int, like auth.Session) error {
	at, u := a.crowd.Until, a.crowd.User(user)
	if u.Disabled() {
		return nil
	}
	like.ID, like.UserID, like.CreatedAt, like.EndedAt = auth.NewID(auth.SessionPrefix, at), u.ID, at, nil
	_, err := a.store.Open(ctx, session.Opening{
		Session: like, Event: session.Event(auth.SignedIn, like, like.Client, at), PasswordHash: sample.PasswordHash, Limit: 50,
		CrowdedOut: func(id auth.ID) auth.Event {
			return session.Event(auth.SessionRevoked, auth.Session{ID: id, UserID: u.ID}, like.Client, at)
		},
	})
	return err
}

// time asks so often, and says how long that takes.
func (a asker) time(ctx context.Context, q question, calls int) error {
	took := make([]time.Duration, calls)
	for i := range took {
		user, s := a.chance.IntN(a.crowd.Users), a.crowd.Session(a.chance.IntN(a.crowd.Sessions))
		began := time.Now() //nolint:forbidigo // the tool has no server around it
		if err := q.ask(ctx, user, s); err != nil {
			return err
		}
		took[i] = time.Since(began)
	}
	slices.Sort(took)
	at := func(percent int) float64 { return float64(took[(calls-1)*percent/100].Nanoseconds()) / 1e3 }
	_, err := fmt.Fprintf(os.Stdout, "%-36s %10.0f %10.0f %10.0f %10.0f\n", q.name, at(10), at(50), at(90), at(99))
	return err
}
