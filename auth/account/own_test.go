package account_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/account"
	"github.com/fieldward/fieldward/auth/authtest"
	"github.com/fieldward/fieldward/auth/session"
)

const better = auth.Secret("a better horse battery")

func TestChangingThePasswordEndsEveryOtherSession(t *testing.T) {
	w := newTown(t)
	here := w.person(t, "ada@example.com")
	there := w.signIn(t, "ada@example.com", good)
	bob := w.person(t, "bob@example.com")
	changed, err := w.ChangePassword(t.Context(), as(here), good, better)
	if err != nil {
		t.Fatal(err)
	}
	if changed.Session.ID != here.Session.ID || changed.Session.Counter != here.Session.Counter+1 {
		t.Errorf("this session did not go on: %+v", changed.Session)
	}
	for name, test := range map[string]struct {
		opened session.Opened
		want   bool
	}{"the renewed one": {changed, true}, "this one": {here, true}, "the other": {there, false}, "another user's": {bob, true}} {
		if got := w.accepts(t, test.opened); got != test.want {
			t.Errorf("%s is accepted: %v", name, got)
		}
	}
	if _, ok := w.renews(t, there); ok {
		t.Error("the other session can be renewed")
	}
	if _, ok := w.renews(t, changed); !ok {
		t.Error("this session cannot be renewed")
	}
	w.signIn(t, "ada@example.com", better)
	if _, err := w.SignIn(t.Context(), "ada@example.com", good, desk); !errors.Is(err, auth.ErrInvalidCredentials) {
		t.Errorf("the old password: %v", err)
	}
	want := []auth.Action{auth.SignInFailed, auth.SignedIn, auth.SessionRevoked, auth.PasswordChanged, auth.SignedIn, auth.SignedIn, auth.UserCreated}
	if diff := cmp.Diff(want, w.events(t, here.User.ID), sameInAnyOrder()); diff != "" {
		t.Error(diff)
	}
}

// sameInAnyOrder compares lists of actions as sets: events of one millisecond have no order.
func sameInAnyOrder() cmp.Option {
	return cmp.Transformer("count", func(actions []auth.Action) map[auth.Action]int {
		counts := map[auth.Action]int{}
		for _, a := range actions {
			counts[a]++
		}
		return counts
	})
}

func TestAPasswordIsNotChangedWhere(t *testing.T) {
	w := newTown(t)
	ada := w.person(t, "ada@example.com")
	tests := map[string]struct {
		actor         account.Actor
		current, next auth.Secret
		want          map[string]auth.Code
	}{
		"the current one is wrong":      {as(ada), "wrong horse battery", better, map[string]auth.Code{"": auth.InvalidCredentials}},
		"the current one is empty":      {as(ada), "", better, map[string]auth.Code{"currentPassword": auth.InvalidInput}},
		"the next one is short":         {as(ada), good, "short", map[string]auth.Code{"newPassword": auth.WeakPassword}},
		"the next one is one's address": {as(ada), good, "Ada@example.com", map[string]auth.Code{"newPassword": auth.WeakPassword}},
		"nobody has signed in":          {account.By(auth.Nobody, desk), good, better, map[string]auth.Code{"": auth.Forbidden}},
		"the token has no session":      {account.By(auth.Caller{Claims: &auth.Claims{Subject: ada.User.ID}}, desk), good, better, map[string]auth.Code{"": auth.Forbidden}},
		"there is no such session":      {account.By(auth.Caller{Claims: &auth.Claims{Subject: ada.User.ID, SessionID: new(auth.NewID("ses", time.Now()))}}, desk), good, better, map[string]auth.Code{"": auth.SessionEnded}},
		"the user is there no longer":   {account.By(auth.Caller{Claims: &auth.Claims{Subject: auth.NewID("usr", time.Now()), SessionID: new(ada.Session.ID)}}, desk), good, better, map[string]auth.Code{"": auth.NotFound}},
		"the subject is a machine":      {account.By(auth.Caller{Claims: &auth.Claims{Subject: "svc_00000000000000000000000000", SessionID: new(ada.Session.ID)}}, desk), good, better, map[string]auth.Code{"": auth.Forbidden}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := w.ChangePassword(t.Context(), test.actor, test.current, test.next)
			if diff := cmp.Diff(test.want, faults(err)); diff != "" {
				t.Errorf("%v: %s", err, diff)
			}
		})
	}
	w.signIn(t, "ada@example.com", good)
}

func TestReauthenticatingMovesAuthTimeAlone(t *testing.T) {
	w := newTown(t)
	before := w.person(t, "ada@example.com")
	time.Sleep(1100 * time.Millisecond) // auth_time is in whole seconds
	after, err := w.Reauthenticate(t.Context(), as(before), good)
	if err != nil {
		t.Fatal(err)
	}
	if after.Session.ID != before.Session.ID || !after.Caller.Claims.AuthTime.After(*before.Caller.Claims.AuthTime) {
		t.Errorf("before %+v, after %+v", before.Session, after.Session)
	}
	renewed, ok := w.renews(t, after)
	if !ok || !renewed.Session.AuthTime.Equal(after.Session.AuthTime) {
		t.Errorf("renewed: %v, with the auth_time %s", ok, renewed.Session.AuthTime)
	}
	if _, err := w.Reauthenticate(t.Context(), as(after), "wrong horse battery"); code(err) != auth.InvalidCredentials {
		t.Errorf("a wrong password: %v", err)
	}
}

func TestOnesOwnNameAndAddress(t *testing.T) {
	w := newTown(t)
	ada := w.person(t, "ada@example.com")
	w.person(t, "bob@example.com")
	u, err := w.UpdateProfile(t.Context(), as(ada), authtest.Text(" Augusta "))
	if err != nil || u.Name != "Augusta" {
		t.Errorf("the name is %q, %v", u.Name, err)
	}
	if u, err = w.UpdateProfile(t.Context(), as(ada), nil); err != nil || u.Name != "Augusta" {
		t.Errorf("without a name it is %q, %v", u.Name, err)
	}
	if u, err = w.ChangeEmail(t.Context(), as(ada), "Augusta@example.com"); err != nil || u.Email != "Augusta@example.com" || u.EmailVerified {
		t.Errorf("the address is %q, verified: %v, %v", u.Email, u.EmailVerified, err)
	}
	w.signIn(t, "augusta@EXAMPLE.com", good)
	for name, test := range map[string]struct {
		change func() error
		want   map[string]auth.Code
	}{
		"an empty name":       {func() error { _, err := w.UpdateProfile(t.Context(), as(ada), new("")); return err }, map[string]auth.Code{"name": auth.InvalidInput}},
		"no address":          {func() error { _, err := w.ChangeEmail(t.Context(), as(ada), "x"); return err }, map[string]auth.Code{"email": auth.InvalidInput}},
		"a taken address":     {func() error { _, err := w.ChangeEmail(t.Context(), as(ada), "BOB@example.com"); return err }, map[string]auth.Code{"email": auth.EmailTaken}},
		"a Kelvin sign in it": {func() error { _, err := w.ChangeEmail(t.Context(), as(ada), "bo\u212A@example.com"); return err }, map[string]auth.Code{"email": auth.InvalidInput}},
	} {
		if diff := cmp.Diff(test.want, faults(test.change())); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	if !w.accepts(t, ada) {
		t.Error("the token is refused")
	}
}

func TestADeletedAccountIsGone(t *testing.T) {
	w := newTown(t)
	ada := w.person(t, "ada@example.com")
	if _, err := w.Delete(t.Context(), as(ada), "wrong horse battery"); code(err) != auth.InvalidCredentials {
		t.Errorf("with a wrong password: %v", err)
	}
	id, err := w.Delete(t.Context(), as(ada), good)
	if err != nil || id != ada.User.ID {
		t.Fatalf("%q, %v", id, err)
	}
	if w.accepts(t, ada) {
		t.Error("the token is accepted")
	}
	if _, ok := w.renews(t, ada); ok {
		t.Error("the session can be renewed")
	}
	if _, err := w.SignIn(t.Context(), "ada@example.com", good, desk); !errors.Is(err, auth.ErrInvalidCredentials) {
		t.Errorf("signing in: %v", err)
	}
	w.person(t, "ada@example.com")
}

func TestTheLastAdministratorCannotLeave(t *testing.T) {
	w := newTown(t)
	root := w.person(t, "root@example.com", auth.RoleAdmin)
	second := w.person(t, "second@example.com", auth.RoleAdmin)
	if _, err := w.Disable(t.Context(), as(root), second.User.ID, nil); err != nil {
		t.Fatal(err)
	}
	for name, leave := range map[string]func() error{
		"deleted": func() error { _, err := w.Delete(t.Context(), as(root), good); return err },
		"demoted": func() error {
			_, err := w.SetRoles(t.Context(), as(root), root.User.ID, []auth.Role{auth.RoleUser})
			return err
		},
		"disabled": func() error { _, err := w.Disable(t.Context(), as(root), root.User.ID, nil); return err },
		"demoted by the operator": func() error {
			_, err := w.SetRoles(t.Context(), account.Operator, root.User.ID, []auth.Role{auth.RoleSupport})
			return err
		},
	} {
		if err := leave(); code(err) != auth.Conflict {
			t.Errorf("%s: %v", name, err)
		}
	}
	if !w.accepts(t, root) {
		t.Error("what was refused has revoked the token")
	}
}

func TestOfAdministratorsWhoDemoteEachOtherOneStays(t *testing.T) {
	w := newTown(t)
	admins := []session.Opened{w.person(t, "a@example.com", auth.RoleAdmin), w.person(t, "b@example.com", auth.RoleAdmin)}
	for range 10 {
		var wg sync.WaitGroup
		for i := range admins {
			wg.Go(func() {
				_, err := w.SetRoles(t.Context(), as(admins[i]), admins[1-i].User.ID, []auth.Role{auth.RoleUser})
				if err != nil && code(err) != auth.Conflict {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		role, enabled := auth.RoleAdmin, false
		if n, err := w.CountUsers(t.Context(), auth.UserFilter{Role: &role, Disabled: &enabled}); err != nil || n != 1 {
			t.Fatalf("%d administrators are left, %v", n, err)
		}
		for i := range admins {
			if _, err := w.SetRoles(t.Context(), account.Operator, admins[i].User.ID, []auth.Role{auth.RoleAdmin}); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestSigningInRacesDisabling(t *testing.T) {
	w := newTown(t)
	root := w.person(t, "root@example.com", auth.RoleAdmin)
	for range 5 {
		var wg sync.WaitGroup
		ada := w.person(t, "ada@example.com")
		opened := make([]session.Opened, 4)
		for i := range opened {
			wg.Go(func() {
				var err error
				opened[i], err = w.SignIn(t.Context(), "ada@example.com", good, desk)
				if err != nil && !errors.Is(err, auth.ErrUserDisabled) && code(err) != auth.Unavailable {
					t.Error(err)
				}
			})
		}
		if _, err := w.Disable(t.Context(), as(root), ada.User.ID, nil); err != nil {
			t.Fatal(err)
		}
		wg.Wait()
		w.refuses(t, "a disabled user", opened)
		if _, err := w.Enable(t.Context(), as(root), ada.User.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Delete(t.Context(), as(w.signIn(t, "ada@example.com", good)), good); err != nil {
			t.Fatal(err)
		}
	}
}

func TestSigningInRacesAChangeOfThePassword(t *testing.T) {
	w := newTown(t)
	here := w.person(t, "ada@example.com")
	from := auth.Client{} // of no network: attempts are not throttled by where they come from
	opened := make([]session.Opened, 4)
	var wg sync.WaitGroup
	for i := range opened {
		wg.Go(func() {
			var err error
			opened[i], err = w.SignIn(t.Context(), "ada@example.com", good, from)
			if err != nil && !errors.Is(err, auth.ErrInvalidCredentials) && code(err) != auth.Unavailable {
				t.Error(err)
			}
		})
	}
	if _, err := w.ChangePassword(t.Context(), as(here), good, better); err != nil {
		t.Fatal(err)
	}
	wg.Wait()
	w.refuses(t, "the old password", opened)
}
