package main_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/account"
	data "github.com/fieldward/fieldward/bench/data"
	"github.com/fieldward/fieldward/bench/sample"
	"github.com/fieldward/fieldward/db"
	"github.com/fieldward/fieldward/db/postgres"
	"github.com/fieldward/fieldward/db/postgres/postgrestest"
	"github.com/fieldward/fieldward/db/sqlite"
)

func TestDatabaseIsFilledWithWhatTheSeedSays(t *testing.T) {
	server, err := postgrestest.Start()
	must(t, err)
	file, url := filepath.Join(t.TempDir(), "data.db"), server.Empty(t)
	engines := map[string]func(context.Context) (*db.Store, error){
		"sqlite:" + file: func(ctx context.Context) (*db.Store, error) { return sqlite.Open(ctx, file) },
		url:              func(ctx context.Context) (*db.Store, error) { return postgres.Open(ctx, url) },
	}
	c := sample.Crowd{Users: 300, Sessions: 2000, Events: 1000, Seed: 7, Until: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)}
	for database, open := range engines {
		name, _, _ := strings.Cut(database, ":")
		t.Run(name, func(t *testing.T) {
			must(t, data.Run(t.Context(), database, c.Until.Format(time.RFC3339), c))
			s, err := open(t.Context())
			must(t, err)
			holds(t, s, c)
			must(t, s.Close())
			if err := data.Run(t.Context(), database, "", c); err == nil || !strings.Contains(err.Error(), "not empty") {
				t.Errorf("what is full is filled again: %v", err)
			}
		})
	}
}

// holds wants the store to hold the crowd, and to take more.
func holds(t *testing.T, s *db.Store, c sample.Crowd) {
	t.Helper()
	for i := range c.Users {
		u, hash, err := s.Credentials(t.Context(), sample.Email(i).Key())
		must(t, err)
		if diff := cmp.Diff(c.User(i), u); diff != "" || hash != sample.PasswordHash {
			t.Fatalf("user %d differs: %s", i, diff)
		}
	}
	for i := range c.Sessions {
		kept, _, err := s.Session(t.Context(), c.Session(i).ID)
		must(t, err)
		if diff := cmp.Diff(c.Session(i), kept); diff != "" {
			t.Fatalf("session %d differs: %s", i, diff)
		}
	}
	for i := range c.Events {
		e, err := s.Event(t.Context(), c.Event(i).ID)
		must(t, err)
		e.Hash = nil
		if diff := cmp.Diff(c.Event(i), e); diff != "" {
			t.Fatalf("event %d differs: %s", i, diff)
		}
	}
	if err := s.AddUser(t.Context(), account.NewUser{
		User: c.User(c.Users), PasswordHash: "hash", Session: &auth.Session{ID: "ses_of_nobody", UserID: "usr_nobody", CreatedAt: c.Until},
	}); err == nil {
		t.Error("a session of nobody is kept")
	}
	n, err := s.CountUsers(t.Context(), auth.UserFilter{})
	must(t, err)
	head, err := s.Head(t.Context())
	must(t, err)
	if n != c.Users || head.Number != int64(c.Events) {
		t.Errorf("there are %d users, and the journal ends at %d", n, head.Number)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
