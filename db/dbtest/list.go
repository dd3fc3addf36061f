package dbtest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/db"
)

func listSentences() sentences {
	return sentences{
		"every page of every filter is what it is by hand": pagesLikeByHand,
		"walking either way meets everyone once":           walksBothWays,
		"what a filter contains stands for itself":         filtersLiterally,
		"a filter takes large letters for small ones":      filtersWithoutCase,
		"a role is found as a whole":                       findsWholeRoles,
		"an empty list has no pages":                       listsNobody,
		"what is sorted is sorted by its bytes":            sortsByBytes,
	}
}

// crowd is how many users the lists are of: more than two pages of 20.
const crowd = 45

// addCrowd adds users of all kinds, and returns them newest first.
func addCrowd(t *testing.T, s *db.Store) []auth.User {
	t.Helper()
	roles := [][]auth.Role{
		{auth.RoleUser}, {}, {auth.RoleUser, auth.RoleSupport}, {auth.RoleUser}, {auth.RoleAdmin}, {auth.RoleUser, auth.RoleAdmin},
	}
	names := []string{"Ada", "adele_100%", "Šárka ÅSTRÖM", `back\slash`, "李 Ωmega"}
	users := make([]auth.User, crowd)
	for i := range users {
		at := noon().Add(time.Duration(i/3) * time.Millisecond) // three of them in the same one
		n := someone(auth.EmailAddress(fmt.Sprintf("User_%02d@Example%d.org", i, i%2)))
		n.User.ID = auth.NewID(auth.UserPrefix, at)
		n.User.Name = names[i%len(names)]
		n.User.Roles = roles[i%len(roles)]
		if i%7 == 0 {
			n.User.DisabledAt = &at
		}
		must(t, s.AddUser(ask(), n))
		users[i] = n.User
	}
	slices.SortFunc(users, func(a, b auth.User) int { return strings.Compare(string(b.ID), string(a.ID)) })
	return users
}

// letThrough is the filter by hand.
func letThrough(f auth.UserFilter, users []auth.User) []auth.User {
	return slices.DeleteFunc(slices.Clone(users), func(u auth.User) bool {
		return f.EmailContains != nil && !strings.Contains(u.Email.Key(), auth.EmailAddress(*f.EmailContains).Key()) ||
			f.NameContains != nil && !strings.Contains(strings.ToLower(u.Name), strings.ToLower(*f.NameContains)) ||
			f.Role != nil && !slices.Contains(u.Roles, *f.Role) ||
			f.Disabled != nil && *f.Disabled != u.Disabled()
	})
}

// slice is the page by hand.
func slice(p auth.Page, users []auth.User) auth.Slice[auth.User] {
	inside := slices.DeleteFunc(slices.Clone(users), func(u auth.User) bool {
		return p.Beyond != "" && (u.ID == p.Beyond || (u.ID < p.Beyond) == p.Backward)
	})
	n := min(p.Limit, len(inside))
	if p.Backward {
		return auth.Slice[auth.User]{
			Items: inside[len(inside)-n:], HasNext: p.Beyond != "", HasPrevious: n < len(inside),
		}
	}
	return auth.Slice[auth.User]{Items: inside[:n], HasNext: n < len(inside), HasPrevious: p.Beyond != ""}
}

func pagesLikeByHand(t *testing.T, s *db.Store) {
	users := addCrowd(t, s)
	pieces := rapid.SampledFrom([]string{
		"", "a", "ADA", "_", "%", `\`, "0", "user_1", "EXAMPLE1", "å", "Ω", "李", "100%", "zzz", "\x00", "\xff",
	})
	beyond := rapid.Custom(func(t *rapid.T) auth.ID {
		return rapid.SampledFrom(append([]auth.User{{ID: ""}, {ID: "usr_0"}, {ID: "usr_z"}}, users...)).Draw(t, "user").ID
	})
	rapid.Check(t, func(t *rapid.T) {
		f := auth.UserFilter{
			EmailContains: rapid.Ptr(pieces, true).Draw(t, "email"),
			NameContains:  rapid.Ptr(pieces, true).Draw(t, "name"),
			Role:          rapid.Ptr(rapid.SampledFrom(auth.Roles()), true).Draw(t, "role"),
			Disabled:      rapid.Ptr(rapid.Bool(), true).Draw(t, "disabled"),
		}
		p := auth.Page{
			Limit: rapid.IntRange(1, crowd+1).Draw(t, "limit"), Backward: rapid.Bool().Draw(t, "backward"),
			Beyond: beyond.Draw(t, "beyond"),
		}
		want := slice(p, letThrough(f, users))
		got, err := s.Users(ask(), f, p)
		if err != nil {
			t.Fatal(err)
		}
		if diff := gocmp.Diff(want.Items, got.Items, equateEmpty()); diff != "" {
			t.Fatalf("the page differs (-want +got):\n%s", diff)
		}
		if got.HasNext != want.HasNext || got.HasPrevious != want.HasPrevious {
			t.Fatalf("more after it: %t, want %t; more before it: %t, want %t",
				got.HasNext, want.HasNext, got.HasPrevious, want.HasPrevious)
		}
		n, err := s.CountUsers(ask(), f)
		if err != nil || n != len(letThrough(f, users)) {
			t.Fatalf("counted %d (%v), want %d", n, err, len(letThrough(f, users)))
		}
	})
}

// equateEmpty takes no users for an empty list of them.
func equateEmpty() gocmp.Option {
	return gocmp.FilterValues(func(a, b []auth.User) bool { return len(a)+len(b) == 0 },
		gocmp.Comparer(func(_, _ []auth.User) bool { return true }))
}

func walksBothWays(t *testing.T, s *db.Store) {
	users := addCrowd(t, s)
	for _, limit := range []int{1, 20, crowd, crowd + 1} {
		var forward, backward []auth.User
		page := auth.Page{Limit: limit}
		for more := true; more; {
			got, err := s.Users(ask(), auth.UserFilter{}, page)
			must(t, err)
			forward = append(forward, got.Items...)
			more, page.Beyond = got.HasNext, got.Items[len(got.Items)-1].ID
		}
		page = auth.Page{Limit: limit, Backward: true}
		for more := true; more; {
			got, err := s.Users(ask(), auth.UserFilter{}, page)
			must(t, err)
			backward = append(slices.Clone(got.Items), backward...)
			more, page.Beyond = got.HasPrevious, got.Items[0].ID
		}
		same(t, fmt.Sprintf("walking forward by %d", limit), forward, users)
		same(t, fmt.Sprintf("walking backward by %d", limit), backward, users)
	}
}

// found are the users that the filter lets through, by their addresses.
func found(t *testing.T, s *db.Store, f auth.UserFilter) []auth.EmailAddress {
	t.Helper()
	got, err := s.Users(ask(), f, auth.Page{Limit: 100})
	must(t, err)
	emails := []auth.EmailAddress{}
	for _, u := range got.Items {
		emails = append(emails, u.Email)
	}
	slices.Sort(emails)
	return emails
}

func filtersLiterally(t *testing.T, s *db.Store) {
	for email, name := range map[auth.EmailAddress]string{
		"a%b@example.org": `50% off`, "a_b@example.org": `under_score`, "axb@example.org": `back\slash`, "ck@example.org": `"quoted'`,
	} {
		n := someone(email)
		n.User.Name = name
		must(t, s.AddUser(ask(), n))
	}
	tests := map[string]struct {
		filter auth.UserFilter
		want   []auth.EmailAddress
	}{
		"a per cent in an address":    {auth.UserFilter{EmailContains: new("a%b")}, []auth.EmailAddress{"a%b@example.org"}},
		"an underscore in one":        {auth.UserFilter{EmailContains: new("a_b")}, []auth.EmailAddress{"a_b@example.org"}},
		"a per cent in a name":        {auth.UserFilter{NameContains: new("%")}, []auth.EmailAddress{"a%b@example.org"}},
		"an underscore in one's":      {auth.UserFilter{NameContains: new("_")}, []auth.EmailAddress{"a_b@example.org"}},
		"a backslash":                 {auth.UserFilter{NameContains: new(`\`)}, []auth.EmailAddress{"axb@example.org"}},
		"a backslash before one":      {auth.UserFilter{NameContains: new(`\%`)}, []auth.EmailAddress{}},
		"quotes":                      {auth.UserFilter{NameContains: new(`"quoted'`)}, []auth.EmailAddress{"ck@example.org"}},
		"a statement":                 {auth.UserFilter{NameContains: new(`' OR 1=1 --`)}, []auth.EmailAddress{}},
		"the character NUL":           {auth.UserFilter{NameContains: new("\x00")}, []auth.EmailAddress{}},
		"what is no UTF-8":            {auth.UserFilter{EmailContains: new("\xff")}, []auth.EmailAddress{}},
		"a letter that looks like it": {auth.UserFilter{EmailContains: new("c\u212a")}, []auth.EmailAddress{}},
	}
	for name, test := range tests {
		same(t, name, found(t, s, test.filter), test.want)
	}
}

func filtersWithoutCase(t *testing.T, s *db.Store) {
	n := someone("Asa@Example.org")
	n.User.Name = "Åsa STRÖM"
	must(t, s.AddUser(ask(), n))
	for _, f := range []auth.UserFilter{
		{EmailContains: new("ASA@eXa")},
		{NameContains: new("åSA ström")},
		{NameContains: new("ÅSA")},
		{NameContains: new("")},
		{EmailContains: new("asa"), NameContains: new("STRÖM"), Role: new(auth.RoleUser), Disabled: new(false)},
	} {
		same(t, "who is found", found(t, s, f), []auth.EmailAddress{"Asa@Example.org"})
	}
	same(t, "who is found by what is not there",
		found(t, s, auth.UserFilter{EmailContains: new("asa"), NameContains: new("bob")}), []auth.EmailAddress{})
}

func findsWholeRoles(t *testing.T, s *db.Store) {
	for email, roles := range map[auth.EmailAddress][]auth.Role{
		"admin@example.org": {auth.RoleUser, auth.RoleAdmin}, "user@example.org": {auth.RoleUser}, "none@example.org": nil,
		"odd@example.org": {"SUPERADMIN", "ADMINISTRATOR", "USERS"},
	} {
		n := someone(email)
		n.User.Roles = roles
		must(t, s.AddUser(ask(), n))
	}
	tests := map[auth.Role][]auth.EmailAddress{
		auth.RoleAdmin:   {"admin@example.org"},
		auth.RoleUser:    {"admin@example.org", "user@example.org"},
		auth.RoleSupport: {},
		"%":              {},
	}
	for role, want := range tests {
		same(t, "who is "+string(role), found(t, s, auth.UserFilter{Role: &role}), want)
	}
}

func listsNobody(t *testing.T, s *db.Store) {
	for _, p := range []auth.Page{{Limit: 1}, {Limit: 20, Backward: true}} {
		got, err := s.Users(ask(), auth.UserFilter{}, p)
		must(t, err)
		if len(got.Items) != 0 || got.HasNext || got.HasPrevious {
			t.Errorf("the page %+v of an empty list is %+v", p, got)
		}
	}
}

// sortsByBytes has names that a dictionary would sort otherwise.
func sortsByBytes(t *testing.T, s *db.Store) {
	names := []string{"usr_-", "usr_0", "usr_B", "usr_Z", "usr__", "usr_a", "usr_a0", "usr_b", "usr_z", "usr_é"} // in order
	for i := range names {
		name := names[(i*7+3)%len(names)]
		n := someone(auth.EmailAddress(fmt.Sprintf("user%d@example.org", i)))
		n.User.ID = auth.ID(name)
		must(t, s.AddUser(ask(), n))
		must(t, s.AddSecret(ask(), sealedSecret(name, 1)))
		e := event(auth.SignedOut, auth.Session{}, noon())
		e.ID = auth.ID(name)
		must(t, s.Record(ask(), e))
	}
	var users, secrets, recorded []string
	for page := (auth.Page{Limit: 3, Backward: true}); ; page.Beyond = auth.ID(users[len(users)-1]) {
		got, err := s.Users(ask(), auth.UserFilter{}, page)
		must(t, err)
		for _, u := range slices.Backward(got.Items) {
			users = append(users, string(u.ID))
		}
		if !got.HasPrevious {
			break
		}
	}
	sealed, err := s.Secrets(ask())
	must(t, err)
	for _, one := range sealed {
		secrets = append(secrets, one.Kind)
	}
	for _, e := range everything(t, s) {
		recorded = append(recorded, string(e.ID))
	}
	same(t, "the users, oldest first", users, names)
	same(t, "the secrets", secrets, names)
	same(t, "the events", recorded, names)
}
