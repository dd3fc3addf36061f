package account_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/account"
	"github.com/fieldward/fieldward/auth/session"
)

// acts are what staff do to someone.
func acts(w *town) map[string]func(t *testing.T, by account.Actor, id auth.ID) error {
	return map[string]func(t *testing.T, by account.Actor, id auth.ID) error{
		"disable": func(t *testing.T, by account.Actor, id auth.ID) error {
			_, err := w.Disable(t.Context(), by, id, new("a reason"))
			return err
		},
		"enable": func(t *testing.T, by account.Actor, id auth.ID) error {
			_, err := w.Enable(t.Context(), by, id)
			return err
		},
		"revoke tokens": func(t *testing.T, by account.Actor, id auth.ID) error {
			_, err := w.RevokeTokens(t.Context(), by, id)
			return err
		},
		"set roles": func(t *testing.T, by account.Actor, id auth.ID) error {
			_, err := w.SetRoles(t.Context(), by, id, []auth.Role{auth.RoleUser})
			return err
		},
	}
}

func TestStaffActOnNoOneAboveThem(t *testing.T) {
	w := newTown(t)
	w.person(t, "root@example.com", auth.RoleAdmin) // so that nobody else is the last
	people := map[string]session.Opened{
		"user":    w.person(t, "user@example.com", auth.RoleUser),
		"support": w.person(t, "support@example.com", auth.RoleSupport),
		"admin":   w.person(t, "admin@example.com", auth.RoleAdmin),
	}
	tests := map[string]struct {
		actor, target string
		want          auth.Code
	}{
		"support on a user":         {"support", "user", ""},
		"support on an admin":       {"support", "admin", auth.Forbidden},
		"an admin on a user":        {"admin", "user", ""},
		"an admin on support":       {"admin", "support", ""},
		"a user on support":         {"user", "support", auth.Forbidden},
		"the operator on an admin":  {"operator", "admin", ""},
		"support on nobody":         {"support", "nobody", auth.NotFound},
		"an admin on nobody":        {"admin", "nobody", auth.NotFound},
		"support on their own rank": {"support", "support", ""},
	}
	for name, test := range tests {
		for act, do := range acts(w) {
			t.Run(name+": "+act, func(t *testing.T) {
				by, id := account.Operator, auth.ID("usr_00000000000000000000000000")
				if o, ok := people[test.actor]; ok {
					by = as(o)
				}
				if o, ok := people[test.target]; ok {
					id = o.User.ID
				}
				before := len(w.events(t, id))
				err := do(t, by, id)
				if code(err) != test.want {
					t.Errorf("%v, want %s", err, test.want)
				}
				if after := len(w.events(t, id)); (after > before) != (err == nil) {
					t.Errorf("%d events before, %d after, %v", before, after, err)
				}
				for _, o := range people { // as they were
					if _, err := w.Enable(t.Context(), account.Operator, o.User.ID); err != nil {
						t.Fatal(err)
					}
					if _, err := w.SetRoles(t.Context(), account.Operator, o.User.ID, o.User.Roles); err != nil {
						t.Fatal(err)
					}
				}
			})
		}
	}
}

func TestChangedRolesAreFeltAtTheNextRequest(t *testing.T) {
	w := newTown(t)
	root := w.person(t, "root@example.com", auth.RoleAdmin)
	ada := w.person(t, "ada@example.com")
	u, err := w.SetRoles(t.Context(), as(root), ada.User.ID, []auth.Role{auth.RoleSupport, auth.RoleUser, auth.RoleUser})
	if err != nil {
		t.Fatal(err)
	}
	want := []auth.Role{auth.RoleUser, auth.RoleSupport}
	if diff := cmp.Diff(want, u.Roles); diff != "" {
		t.Error(diff)
	}
	if w.accepts(t, ada) {
		t.Error("the old token is accepted")
	}
	renewed, ok := w.renews(t, ada)
	if !ok || !w.accepts(t, renewed) {
		t.Fatal("a refresh does not help")
	}
	if diff := cmp.Diff(want, renewed.Caller.Claims.Roles); diff != "" {
		t.Error(diff)
	}
}

func TestADisabledUserIsOutUntilEnabled(t *testing.T) {
	w := newTown(t)
	support := w.person(t, "support@example.com", auth.RoleSupport)
	ada := w.person(t, "ada@example.com")
	u, err := w.Disable(t.Context(), as(support), ada.User.ID, new(" spam "))
	if err != nil || u.DisabledReason == nil || *u.DisabledReason != "spam" || !u.Disabled() {
		t.Fatalf("%+v, %v", u, err)
	}
	again, err := w.Disable(t.Context(), as(support), ada.User.ID, new("another"))
	if err != nil || *again.DisabledReason != "spam" || !again.DisabledAt.Equal(*u.DisabledAt) {
		t.Errorf("disabled anew: %+v, %v", again, err)
	}
	if w.accepts(t, ada) {
		t.Error("the token is accepted")
	}
	if _, ok := w.renews(t, ada); ok {
		t.Error("the session can be renewed")
	}
	if _, err := w.SignIn(t.Context(), "ada@example.com", good, desk); code(err) != auth.UserDisabled {
		t.Errorf("signing in: %v", err)
	}
	if u, err = w.Enable(t.Context(), as(support), ada.User.ID); err != nil || u.Disabled() || u.DisabledReason != nil {
		t.Errorf("%+v, %v", u, err)
	}
	w.signIn(t, "ada@example.com", good)
	if _, ok := w.renews(t, ada); ok {
		t.Error("the old session has come back")
	}
}

func TestRevokedTokensAreRefreshed(t *testing.T) {
	w := newTown(t)
	support := w.person(t, "support@example.com", auth.RoleSupport)
	ada := w.person(t, "ada@example.com")
	if _, err := w.RevokeTokens(t.Context(), as(support), ada.User.ID); err != nil {
		t.Fatal(err)
	}
	if w.accepts(t, ada) {
		t.Error("the token is accepted")
	}
	if renewed, ok := w.renews(t, ada); !ok || !w.accepts(t, renewed) {
		t.Error("a refresh does not help")
	}
}

func TestCreatingUsers(t *testing.T) {
	w := newTown(t)
	support := w.person(t, "support@example.com", auth.RoleSupport)
	admin := w.person(t, "admin@example.com", auth.RoleAdmin)
	tests := map[string]struct {
		actor account.Actor
		roles []auth.Role
		want  map[string]auth.Code
	}{
		"support, no roles given":    {as(support), nil, map[string]auth.Code{}},
		"support, a role above":      {as(support), []auth.Role{auth.RoleAdmin}, map[string]auth.Code{"roles": auth.Forbidden}},
		"an administrator, any role": {as(admin), []auth.Role{auth.RoleAdmin}, map[string]auth.Code{}},
		"an address that is taken":   {as(admin), nil, map[string]auth.Code{"email": auth.EmailTaken}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			email := "admin@example.com"
			if test.want["email"] == "" {
				email = string(auth.NewID("new", admin.Session.CreatedAt)) + "@example.com"
			}
			u, err := w.Create(t.Context(), test.actor, account.Details{Email: email, Name: "New", Password: good, Roles: test.roles})
			if diff := cmp.Diff(test.want, faults(err)); diff != "" {
				t.Fatalf("%v: %s", err, diff)
			}
			if err != nil {
				return
			}
			if diff := cmp.Diff([]auth.Action{auth.UserCreated}, w.events(t, u.ID)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestEndingOneSession(t *testing.T) {
	w := newTown(t)
	ada, bob := w.person(t, "ada@example.com"), w.person(t, "bob@example.com")
	support, admin := w.person(t, "support@example.com", auth.RoleSupport), w.person(t, "admin@example.com", auth.RoleAdmin)
	tests := map[string]struct {
		by   session.Opened
		of   func() session.Opened
		want auth.Code
	}{
		"one's own, another one": {ada, func() session.Opened { return w.signIn(t, "ada@example.com", good) }, ""},
		"another user's":         {bob, func() session.Opened { return ada }, auth.NotFound},
		"another's, for staff":   {support, func() session.Opened { return w.signIn(t, "bob@example.com", good) }, ""},
		"one of someone above":   {support, func() session.Opened { return admin }, auth.Forbidden},
		"one that never was": {ada, func() session.Opened {
			return session.Opened{Session: auth.Session{ID: "ses_00000000000000000000000000"}}
		}, auth.NotFound},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			of := test.of()
			for range 2 { // to end it twice is no mistake
				s, err := w.sessions.EndOne(t.Context(), test.by.Caller, of.Session.ID, desk)
				if code(err) != test.want {
					t.Errorf("%v, want %s", err, test.want)
				}
				if err == nil && s.EndedAt == nil {
					t.Error("it is not ended")
				}
			}
			if of.Tokens.Access != "" && w.accepts(t, of) != (test.want != "") {
				t.Error("the token says otherwise")
			}
		})
	}
}
