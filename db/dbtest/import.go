package dbtest

import (
	"fmt"
	"slices"
	"testing"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/account"
	"github.com/fieldward/fieldward/db"
)

func importSentences() sentences {
	return sentences{
		"many users are added at once":                             addsMany,
		"of many, those whose address is taken are left out":       leavesOutTaken,
		"of many, one that cannot be written keeps all others out": addsAllOrNone,
		"parallel imports add each address once":                   addsManyInParallel,
		"imports that cross add each address once":                 addsManyCrosswise,
	}
}

// several are users to be, each with an event that events answers.
func several(n int) []account.NewUser {
	users := make([]account.NewUser, n)
	for i := range users {
		users[i] = someone(auth.EmailAddress(fmt.Sprintf("user%d@example.org", i)))
		of := auth.Session{UserID: users[i].User.ID}
		users[i].Events = []auth.Event{seen(event(auth.UserCreated, of, noon()))}
	}
	return users
}

func addsMany(t *testing.T, s *db.Store) {
	users := several(500)
	added, err := s.AddUsers(ask(), users)
	must(t, err)
	same(t, "how many it says that it added", added, len(users))
	var all []auth.Event
	for _, n := range users {
		got, hash, err := s.Credentials(ask(), n.User.Email.Key())
		must(t, err)
		same(t, "a user", got, n.User)
		same(t, "their hash", hash, n.PasswordHash)
		all = append(all, n.Events...)
	}
	same(t, "the events", events(t, s), oldestFirst(all))
	added, err = s.AddUsers(ask(), nil)
	must(t, err)
	same(t, "how many it adds of none", added, 0)
}

func leavesOutTaken(t *testing.T, s *db.Store) {
	first := add(t, s, "User1@Example.org")
	users := several(4)
	twice := someone("USER2@example.org")
	twice.Events = []auth.Event{seen(event(auth.UserCreated, auth.Session{UserID: twice.User.ID}, noon()))}
	added, err := s.AddUsers(ask(), append(users, twice))
	must(t, err)
	same(t, "how many it says that it added", added, 3)
	for key, want := range map[string]auth.ID{"user1@example.org": first.User.ID, "user2@example.org": users[2].User.ID} {
		got, _, err := s.Credentials(ask(), key)
		must(t, err)
		same(t, "whose the address is", got.ID, want)
	}
	same(t, "how many events there are", len(events(t, s)), 3)
	added, err = s.AddUsers(ask(), several(4))
	must(t, err)
	same(t, "how many it adds again", added, 0)
	same(t, "how many events there are then", len(events(t, s)), 3)
}

func addsAllOrNone(t *testing.T, s *db.Store) {
	users := several(3)
	users[2].Events[0].Details = map[string]any{"what": make(chan int)}
	if added, err := s.AddUsers(ask(), users); err == nil || added != 0 {
		t.Errorf("it says that it added %d, %v", added, err)
	}
	n, err := s.CountUsers(ask(), auth.UserFilter{})
	must(t, err)
	same(t, "how many there are", n, 0)
	same(t, "how many events there are", len(events(t, s)), 0)
}

func addsManyInParallel(t *testing.T, s *db.Store) {
	importsAddOnce(t, s, func(int, []account.NewUser) {})
}

// addsManyCrosswise has every second import begin at the end, so that they wait for each other.
func addsManyCrosswise(t *testing.T, s *db.Store) {
	importsAddOnce(t, s, func(i int, users []account.NewUser) {
		if i%2 == 0 {
			slices.Reverse(users)
		}
	})
}

// importsAddOnce asks that of parallel imports of the same addresses, each of which is in an order of its own, each
// address is added once.
func importsAddOnce(t *testing.T, s *db.Store, order func(i int, users []account.NewUser)) {
	t.Helper()
	added := make([]int, parallel)
	for _, err := range inParallel(func(i int) (err error) {
		users := several(20)
		order(i, users)
		added[i], err = s.AddUsers(ask(), users)
		return err
	}) {
		must(t, err)
	}
	all := 0
	for _, n := range added {
		all += n
	}
	same(t, "how many they say that they added", all, 20)
	n, err := s.CountUsers(ask(), auth.UserFilter{})
	must(t, err)
	same(t, "how many there are", n, 20)
	same(t, "how many events there are", len(events(t, s)), 20)
}
