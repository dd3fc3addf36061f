package account_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/argon2"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/account"
	"github.com/fieldward/fieldward/auth/authtest"
	"github.com/fieldward/fieldward/auth/keyring"
	"github.com/fieldward/fieldward/auth/password"
	"github.com/fieldward/fieldward/db"
	"github.com/fieldward/fieldward/db/sqlite"
)

const good = auth.Secret("correct horse battery")

var desk = auth.Client{IPAddress: authtest.Text("192.0.2.10"), UserAgent: authtest.Text("Desk/1.0")}

// newStore opens a fresh database, and answers what closes it.
func newStore(t testing.TB) (store *db.Store, done func()) {
	t.Helper()
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "accounts.db"))
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return store, func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	}
}

func newManager(t testing.TB, store *db.Store, s account.Settings) *account.Manager {
	t.Helper()
	return newTownOn(t, store, keyring.NewMasterKey(), s).Manager
}

func newAccounts(t *testing.T, s account.Settings) *account.Manager {
	t.Helper()
	store, done := newStore(t)
	t.Cleanup(done)
	return newManager(t, store, s)
}

// faults are the codes of err with the fields that they blame.
func faults(err error) map[string]auth.Code {
	all := map[string]auth.Code{}
	if several, ok := errors.AsType[auth.Errors](err); ok {
		for _, one := range several {
			all[one.Field] = one.Code
		}
	} else if one, ok := errors.AsType[*auth.Error](err); ok {
		all[one.Field] = one.Code
	}
	return all
}

func TestWhoSignsUpIsSignedInAndCanSignInAgain(t *testing.T) {
	m := newAccounts(t, account.Settings{})
	up, err := m.SignUp(t.Context(), account.Details{
		Email: "Ada@Example.com", Name: "  Ada ", Password: good, Roles: []auth.Role{auth.RoleAdmin},
	}, desk)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]auth.Role{auth.RoleUser}, up.User.Roles); diff != "" {
		t.Errorf("who signs up chooses their roles: %s", diff)
	}
	if up.Tokens.Access == "" || up.Tokens.Refresh == "" || up.Caller.ID() != up.User.ID {
		t.Errorf("not signed in: %+v", up)
	}
	stored, err := m.User(t.Context(), up.User.ID)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(up.User, stored); diff != "" {
		t.Errorf("stored otherwise than answered: %s", diff)
	}
	in, err := m.SignIn(t.Context(), "ADA@example.COM", good, desk)
	if err != nil {
		t.Fatal(err)
	}
	if in.User.ID != up.User.ID || in.Session.ID == up.Session.ID {
		t.Errorf("signed in as %s in %s", in.User.ID, in.Session.ID)
	}
}

func TestEachWrongFieldOfASignUpIsBlamed(t *testing.T) {
	m := newAccounts(t, account.Settings{})
	if _, err := m.Create(t.Context(), account.Operator, account.Details{Email: "taken@example.com", Name: "Bob", Password: good}); err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		email, name string
		password    auth.Secret
		want        map[string]auth.Code
	}{
		"all wrong": {"ada", "", "short", map[string]auth.Code{
			"email": auth.InvalidInput, "name": auth.InvalidInput, "password": auth.WeakPassword,
		}},
		"an empty password":              {"ada@example.com", "Ada", "", map[string]auth.Code{"password": auth.InvalidInput}},
		"a password of 300 characters":   {"ada@example.com", "Ada", auth.Secret(strings.Repeat("xy", 150)), map[string]auth.Code{"password": auth.InvalidInput}},
		"one's own address as password":  {"ada@example.com", "Ada", "ADA@example.com", map[string]auth.Code{"password": auth.WeakPassword}},
		"a taken address":                {"taken@example.com", "Ada", good, map[string]auth.Code{"email": auth.EmailTaken}},
		"a taken address, in other case": {"TAKEN@example.COM", "Ada", good, map[string]auth.Code{"email": auth.EmailTaken}},
		"an address that looks alike":    {"ta\u212Aen@example.com", "Ada", good, map[string]auth.Code{"email": auth.InvalidInput}},
		"a name with a NUL":              {"ada@example.com", "A\x00da", good, map[string]auth.Code{"name": auth.InvalidInput}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := m.SignUp(t.Context(), account.Details{Email: test.email, Name: test.name, Password: test.password}, desk)
			if diff := cmp.Diff(test.want, faults(err)); diff != "" {
				t.Errorf("%v: %s", err, diff)
			}
		})
	}
	if n, err := m.CountUsers(t.Context(), auth.UserFilter{}); err != nil || n != 1 {
		t.Errorf("there are %d users, %v; refused sign-ups made some", n, err)
	}
}

func TestSigningUpCanBeClosed(t *testing.T) {
	m := newAccounts(t, account.Settings{SignUpClosed: true})
	_, err := m.SignUp(t.Context(), account.Details{Email: "ada@example.com", Name: "Ada", Password: good}, desk)
	if diff := cmp.Diff(map[string]auth.Code{"": auth.Forbidden}, faults(err)); diff != "" {
		t.Errorf("%v: %s", err, diff)
	}
}

func TestOfTenSignUpsWithOneAddressOneSucceeds(t *testing.T) {
	m := newAccounts(t, account.Settings{})
	var (
		wg sync.WaitGroup
		mu sync.Mutex
		n  int
	)
	for i := range 10 {
		wg.Go(func() {
			email := "ada@example.com"
			if i%2 == 0 {
				email = "ADA@EXAMPLE.COM"
			}
			from := auth.Client{IPAddress: authtest.Text(fmt.Sprintf("192.0.%d.10", i))} // the gate holds networks apart
			_, err := m.SignUp(t.Context(), account.Details{Email: email, Name: "Ada", Password: good}, from)
			if err == nil {
				mu.Lock()
				defer mu.Unlock()
				n++
			} else if !errors.Is(err, auth.ErrEmailTaken) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n != 1 {
		t.Errorf("%d succeeded", n)
	}
}

func TestAFailedSignInDoesNotTellWhetherTheAddressIsKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, done := newStore(t)
		defer done()
		m := newManager(t, store, account.Settings{})
		if _, err := m.Create(t.Context(), account.Operator, account.Details{Email: "ada@example.com", Name: "Ada", Password: good}); err != nil {
			t.Fatal(err)
		}
		for name, email := range map[string]string{"known": "ada@example.com", "unknown": "nobody@example.com"} {
			began := time.Now()
			_, err := m.SignIn(t.Context(), email, "wrong horse battery", desk)
			if !errors.Is(err, auth.ErrInvalidCredentials) || err.Error() != auth.ErrInvalidCredentials.Message {
				t.Errorf("%s: %v", name, err)
			}
			if took := time.Since(began); took != 500*time.Millisecond {
				t.Errorf("%s: answered after %s", name, took)
			}
		}
		began := time.Now()
		if _, err := m.SignIn(t.Context(), "ada@example.com", good, desk); err != nil || time.Since(began) != 0 {
			t.Errorf("who signs in waits %s, %v", time.Since(began), err)
		}
	})
}

func TestADisabledUserIsToldSoAfterTheRightPasswordOnly(t *testing.T) {
	store, done := newStore(t)
	t.Cleanup(done)
	m := newManager(t, store, account.Settings{})
	at := time.Now().UTC().Truncate(time.Microsecond)
	hash, err := password.NewHasher(1).Hash(t.Context(), password.Asker{}, good)
	if err != nil {
		t.Fatal(err)
	}
	u := auth.User{
		ID: auth.NewID(auth.UserPrefix, at), Name: "Ada", Email: "ada@example.com", Roles: []auth.Role{auth.RoleUser},
		CreatedAt: at, UpdatedAt: at, Generation: 1, DisabledAt: &at,
	}
	if err := store.AddUser(t.Context(), account.NewUser{User: u, PasswordHash: hash}); err != nil {
		t.Fatal(err)
	}
	if _, err := m.SignIn(t.Context(), "ada@example.com", good, desk); !errors.Is(err, auth.ErrUserDisabled) {
		t.Errorf("with the right password: %v", err)
	}
	if _, err := m.SignIn(t.Context(), "ada@example.com", "wrong horse battery", desk); !errors.Is(err, auth.ErrInvalidCredentials) {
		t.Errorf("with a wrong password: %v", err)
	}
}

func TestWhatCanBeNobodysPasswordIsBlamedWithoutAHash(t *testing.T) {
	m := newAccounts(t, account.Settings{})
	tests := map[string]struct {
		email    string
		password auth.Secret
		want     map[string]auth.Code
	}{
		"no password":                  {"ada@example.com", "", map[string]auth.Code{"password": auth.InvalidInput}},
		"a password of 300 characters": {"ada@example.com", auth.Secret(strings.Repeat("a", 300)), map[string]auth.Code{"password": auth.InvalidInput}},
		"no address":                   {"ada", good, map[string]auth.Code{"email": auth.InvalidInput}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := m.SignIn(t.Context(), test.email, test.password, desk)
			if diff := cmp.Diff(test.want, faults(err)); diff != "" {
				t.Errorf("%v: %s", err, diff)
			}
		})
	}
}

func TestAnOldHashIsRenewedAtSignIn(t *testing.T) {
	store, done := newStore(t)
	t.Cleanup(done)
	m := newManager(t, store, account.Settings{})
	at := time.Now().UTC().Truncate(time.Microsecond)
	u := auth.User{
		ID: auth.NewID(auth.UserPrefix, at), Name: "Ada", Email: "ada@example.com", Roles: []auth.Role{auth.RoleUser},
		CreatedAt: at, UpdatedAt: at, Generation: 1,
	}
	weak := weakHash(good)
	if err := store.AddUser(t.Context(), account.NewUser{User: u, PasswordHash: weak}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := m.SignIn(t.Context(), "ada@example.com", good, desk); err != nil {
			t.Fatal(err)
		}
		_, now, err := store.Credentials(t.Context(), "ada@example.com")
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(now, "$m=19456,t=2,p=1$") {
			t.Errorf("the hash is still of %.30s", now)
		}
	}
}

// weakHash is Argon2id of one pass over 64 KiB.
func weakHash(p auth.Secret) string {
	salt := []byte("a salt of 16 byt")
	key := argon2.IDKey([]byte(p.Reveal()), salt, 1, 64, 1, 32)
	b64 := base64.RawStdEncoding
	return "$argon2id$v=19$m=64,t=1,p=1$" + b64.EncodeToString(salt) + "$" + b64.EncodeToString(key)
}

func TestWhoHasGoneIsNotSignedUp(t *testing.T) {
	m := newAccounts(t, account.Settings{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := m.SignUp(ctx, account.Details{Email: "ada@example.com", Name: "Ada", Password: good}, desk); err == nil {
		t.Error("signed up")
	}
	if n, err := m.CountUsers(t.Context(), auth.UserFilter{}); err != nil || n != 0 {
		t.Errorf("there are %d users, %v", n, err)
	}
}
