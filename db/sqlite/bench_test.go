package sqlite_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/session"
	"github.com/fieldward/fieldward/db"
)

// fill opens a store of 10,000 users, of whom it returns one in the middle.
func fill(b *testing.B) (*db.Store, auth.User) {
	const users = 10_000
	path := filepath.Join(b.TempDir(), "bench.db")
	s := open(b, path)
	pool := raw(b, path)
	tx, err := pool.Begin()
	must(b, err)
	var middle auth.User
	for i := range users {
		u := ada().User
		u.ID = auth.NewID(auth.UserPrefix, u.CreatedAt.Add(time.Duration(i)*time.Second))
		u.Email = auth.EmailAddress(fmt.Sprintf("user%d@example.org", i))
		_, err := tx.Exec(`
			INSERT INTO users (id, email, email_key, email_verified, name, name_key, password_hash, roles, generation, created_at, updated_at)
			VALUES ($1, $2, $2, 0, 'Ada Lovelace', 'ada lovelace', $3, 'USER', 0, '2026-11-24T12:00:00.123456Z', '2026-11-24T12:00:00.123456Z')`,
			string(u.ID), string(u.Email), "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g")
		must(b, err)
		if i == users/2 {
			middle = u
		}
	}
	must(b, tx.Commit())
	b.ReportAllocs()
	return s, middle
}

func BenchmarkUser(b *testing.B) {
	s, u := fill(b)
	for b.Loop() {
		_, err := s.User(b.Context(), u.ID)
		must(b, err)
	}
}

func BenchmarkUserInParallel(b *testing.B) {
	s, u := fill(b)
	b.ResetTimer()
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			_, err := s.User(b.Context(), u.ID)
			must(b, err)
		}
	})
}

func BenchmarkCredentials(b *testing.B) {
	s, u := fill(b)
	for b.Loop() {
		_, _, err := s.Credentials(b.Context(), u.Email.Key())
		must(b, err)
	}
}

func BenchmarkUsersPageOf100(b *testing.B) {
	s, u := fill(b)
	for b.Loop() {
		_, err := s.Users(b.Context(), auth.UserFilter{}, auth.Page{Limit: 100, Beyond: u.ID})
		must(b, err)
	}
}

func BenchmarkSession(b *testing.B) {
	s, u := fill(b)
	opened := openSession(b, s, u)
	for b.Loop() {
		_, _, err := s.Session(b.Context(), opened)
		must(b, err)
	}
}

func BenchmarkAdvance(b *testing.B) {
	s, u := fill(b)
	opened := openSession(b, s, u)
	var counter uint64
	for b.Loop() {
		must(b, s.Advance(b.Context(), session.Advance{SessionID: opened, From: counter, To: counter + 1, At: u.CreatedAt}))
		counter++
	}
}

func BenchmarkOpen(b *testing.B) {
	s, u := fill(b)
	for b.Loop() {
		openSession(b, s, u)
	}
}

// openSession opens one of at most 50 sessions of the user.
func openSession(b *testing.B, s *db.Store, u auth.User) auth.ID {
	_, hash, err := s.Credentials(b.Context(), u.Email.Key())
	must(b, err)
	at := u.CreatedAt
	event := func(what auth.Action, id auth.ID) auth.Event {
		return auth.Event{ID: auth.NewID(auth.EventPrefix, at), At: at, Action: what, SubjectID: &u.ID, SessionID: &id}
	}
	opened := auth.Session{
		ID: auth.NewID(auth.SessionPrefix, at), UserID: u.ID, AuthTime: at, CreatedAt: at, RenewedAt: at, ExpiresAt: at.AddDate(0, 0, 30),
	}
	_, err = s.Open(b.Context(), session.Opening{
		Session: opened, Event: event(auth.SignedIn, opened.ID), PasswordHash: hash, Generation: u.Generation, Limit: 50,
		CrowdedOut: func(id auth.ID) auth.Event { return event(auth.SessionRevoked, id) },
	})
	must(b, err)
	return opened.ID
}
