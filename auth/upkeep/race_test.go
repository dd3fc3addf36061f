package upkeep_test

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/account"
	"github.com/fieldward/fieldward/auth/upkeep"
	"github.com/fieldward/fieldward/db"
	"github.com/fieldward/fieldward/db/postgres"
	"github.com/fieldward/fieldward/db/postgres/postgrestest"
	"github.com/fieldward/fieldward/db/sqlite"
)

// TestOfInstancesThatComeAtOnceOneClears has eight instances, each with connections of its own, come to it at once.
func TestOfInstancesThatComeAtOnceOneClears(t *testing.T) {
	engines := map[string]func(t *testing.T) (open func() (*db.Store, error)){
		"SQLite": func(t *testing.T) func() (*db.Store, error) {
			path := filepath.Join(t.TempDir(), "test.db")
			return func() (*db.Store, error) { return sqlite.Open(t.Context(), path) }
		},
		"PostgreSQL": func(t *testing.T) func() (*db.Store, error) {
			server, err := postgrestest.Start()
			must(t, err)
			url := server.Database(t)
			return func() (*db.Store, error) { return postgres.Open(t.Context(), url) }
		},
	}
	for name, engine := range engines {
		t.Run(name, func(t *testing.T) { oneClears(t, engine(t)) })
	}
}

const (
	instances = 8
	over      = 2*upkeep.Batch + 7
)

func oneClears(t *testing.T, open func() (*db.Store, error)) {
	t.Helper()
	stores := make([]*db.Store, instances)
	for i := range stores {
		s, err := open()
		must(t, err)
		t.Cleanup(func() { must(t, s.Close()) })
		stores[i] = s
	}
	must(t, stores[0].Migrate(t.Context()))
	at := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	live := fill(t, stores[0], at)

	start := make(chan struct{})
	var mu sync.Mutex
	cleared := map[int]int{}
	var all sync.WaitGroup
	for i, s := range stores {
		chores := []upkeep.Chore{{Name: "sessions", Clear: func(ctx context.Context, limit int) (int, error) {
			n, err := s.ForgetSessions(ctx, at, limit)
			mu.Lock()
			defer mu.Unlock()
			cleared[i] += n
			return n, err
		}}}
		all.Go(func() {
			<-start
			upkeep.New(s, chores, func() time.Time { return at }).Round(t.Context(), func(err error) { t.Error(err) })
		})
	}
	close(start)
	all.Wait()
	if len(cleared) != 1 {
		t.Errorf("%d of the instances clear", len(cleared))
	}
	for i, n := range cleared {
		if n != over {
			t.Errorf("instance %d has cleared %d of %d", i, n, over)
		}
	}
	_, _, err := stores[0].Session(t.Context(), live)
	must(t, err)
}

// fill adds users with a session each, of which all but one are over by the time.
func fill(t *testing.T, s *db.Store, at time.Time) (live auth.ID) {
	t.Helper()
	for i := range over + 1 {
		opened := auth.Session{
			ID: auth.NewID(auth.SessionPrefix, at), AuthTime: at, Delivery: auth.InBody, CreatedAt: at, RenewedAt: at,
			ExpiresAt: at.Add(-time.Duration(i) * time.Second),
		}
		u := auth.User{
			ID: auth.NewID(auth.UserPrefix, at), Email: auth.EmailAddress(fmt.Sprintf("user%d@example.org", i)), CreatedAt: at, UpdatedAt: at,
		}
		opened.UserID = u.ID
		if i == 0 {
			live = opened.ID
		}
		must(t, s.AddUser(t.Context(), account.NewUser{User: u, PasswordHash: "hash", Session: &opened}))
	}
	return live
}
