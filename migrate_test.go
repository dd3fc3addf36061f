package main

import (
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/account"
	"github.com/fieldward/fieldward/auth/journal"
	"github.com/fieldward/fieldward/cli"
	"github.com/fieldward/fieldward/db"
)

// opened is the domain on a database.
func openHouse(t *testing.T, s cli.StoreSettings) *house {
	t.Helper()
	settings, err := cli.DefaultServeSettings()
	if err != nil {
		t.Fatal(err)
	}
	settings.StoreSettings = s
	h, err := open(t.Context(), settings)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// TestMovedServerGoesOnWhereItWas signs in and out on SQLite, moves to PostgreSQL and back, and looks each time whether
// tokens, passwords and the journal's chain are what they were.
func TestMovedServerGoesOnWhereItWas(t *testing.T) {
	folder := t.TempDir()
	key := filepath.Join(folder, "first.db.key")
	at := cli.StoreSettings{Database: "sqlite:" + filepath.Join(folder, "first.db"), MasterKeyFile: key}
	h := openHouse(t, at)
	const email = "ada@example.com"
	if _, err := h.accounts.Create(t.Context(), account.Operator, account.Details{Email: email, Name: "Ada 李", Password: goodPassword, Roles: []auth.Role{auth.RoleUser}}); err != nil {
		t.Fatal(err)
	}
	tokens := signedIn(t, h, email)
	for range 3 {
		signedIn(t, h, email)
	}
	_, err := h.accounts.SignIn(t.Context(), email, "wrong horse battery", auth.Client{})
	if err == nil {
		t.Fatal("a wrong password signs in")
	}
	head := numbered(t, h)
	for _, next := range []string{postgresServer(t).Empty(t), "sqlite:" + filepath.Join(folder, "last.db")} {
		to := cli.StoreSettings{Database: next, MasterKeyFile: key}
		if err := h.store.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := moveHouse(t.Context(), at, to, nil); err != nil {
			t.Fatal(err)
		}
		at, h = to, openHouse(t, to)

		if got, err := h.journal.Verify(t.Context(), journal.Head{}); err != nil || got.Head != head {
			t.Errorf("the journal is %v, %v, want %v", got, err, head)
		}
		claims, err := h.verifier.Verify(t.Context(), tokens.Access)
		if err != nil || claims.Subject == "" {
			t.Errorf("the access token from before: %v", err)
		}
		renewed, err := h.sessions.Renew(t.Context(), auth.Secret(tokens.Refresh), auth.Client{})
		if err != nil {
			t.Fatalf("the refresh token from before: %v", err)
		}
		tokens = renewed.Tokens
		signedIn(t, h, email)
		head = numbered(t, h)
	}
	users, err := h.accounts.Users(t.Context(), auth.UserFilter{}, auth.Page{Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	if len(users.Items) != 1 || users.Items[0].Name != "Ada 李" {
		t.Errorf("the users are %v", users.Items)
	}
	if err := h.store.Close(); err != nil {
		t.Fatal(err)
	}
}

func signedIn(t *testing.T, h *house, email string) auth.Tokens {
	t.Helper()
	opened, err := h.accounts.SignIn(t.Context(), email, goodPassword, auth.Client{UserAgent: new("phone 🙂")})
	if err != nil {
		t.Fatal(err)
	}
	return opened.Tokens
}

// numbered gives all events that can have one their number, and returns the head that they come to.
func numbered(t *testing.T, h *house) journal.Head {
	t.Helper()
	if _, err := h.journal.Number(t.Context()); err != nil {
		t.Fatal(err)
	}
	head, err := h.journal.Verify(t.Context(), journal.Head{})
	if err != nil || head.Number < 5 {
		t.Fatalf("the journal has come to %v, %v", head, err)
	}
	return head.Head
}

func TestServerLivesWithWhatNewerOnesAddAndWithNothingElse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "newer.db")
	settings, err := cli.DefaultServeSettings()
	if err != nil {
		t.Fatal(err)
	}
	settings.Database = "sqlite:" + path
	if _, _, err := migrate(t.Context(), settings.StoreSettings); err != nil {
		t.Fatal(err)
	}
	for _, version := range []int{9998, 9999, 10001} {
		pool, err := sql.Open("sqlite", path)
		if err != nil {
			t.Fatal(err)
		}
		_, err = pool.Exec(`INSERT INTO goose_db_version (version_id, is_applied) VALUES ($1, 1)`, version)
		if err := errors.Join(err, pool.Close()); err != nil {
			t.Fatal(err)
		}
		for _, settings.NoMigrate = range []bool{true, false} {
			h, err := open(t.Context(), settings)
			if version > 10000 {
				if !errors.Is(err, db.ErrNewer) {
					t.Errorf("after %d, with --no-migrate=%v: %v", version, settings.NoMigrate, err)
				}
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			want := fmt.Sprintf("a newer version has added %d migrations", version-9997)
			if doubts := strings.Join(h.doubts, "\n"); !strings.Contains(doubts, want) {
				t.Errorf("it doubts %q, want %q", doubts, want)
			}
			signUpAndClose(t, h, fmt.Sprintf("ada%d%v@example.com", version, settings.NoMigrate))
		}
	}
}

func signUpAndClose(t *testing.T, h *house, email string) {
	t.Helper()
	_, err := h.accounts.Create(t.Context(), account.Operator, account.Details{Email: email, Name: "Ada", Password: goodPassword, Roles: []auth.Role{auth.RoleUser}})
	if err := errors.Join(err, h.store.Close()); err != nil {
		t.Fatal(err)
	}
}
