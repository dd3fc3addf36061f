package sample_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/password"
	"github.com/fieldward/fieldward/bench/sample"
)

func crowd(seed uint64) sample.Crowd {
	return sample.Crowd{Users: 100, Sessions: 1000, Events: 1000, Seed: seed, Until: time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)}
}

func TestTheSameSeedMakesTheSameRows(t *testing.T) {
	one, same, another := crowd(1), crowd(1), crowd(2)
	for i := range 100 {
		if diff := cmp.Diff(one.User(i), same.User(i)) + cmp.Diff(one.Session(i), same.Session(i)) + cmp.Diff(one.Event(i), same.Event(i)); diff != "" {
			t.Fatal(diff)
		}
		if one.UserID(i) == another.UserID(i) || one.Session(i).ID == another.Session(i).ID || one.Event(i).ID == another.Event(i).ID {
			t.Errorf("another seed makes the same row %d", i)
		}
	}
}

func TestRowsAreAsTheServerMakesThem(t *testing.T) {
	c := crowd(1)
	seen := map[auth.ID]bool{}
	for i := range c.Sessions {
		s, e, u := c.Session(i), c.Event(i), c.User(i%c.Users)
		for id, at := range map[auth.ID]time.Time{s.ID: s.CreatedAt, e.ID: e.At, u.ID: u.CreatedAt} {
			if _, err := auth.ParseID(string(id)); err != nil || id < auth.FirstID(string(id[:3]), at) || id >= auth.FirstID(string(id[:3]), at.Add(time.Millisecond)) {
				t.Fatalf("%s is no ID of %s: %v", id, at, err)
			}
		}
		if seen[s.ID] || seen[e.ID] || u.ID != c.UserID(i%c.Users) || s.RenewedAt.Before(s.CreatedAt) || s.CreatedAt.After(c.Until) {
			t.Fatalf("%+v, %+v or %+v cannot be", s, e, u)
		}
		seen[s.ID], seen[e.ID] = true, true
	}
}

func TestEverybodysPasswordIsWhatItsHashSays(t *testing.T) {
	match, err := password.NewHasher(1).Check(t.Context(), password.Asker{}, sample.PasswordHash, sample.Password)
	if err != nil || !match.OK || match.Stale {
		t.Errorf("%+v, %v", match, err)
	}
}
