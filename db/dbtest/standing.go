package dbtest

import (
	"testing"
	"time"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/account"
	"github.com/fieldward/fieldward/auth/session"
	"github.com/fieldward/fieldward/db"
)

func standingSentences() sentences {
	return sentences{
		"a session stands as it and its user do at this moment": standsAsOfNow,
		"what is not the user's session does not stand":         standsForItsUserOnly,
		"who is deleted stands nowhere":                         deletedStandsNowhere,
	}
}

func standsAsOfNow(t *testing.T, s *db.Store) {
	n := add(t, s, "ada@example.org")
	first, second := open(t, s, n, noon()), open(t, s, n, noon())
	stands := func(id auth.ID, want session.Standing) {
		t.Helper()
		got, err := s.Standing(ask(), n.User.ID, id)
		must(t, err)
		same(t, "how it stands", got, want)
	}
	stands(first.ID, session.Standing{Generation: 1})
	_, err := s.End(ask(), first.ID, event(auth.SignedOut, first, noon().Add(time.Second)))
	must(t, err)
	stands(first.ID, session.Standing{Generation: 1, Ended: true})
	stands(second.ID, session.Standing{Generation: 1})
	_, err = s.EndAll(ask(), n.User.ID, event(auth.TokensRevoked, second, noon().Add(time.Second)))
	must(t, err)
	stands(second.ID, session.Standing{Generation: 2, Ended: true})

	n.User.Generation = 2
	third := open(t, s, n, noon().Add(time.Minute))
	since := noon().Add(time.Hour)
	c := change(n, auth.AccountDisabled)
	c.Set.Disabled = &account.Disabled{At: &since}
	_, err = s.Change(ask(), c)
	must(t, err)
	stands(third.ID, session.Standing{Generation: 2, Disabled: true})
}

func standsForItsUserOnly(t *testing.T, s *db.Store) {
	n, other := add(t, s, "ada@example.org"), add(t, s, "bob@example.org")
	opened := open(t, s, n, noon())
	for _, pair := range [][2]auth.ID{
		{other.User.ID, opened.ID},
		{n.User.ID, auth.NewID(auth.SessionPrefix, noon())},
		{auth.NewID(auth.UserPrefix, noon()), opened.ID},
		{n.User.ID, ""},
		{"", opened.ID},
	} {
		nothing, err := s.Standing(ask(), pair[0], pair[1])
		isNothing(t, "the session", nothing, err)
	}
}

func deletedStandsNowhere(t *testing.T, s *db.Store) {
	n := add(t, s, "ada@example.org")
	opened := open(t, s, n, noon())
	c := change(n, auth.UserDeleted)
	c.Deletes = true
	_, err := s.Change(ask(), c)
	must(t, err)
	nothing, err := s.Standing(ask(), n.User.ID, opened.ID)
	isNothing(t, "the session", nothing, err)
}
