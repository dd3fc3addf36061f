package account_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/bcrypt"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/account"
	"github.com/fieldward/fieldward/auth/authtest"
)

// hashOf is a cheap hash of another system.
func hashOf(t testing.TB, p auth.Secret) auth.Secret {
	t.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte(p.Reveal()), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	return auth.Secret(hash)
}

func TestANewcomerBecomesAUserAsTheyWere(t *testing.T) {
	w := newTown(t)
	created := time.Date(2021, time.March, 4, 5, 6, 7, 123456789, time.FixedZone("", 3600))
	began := time.Now().Add(-time.Microsecond)
	done, err := w.Import(t.Context(), account.Operator, []account.Newcomer{
		{
			Email: "Ada@Example.com", Name: " Ada ", PasswordHash: hashOf(t, good), EmailVerified: true, CreatedAt: &created,
			Roles: []auth.Role{auth.RoleAdmin, auth.RoleUser, auth.RoleAdmin},
		},
		{Email: "bob@example.com", Name: "Bob", PasswordHash: hashOf(t, good), Disabled: true},
	})
	if err != nil || done.Added != 2 || done.Known != 0 || len(done.Bad) != 0 {
		t.Fatalf("%+v, %v", done, err)
	}
	ada, hash, err := w.store.Credentials(t.Context(), "ada@example.com")
	if err != nil {
		t.Fatal(err)
	}
	want := auth.User{
		ID: ada.ID, Name: "Ada", Email: "Ada@Example.com", EmailVerified: true, Roles: []auth.Role{auth.RoleUser, auth.RoleAdmin},
		CreatedAt: created.UTC().Truncate(time.Microsecond), UpdatedAt: ada.UpdatedAt, Generation: 1,
	}
	if diff := cmp.Diff(want, ada); diff != "" {
		t.Error(diff)
	}
	if ada.UpdatedAt.Before(began) || ada.UpdatedAt.After(time.Now()) || !strings.HasPrefix(hash, "raw:$2a$04$") {
		t.Errorf("changed at %s, and the hash begins with %.12q", ada.UpdatedAt, hash)
	}
	bob, _, err := w.store.Credentials(t.Context(), "bob@example.com")
	if err != nil || !bob.Disabled() || bob.EmailVerified || bob.ID < ada.ID || !bob.CreatedAt.Equal(bob.UpdatedAt) {
		t.Errorf("%+v, %v", bob, err)
	}
	events, err := w.store.Events(t.Context(), auth.EventFilter{SubjectID: &ada.ID}, auth.Page{Limit: 10})
	if err != nil || len(events.Items) != 1 {
		t.Fatalf("%+v, %v", events, err)
	}
	e := events.Items[0]
	if e.Action != auth.UserCreated || e.ActorID != nil || !e.At.Equal(ada.UpdatedAt) {
		t.Errorf("the event is %+v", e)
	}
	if diff := cmp.Diff(map[string]any{"imported": true, "roles": []any{"USER", "ADMIN"}}, e.Details); diff != "" {
		t.Errorf("its details: %s", diff)
	}
}

func TestAnImportedHashIsRenewedAtTheFirstSignIn(t *testing.T) {
	w := newTown(t)
	const typed = auth.Secret("ｃorrect horse ﬁsh") // its normal form is another text
	_, err := w.Import(t.Context(), account.Operator, []account.Newcomer{
		{Email: "ada@example.com", Name: "Ada", PasswordHash: hashOf(t, typed)},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.SignIn(t.Context(), "ada@example.com", "correct horse fish", desk); code(err) != auth.InvalidCredentials {
		t.Errorf("with the normal form of the password: %v", err)
	}
	for range 2 {
		w.signIn(t, "ada@example.com", typed)
		_, hash, err := w.store.Credentials(t.Context(), "ada@example.com")
		if err != nil || !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") {
			t.Errorf("the hash begins with %.12q, %v", hash, err)
		}
	}
	w.signIn(t, "ada@example.com", "correct horse fish")
	if _, err := w.SignIn(t.Context(), "ada@example.com", "another", desk); code(err) != auth.InvalidCredentials {
		t.Errorf("with another password: %v", err)
	}
}

func TestOneBadNewcomerKeepsNoOtherOut(t *testing.T) {
	m := newAccounts(t, account.Settings{SignUpClosed: true})
	future, ancient := time.Now().Add(time.Hour), time.Date(1969, time.December, 31, 0, 0, 0, 0, time.UTC)
	hash := hashOf(t, good)
	tests := []struct {
		n    account.Newcomer
		want map[string]auth.Code
	}{
		{account.Newcomer{Email: "first@example.com", Name: "First", PasswordHash: hash}, nil},
		{account.Newcomer{Name: "Ada", PasswordHash: hash}, map[string]auth.Code{"email": auth.InvalidInput}},
		{account.Newcomer{}, map[string]auth.Code{
			"email": auth.InvalidInput, "name": auth.InvalidInput, "passwordHash": auth.InvalidInput,
		}},
		{
			account.Newcomer{Email: "a@example.com", Name: "A\x00", PasswordHash: good, Roles: []auth.Role{"USER", "CHIEF"}},
			map[string]auth.Code{"name": auth.InvalidInput, "passwordHash": auth.InvalidInput, "role": auth.InvalidInput},
		},
		{
			account.Newcomer{Email: "a@example.com", Name: "A", PasswordHash: hash, CreatedAt: &future},
			map[string]auth.Code{"createdAt": auth.InvalidInput},
		},
		{
			account.Newcomer{Email: "a@example.com", Name: "A", PasswordHash: hash, CreatedAt: &ancient},
			map[string]auth.Code{"createdAt": auth.InvalidInput},
		},
		{account.Newcomer{Email: "last@example.com", Name: "Last", PasswordHash: hash}, nil},
		{account.Newcomer{Email: "LAST@example.com", Name: "Twice", PasswordHash: hash}, nil},
	}
	var newcomers []account.Newcomer
	for _, test := range tests {
		newcomers = append(newcomers, test.n)
	}
	for _, want := range []account.Imported{{Added: 2, Known: 1}, {Added: 0, Known: 3}} {
		done, err := m.Import(t.Context(), account.Operator, newcomers)
		if err != nil || done.Added != want.Added || done.Known != want.Known {
			t.Errorf("%d were added and %d known, want %+v, %v", done.Added, done.Known, want, err)
		}
		for i, test := range tests {
			if diff := cmp.Diff(test.want, faultsOrNil(done.Bad[i])); diff != "" {
				t.Errorf("of the newcomer %d: %s", i, diff)
			}
		}
	}
	if n, err := m.CountUsers(t.Context(), auth.UserFilter{}); err != nil || n != 2 {
		t.Errorf("there are %d users, %v", n, err)
	}
}

func faultsOrNil(err error) map[string]auth.Code {
	if err == nil {
		return nil
	}
	return faults(err)
}

func TestNobodyIsImportedAboveTheActor(t *testing.T) {
	w := newTown(t)
	support := w.person(t, "support@example.com", auth.RoleSupport)
	done, err := w.Import(t.Context(), as(support), []account.Newcomer{
		{Email: "a@example.com", Name: "A", PasswordHash: hashOf(t, good), Roles: []auth.Role{auth.RoleAdmin}},
		{Email: "b@example.com", Name: "B", PasswordHash: hashOf(t, good), Roles: []auth.Role{auth.RoleSupport}},
	})
	if err != nil || done.Added != 1 || code(done.Bad[0]) != auth.Forbidden {
		t.Errorf("%+v, %v", done, err)
	}
}

// BenchmarkImport adds 500 newcomers an iteration.
func BenchmarkImport(b *testing.B) {
	store, done := newStore(b)
	defer done()
	m := newManager(b, store, account.Settings{})
	hash, created := hashOf(b, good), authtest.NewClock().Now().AddDate(-5, 0, 0)
	batch := make([]account.Newcomer, 500)
	round := 0
	for b.Loop() {
		for i := range batch {
			batch[i] = account.Newcomer{
				Email: fmt.Sprintf("%x.%d.%d@example.com", i*7919%500, round, i), Name: "Someone", PasswordHash: hash,
				CreatedAt: &created,
			}
		}
		round++
		if done, err := m.Import(b.Context(), account.Operator, batch); err != nil || done.Added != len(batch) {
			b.Fatal(done, err)
		}
	}
	b.ReportMetric(float64(len(batch)*b.N)/b.Elapsed().Seconds(), "users/s")
}
