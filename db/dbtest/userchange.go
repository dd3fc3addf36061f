package dbtest

import (
	"testing"
	"time"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/account"
	"github.com/fieldward/fieldward/auth/session"
	"github.com/fieldward/fieldward/db"
)

func userChangeSentences() sentences {
	return sentences{
		"what a change sets is set, and nothing else":                changesWhatItSets,
		"a change of a user who is otherwise by now does not happen": changesAsReadOnly,
		"a change of nobody finds nobody":                            changesNobody,
		"a change to an address that is taken does not happen":       changesToFreeAddressOnly,
		"of changes to one address at once one happens":              addressIsTakenOnce,
		"a change that revokes raises the generation":                changeRevokes,
		"a change ends all sessions, or the others":                  changeEndsSessions,
		"a change renews a session, or does not happen":              changeRenews,
		"the last administrator who can sign in stays":               lastAdminStays,
		"of administrators who leave at once one stays":              oneAdminStays,
		"a deleted user is gone with their sessions":                 deletes,
		"live sessions are listed by pages":                          listsSessions,
		"events are listed by pages and filters":                     listsEvents,
	}
}

// change is a change of n that is recorded as what.
func change(n account.NewUser, what auth.Action) account.Change {
	at := noon().Add(time.Hour)
	return account.Change{
		UserID: n.User.ID, At: at, Generation: n.User.Generation,
		Event: event(what, auth.Session{UserID: n.User.ID}, at),
	}
}

func userIs(t *testing.T, s *db.Store, id auth.ID) auth.User {
	t.Helper()
	u, err := s.User(ask(), id)
	must(t, err)
	return u
}

func changesWhatItSets(t *testing.T, s *db.Store) {
	n := add(t, s, "ada@example.org")
	since := noon().Add(time.Minute)
	tests := map[string]struct {
		set  account.Fields
		want func(u *auth.User)
	}{
		"nothing":    {account.Fields{}, func(*auth.User) {}},
		"a name":     {account.Fields{Name: new("Äda")}, func(u *auth.User) { u.Name = "Äda" }},
		"an address": {account.Fields{Email: new(auth.EmailAddress("New@Example.org"))}, func(u *auth.User) { u.Email = "New@Example.org" }},
		"roles": {
			account.Fields{Roles: []auth.Role{auth.RoleAdmin, auth.RoleUser}},
			func(u *auth.User) { u.Roles = []auth.Role{auth.RoleUser, auth.RoleAdmin} },
		},
		"a disabling": {
			account.Fields{Disabled: &account.Disabled{At: &since, Reason: new("why")}},
			func(u *auth.User) { u.DisabledAt, u.DisabledReason = &since, new("why") },
		},
		"an enabling": {account.Fields{Disabled: &account.Disabled{}}, func(u *auth.User) { u.DisabledAt, u.DisabledReason = nil, nil }},
	}
	for what, test := range tests {
		want := userIs(t, s, n.User.ID)
		c := change(n, auth.ProfileUpdated)
		c.Set = test.set
		changed, err := s.Change(ask(), c)
		must(t, err)
		test.want(&want)
		want.UpdatedAt = c.At
		same(t, what+": the user", changed.User, want)
		same(t, what+": the user as read", userIs(t, s, n.User.ID), want)
		same(t, what+": the events", changed.Events, []auth.Event{c.Event})
	}
	c := change(n, auth.PasswordChanged)
	c.Set.PasswordHash = new("another hash")
	_, err := s.Change(ask(), c)
	must(t, err)
	_, hash, err := s.Credentials(ask(), "new@example.org")
	must(t, err)
	same(t, "the hash", hash, "another hash")
	name := "ÄDA"
	found, err := s.CountUsers(ask(), auth.UserFilter{NameContains: &name})
	must(t, err)
	same(t, "how many are found by the new name", found, 1)
}

func changesAsReadOnly(t *testing.T, s *db.Store) {
	n := add(t, s, "ada@example.org")
	before := userIs(t, s, n.User.ID)
	for what, spoil := range map[string]func(*account.Change){
		"another generation": func(c *account.Change) { c.Generation++ },
		"another hash":       func(c *account.Change) { c.PasswordHash = "another" },
	} {
		c := change(n, auth.TokensRevoked)
		c.Set.Name, c.Revokes = new("Other"), true
		spoil(&c)
		_, err := s.Change(ask(), c)
		fails(t, what, err, session.ErrChanged)
	}
	same(t, "the user", userIs(t, s, n.User.ID), before)
	same(t, "how many events there are", len(events(t, s)), 0)
}

func changesNobody(t *testing.T, s *db.Store) {
	_, err := s.Change(ask(), change(someone("nobody@example.org"), auth.TokensRevoked))
	fails(t, "a change of nobody", err, auth.ErrNotFound)
}

func changesToFreeAddressOnly(t *testing.T, s *db.Store) {
	n := add(t, s, "ada@example.org")
	add(t, s, "bob@example.org")
	c := change(n, auth.EmailChanged)
	c.Set.Email = new(auth.EmailAddress("BOB@example.org"))
	_, err := s.Change(ask(), c)
	fails(t, "a taken address", err, auth.ErrEmailTaken)
	c.Set.Email = new(auth.EmailAddress("ADA@example.org"))
	changed, err := s.Change(ask(), c)
	must(t, err)
	same(t, "one's own address in another case", changed.User.Email, "ADA@example.org")
}

func addressIsTakenOnce(t *testing.T, s *db.Store) {
	users := make([]account.NewUser, parallel)
	for i := range users {
		users[i] = add(t, s, auth.EmailAddress(string(rune('a'+i))+"@example.org"))
	}
	winner := oneSucceeds(t, inParallel(func(i int) error {
		c := change(users[i], auth.EmailChanged)
		c.Event = seen(c.Event)
		c.Set.Email = new(auth.EmailAddress(alternating("new@example.org", i)))
		_, err := s.Change(ask(), c)
		return err
	}), auth.ErrEmailTaken)
	got, _, err := s.Credentials(ask(), "new@example.org")
	must(t, err)
	same(t, "whose the address is", got.ID, users[winner].User.ID)
	same(t, "how many events there are", len(events(t, s)), 1)
}

func changeRevokes(t *testing.T, s *db.Store) {
	n := add(t, s, "ada@example.org")
	c := change(n, auth.RolesChanged)
	c.Revokes = true
	changed, err := s.Change(ask(), c)
	must(t, err)
	c.Event.Generation = new(int64(2))
	same(t, "the generation", changed.User.Generation, 2)
	same(t, "the events", changed.Events, []auth.Event{c.Event})
	same(t, "the events as read", events(t, s), changed.Events)
}

func changeEndsSessions(t *testing.T, s *db.Store) {
	n, other := add(t, s, "ada@example.org"), add(t, s, "bob@example.org")
	kept, second, third := open(t, s, n, noon()), open(t, s, n, noon()), open(t, s, n, noon())
	bobs := open(t, s, other, noon())
	all := []auth.ID{kept.ID, second.ID, third.ID, bobs.ID}

	c := change(n, auth.PasswordChanged)
	c.Ends = account.EndsOthers
	c.Renews = &session.Advance{SessionID: kept.ID, From: 0, To: 1, At: c.At}
	c.Ended = func(id auth.ID) auth.Event {
		return event(auth.SessionRevoked, auth.Session{ID: id, UserID: n.User.ID}, c.At)
	}
	changed, err := s.Change(ask(), c)
	must(t, err)
	same(t, "the live ones", live(t, s, all), []auth.ID{kept.ID, bobs.ID})
	var ended []auth.ID
	for _, e := range changed.Events[1:] {
		ended = append(ended, *e.SessionID)
	}
	same(t, "the sessions that events tell of", len(ended), 2)

	c = change(n, auth.AccountDisabled)
	c.Ends = account.EndsAll
	changed, err = s.Change(ask(), c)
	must(t, err)
	same(t, "the live ones, later", live(t, s, all), []auth.ID{bobs.ID})
	same(t, "how many events there are", len(changed.Events), 1)
}

func changeRenews(t *testing.T, s *db.Store) {
	n := add(t, s, "ada@example.org")
	opened := open(t, s, n, noon())
	c := change(n, auth.SignedIn)
	c.Renews = &session.Advance{SessionID: opened.ID, From: 0, To: 1, At: c.At, AuthTime: &c.At, Client: opened.Client}
	_, err := s.Change(ask(), c)
	must(t, err)
	opened.Counter, opened.RenewedAt, opened.AuthTime = 1, c.At, c.At
	same(t, "the session", sessionIs(t, s, opened.ID), opened)

	c.Set.Name = new("Other")
	_, err = s.Change(ask(), c)
	fails(t, "a step that was made already", err, session.ErrSpent)
	same(t, "the session, later", sessionIs(t, s, opened.ID), opened)
	same(t, "the name", userIs(t, s, n.User.ID).Name, n.User.Name)
}

// admin adds an administrator.
func admin(t *testing.T, s *db.Store, email auth.EmailAddress, disabledAt *time.Time) account.NewUser {
	t.Helper()
	n := someone(email)
	n.User.Roles, n.User.DisabledAt = []auth.Role{auth.RoleUser, auth.RoleAdmin}, disabledAt
	must(t, s.AddUser(ask(), n))
	return n
}

func lastAdminStays(t *testing.T, s *db.Store) {
	at := noon()
	admin(t, s, "disabled@example.org", &at)
	n := admin(t, s, "ada@example.org", nil)
	before := userIs(t, s, n.User.ID)
	ways := map[string]func(*account.Change){
		"demoted":  func(c *account.Change) { c.Set.Roles = []auth.Role{auth.RoleUser} },
		"disabled": func(c *account.Change) { c.Set.Disabled = &account.Disabled{At: &at} },
		"deleted":  func(c *account.Change) { c.Deletes = true },
	}
	for what, leave := range ways {
		c := change(n, auth.TokensRevoked)
		c.KeepsAdmin, c.Revokes = true, true
		leave(&c)
		_, err := s.Change(ask(), c)
		fails(t, what, err, auth.ErrLastAdmin)
	}
	same(t, "the administrator", userIs(t, s, n.User.ID), before)
	same(t, "how many events there are", len(events(t, s)), 0)
}

// oneAdminStays has the changes meet when each has taken the role from its own user, and none knows of the others.
func oneAdminStays(t *testing.T, s *db.Store) {
	admins := make([]account.NewUser, parallel)
	for i := range admins {
		admins[i] = admin(t, s, auth.EmailAddress(string(rune('a'+i))+"@example.org"), nil)
		open(t, s, admins[i], noon())
	}
	meet := meeting(parallel)
	stayed := 0
	for _, err := range inParallel(func(i int) error {
		c := change(admins[i], auth.RolesChanged)
		c.Set.Roles, c.KeepsAdmin, c.Ends = []auth.Role{auth.RoleUser}, true, account.EndsAll
		c.Ended = func(id auth.ID) auth.Event {
			meet()
			return event(auth.SessionRevoked, auth.Session{ID: id, UserID: admins[i].User.ID}, c.At)
		}
		_, err := s.Change(ask(), c)
		return err
	}) {
		if err != nil {
			fails(t, "the one who stays", err, auth.ErrLastAdmin)
			stayed++
		}
	}
	same(t, "how many stayed", stayed, 1)
	role := auth.RoleAdmin
	same(t, "how many there are", len(found(t, s, auth.UserFilter{Role: &role})), 1)
}

func deletes(t *testing.T, s *db.Store) {
	n := add(t, s, "ada@example.org")
	opened := open(t, s, n, noon())
	c := change(n, auth.UserDeleted)
	c.Deletes, c.Revokes = true, true
	changed, err := s.Change(ask(), c)
	must(t, err)
	same(t, "the generation", *changed.Events[0].Generation, 2)
	u, err := s.User(ask(), n.User.ID)
	isNothing(t, "the user", u, err)
	_, _, err = s.Session(ask(), opened.ID)
	fails(t, "the session", err, auth.ErrNotFound)
	same(t, "the events", events(t, s), changed.Events)
	add(t, s, "ada@example.org") // the address is free again
}

func listsSessions(t *testing.T, s *db.Store) {
	n, other := add(t, s, "ada@example.org"), add(t, s, "bob@example.org")
	open(t, s, other, noon())
	var want []auth.ID
	for i := range 7 {
		at := noon().Add(time.Duration(i) * time.Second)
		opened := open(t, s, n, at)
		if i == 3 {
			_, err := s.End(ask(), opened.ID, event(auth.SignedOut, opened, at))
			must(t, err)
			continue
		}
		want = append([]auth.ID{opened.ID}, want...)
	}
	var got []auth.ID
	page := auth.Page{Limit: 4}
	for {
		slice, err := s.Sessions(ask(), n.User.ID, noon().Add(time.Hour), page)
		must(t, err)
		for _, one := range slice.Items {
			got = append(got, one.ID)
		}
		if !slice.HasNext {
			break
		}
		page.Beyond = got[len(got)-1]
	}
	same(t, "the sessions", got, want)
	later, err := s.Sessions(ask(), n.User.ID, noon().Add(48*time.Hour), auth.Page{Limit: 4})
	must(t, err)
	same(t, "how many are live when all have expired", len(later.Items), 0)
}

func listsEvents(t *testing.T, s *db.Store) {
	ada, bob := auth.NewID(auth.UserPrefix, noon()), auth.NewID(auth.UserPrefix, noon())
	var all []auth.Event
	for i, what := range []auth.Action{auth.SignedIn, auth.SignedOut, auth.SignedIn, auth.RolesChanged} {
		at := noon().Add(time.Duration(i) * time.Minute)
		e := event(what, auth.Session{ID: auth.NewID(auth.SessionPrefix, at), UserID: ada}, at)
		if i >= 2 {
			e.ActorID = &bob
		}
		e.Details = map[string]any{"n": float64(i)}
		must(t, s.Record(ask(), e))
		all = append([]auth.Event{e}, all...)
	}
	since, until := noon().Add(time.Minute), noon().Add(3*time.Minute)
	tests := map[string]struct {
		filter auth.EventFilter
		want   []auth.Event
	}{
		"no filter":            {auth.EventFilter{}, all},
		"by one action":        {auth.EventFilter{Actions: []auth.Action{auth.SignedIn}}, []auth.Event{all[1], all[3]}},
		"by two":               {auth.EventFilter{Actions: []auth.Action{auth.SignedOut, auth.RolesChanged}}, []auth.Event{all[0], all[2]}},
		"by actor":             {auth.EventFilter{ActorID: &bob}, all[:2]},
		"by subject":           {auth.EventFilter{SubjectID: &bob}, nil},
		"from then on":         {auth.EventFilter{Since: &since}, all[:3]},
		"from then to then":    {auth.EventFilter{Since: &since, Until: &until}, all[1:3]},
		"by actor and action":  {auth.EventFilter{ActorID: &bob, Actions: []auth.Action{auth.SignedIn}}, all[1:2]},
		"by what is uncommon":  {auth.EventFilter{Actions: []auth.Action{auth.RolesChanged}}, all[:1]},
		"by two of that kind":  {auth.EventFilter{Actions: []auth.Action{auth.UserDeleted, auth.RolesChanged}}, all[:1]},
		"to the first's time":  {auth.EventFilter{Until: new(noon())}, nil},
		"and right after it":   {auth.EventFilter{Until: new(noon().Add(time.Microsecond))}, all[3:]},
		"from the last's":      {auth.EventFilter{Since: new(noon().Add(3 * time.Minute))}, all[:1]},
		"and right after that": {auth.EventFilter{Since: new(noon().Add(3*time.Minute + time.Microsecond))}, nil},
		"from long ago":        {auth.EventFilter{Since: new(time.Time{}), Until: new(noon().AddDate(7000, 0, 0))}, all},
	}
	for what, test := range tests {
		slice, err := s.Events(ask(), test.filter, auth.Page{Limit: 10})
		must(t, err)
		same(t, what, slice.Items, test.want)
	}
	last, err := s.Events(ask(), auth.EventFilter{}, auth.Page{Limit: 1, Backward: true})
	must(t, err)
	same(t, "the last", last, auth.Slice[auth.Event]{Items: all[3:], HasPrevious: true})
	one, err := s.Event(ask(), all[2].ID)
	must(t, err)
	same(t, "one", one, all[2])
	none, err := s.Event(ask(), auth.NewID(auth.EventPrefix, noon()))
	isNothing(t, "another", none, err)
}
