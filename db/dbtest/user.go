package dbtest

import (
	"testing"
	"time"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/db"
)

func userSentences() sentences {
	return sentences{
		"a user is read back as they were added":                  readsBackUser,
		"what a user does not have stays null":                    keepsNulls,
		"times keep their microseconds, in UTC":                   keepsMicroseconds,
		"roles are read from the least to the most":               ranksRoles,
		"an address belongs to one user, however it is written":   addressIsUnique,
		"of parallel users with one address one is added":         addressIsUniqueInParallel,
		"a letter that only looks like a k makes another address": keepsLookalikes,
		"credentials are found by the key of the address":         findsCredentials,
		"there is nobody whom nobody added":                       findsNobody,
		"an address that no database can hold belongs to nobody":  survivesOddAddresses,
		"a first session comes with its user":                     addsFirstSession,
		"where the address is taken no session and no event stay": takenLeavesNothing,
	}
}

func readsBackUser(t *testing.T, s *db.Store) {
	n := someone("Ada.Lovelace+1@Example.ORG")
	n.User.Name = "Ada 🧮 Ωmega Šárka 李 O'Hara; --"
	n.User.EmailVerified = true
	n.User.Roles = []auth.Role{auth.RoleUser, auth.RoleSupport, auth.RoleAdmin}
	n.User.UpdatedAt = noon().Add(time.Hour)
	n.User.LastSignInAt = new(noon().Add(2 * time.Hour))
	n.User.DisabledAt = new(noon().Add(3 * time.Hour))
	n.User.DisabledReason = new("asked for it, „at once“")
	n.User.Generation = 1 << 40
	must(t, s.AddUser(ask(), n))
	got, err := s.User(ask(), n.User.ID)
	must(t, err)
	same(t, "the user", got, n.User)
}

func keepsNulls(t *testing.T, s *db.Store) {
	n := add(t, s, "ada@example.org")
	got, err := s.User(ask(), n.User.ID)
	must(t, err)
	same(t, "the user", got, n.User)
	if got.LastSignInAt != nil || got.DisabledAt != nil || got.DisabledReason != nil || got.Disabled() {
		t.Errorf("the user has what they do not have: %+v", got)
	}
}

func keepsMicroseconds(t *testing.T, s *db.Store) {
	tests := map[string]struct{ written, want time.Time }{
		"microseconds": {noon(), noon()},
		"none":         {noon().Truncate(time.Second), noon().Truncate(time.Second)},
		"nanoseconds":  {noon().Add(999), noon()},
		"another zone": {noon().In(time.FixedZone("", -5*3600)), noon()},
		"the year 1":   {time.Time{}, time.Time{}},
		"the year 9999": {
			time.Date(9999, 12, 31, 23, 59, 59, 999999000, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 999999000, time.UTC),
		},
	}
	for name, test := range tests {
		n := someone(auth.EmailAddress(name + "@example.org"))
		n.User.CreatedAt, n.User.LastSignInAt = test.written, &test.written
		must(t, s.AddUser(ask(), n))
		got, err := s.User(ask(), n.User.ID)
		must(t, err)
		same(t, name, got.CreatedAt, test.want)
		same(t, name+", where it may be null", *got.LastSignInAt, test.want)
		same(t, "the zone of "+name, got.CreatedAt.Location().String(), "UTC")
	}
}

func ranksRoles(t *testing.T, s *db.Store) {
	tests := map[auth.EmailAddress]struct{ written, want []auth.Role }{
		"none@example.org":  {nil, []auth.Role{}},
		"admin@example.org": {[]auth.Role{auth.RoleAdmin, auth.RoleUser}, []auth.Role{auth.RoleUser, auth.RoleAdmin}},
		"twice@example.org": {[]auth.Role{auth.RoleSupport, auth.RoleSupport}, []auth.Role{auth.RoleSupport}},
	}
	for email, test := range tests {
		n := someone(email)
		n.User.Roles = test.written
		must(t, s.AddUser(ask(), n))
		got, err := s.User(ask(), n.User.ID)
		must(t, err)
		same(t, string(email), got.Roles, test.want)
	}
}

func addressIsUnique(t *testing.T, s *db.Store) {
	first := add(t, s, "Ada@Example.org")
	second := someone("aDA@eXAMPLE.ORG")
	fails(t, "the second", s.AddUser(ask(), second), auth.ErrEmailTaken)
	got, _, err := s.Credentials(ask(), "ada@example.org")
	must(t, err)
	same(t, "whose the address is", got, first.User)
	nobody, err := s.User(ask(), second.User.ID)
	isNothing(t, "the second", nobody, err)
}

func addressIsUniqueInParallel(t *testing.T, s *db.Store) {
	ids := make([]auth.ID, parallel)
	winner := oneSucceeds(t, inParallel(func(i int) error {
		n := someone(auth.EmailAddress(alternating("ada@example.org", i)))
		ids[i] = n.User.ID
		return s.AddUser(ask(), n)
	}), auth.ErrEmailTaken)
	got, _, err := s.Credentials(ask(), "ada@example.org")
	must(t, err)
	same(t, "whose the address is", got.ID, ids[winner])
	n, err := s.CountUsers(ask(), auth.UserFilter{})
	must(t, err)
	same(t, "how many there are", n, 1)
}

func keepsLookalikes(t *testing.T, s *db.Store) {
	add(t, s, "k@example.org")
	kelvin := add(t, s, "\u212a@example.org")
	got, _, err := s.Credentials(ask(), "\u212a@example.org")
	must(t, err)
	same(t, "whose the Kelvin sign is", got.ID, kelvin.User.ID)
}

func findsCredentials(t *testing.T, s *db.Store) {
	add(t, s, "bob@example.org")
	n := add(t, s, "Ada@Example.org")
	got, hash, err := s.Credentials(ask(), "ada@example.org")
	must(t, err)
	same(t, "the user", got, n.User)
	same(t, "the hash", hash, n.PasswordHash)
	nobody, _, err := s.Credentials(ask(), "Ada@Example.org")
	isNothing(t, "an address that is no key", nobody, err)
}

func findsNobody(t *testing.T, s *db.Store) {
	add(t, s, "ada@example.org")
	user, err := s.User(ask(), auth.NewID(auth.UserPrefix, noon()))
	isNothing(t, "another ID", user, err)
	user, err = s.User(ask(), "")
	isNothing(t, "no ID", user, err)
	user, _, err = s.Credentials(ask(), "bob@example.org")
	isNothing(t, "another address", user, err)
	user, _, err = s.Credentials(ask(), "%")
	isNothing(t, "a pattern", user, err)
}

func survivesOddAddresses(t *testing.T, s *db.Store) {
	add(t, s, "ada@example.org")
	for _, odd := range []string{"ada@example.org\x00", "\x00", "ada\xff@example.org", "", "' OR 1=1 --"} {
		nobody, _, err := s.Credentials(ask(), odd)
		isNothing(t, "an odd address", nobody, err)
	}
}

func addsFirstSession(t *testing.T, s *db.Store) {
	n := someone("ada@example.org")
	first := sessionOf(n.User.ID, noon())
	n.Session, n.User.LastSignInAt = &first, &first.CreatedAt
	n.Events = []auth.Event{seen(event(auth.SignedUp, first, noon())), seen(event(auth.SignedIn, first, noon()))}
	must(t, s.AddUser(ask(), n))
	gotSession, gotUser, err := s.Session(ask(), first.ID)
	must(t, err)
	same(t, "the session", gotSession, first)
	same(t, "its user", gotUser, n.User)
	same(t, "the events", events(t, s), oldestFirst(n.Events))
}

func takenLeavesNothing(t *testing.T, s *db.Store) {
	add(t, s, "ada@example.org")
	n := someone("ADA@example.org")
	first := sessionOf(n.User.ID, noon())
	n.Session = &first
	n.Events = []auth.Event{seen(event(auth.SignedUp, first, noon()))}
	fails(t, "the second", s.AddUser(ask(), n), auth.ErrEmailTaken)
	nothing, _, err := s.Session(ask(), first.ID)
	isNothing(t, "their session", nothing, err)
	same(t, "the events", len(events(t, s)), 0)
}
