package session_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/account"
	"github.com/fieldward/fieldward/auth/authtest"
	"github.com/fieldward/fieldward/auth/keyring"
	"github.com/fieldward/fieldward/auth/session"
	"github.com/fieldward/fieldward/auth/token"
	"github.com/fieldward/fieldward/db"
	"github.com/fieldward/fieldward/db/sqlite"
)

const (
	accessTTL = 10 * time.Minute
	grace     = time.Minute
	limit     = 5
)

// world is a manager on a real database, a user, and the clock of both.
type world struct {
	*session.Manager
	store       *db.Store
	clock       *authtest.Clock
	verifier    *token.Verifier
	revocations *session.Revocations
	user        auth.User
	hook        func() (map[string]any, error) // the claims hook; nil adds nothing
	grace       time.Duration
	file        string
	master      keyring.MasterKey
}

const (
	hash   = "the hash of the password"
	issuer = "https://fieldward.example"
)

var desk = auth.Client{IPAddress: authtest.Text("192.0.2.10"), UserAgent: authtest.Text("Desk/1.0")}

func newWorld(t testing.TB, graceTime time.Duration) *world {
	t.Helper()
	return newWorldIn(t, filepath.Join(t.TempDir(), "sessions.db"), graceTime)
}

// newWorldIn is a world on the file at the path.
func newWorldIn(t testing.TB, path string, graceTime time.Duration) *world {
	t.Helper()
	store, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	w := &world{store: store, clock: authtest.NewClock(), grace: graceTime, file: path, master: keyring.NewMasterKey()}
	keys, err := keyring.Open(t.Context(), store, w.master, w.clock.Now)
	if err != nil {
		t.Fatal(err)
	}
	tokens := token.Settings{Issuer: issuer, Audience: issuer, TokenAudience: []string{issuer}, TTL: accessTTL}
	w.revocations = session.NewRevocations(accessTTL+2*token.Leeway, w.clock.Now)
	w.verifier = token.NewVerifier(keys, tokens, w.revocations, w.clock.Now)
	w.Manager = session.NewManager(store, token.NewIssuer(keys, tokens, w.claims, w.clock.Now), keys, w.revocations, session.Settings{
		Issuer: issuer, TTL: 30 * 24 * time.Hour, IdleTTL: 14 * 24 * time.Hour, AccessTTL: accessTTL,
		Grace: graceTime, PerUser: limit,
	}, w.clock.Now)
	w.user = w.addUser(t, "ada@example.com")
	return w
}

func (w *world) claims(context.Context, auth.User) (map[string]any, error) {
	if w.hook == nil {
		return nil, nil
	}
	return w.hook()
}

func (w *world) addUser(t testing.TB, email string) auth.User {
	t.Helper()
	at := w.clock.Now()
	u := auth.User{
		ID: auth.NewID(auth.UserPrefix, at), Name: "Ada", Email: auth.EmailAddress(email),
		Roles: []auth.Role{auth.RoleUser}, CreatedAt: at, UpdatedAt: at, Generation: 1,
	}
	if err := w.store.AddUser(t.Context(), account.NewUser{User: u, PasswordHash: hash}); err != nil {
		t.Fatal(err)
	}
	return u
}

func (w *world) open(t testing.TB) session.Opened {
	t.Helper()
	opened, err := w.Open(t.Context(), w.user, session.Proof{Hash: hash}, desk)
	if err != nil {
		t.Fatal(err)
	}
	return opened
}

func (w *world) renew(t testing.TB, o session.Opened) session.Opened {
	t.Helper()
	renewed, err := w.Renew(t.Context(), auth.Secret(o.Tokens.Refresh), desk)
	if err != nil {
		t.Fatalf("renew: %v", err)
	}
	return renewed
}

// ended fails the test unless the refresh token is refused.
func (w *world) ended(t testing.TB, refresh string) {
	t.Helper()
	if _, err := w.Renew(t.Context(), auth.Secret(refresh), desk); !errors.Is(err, auth.ErrSessionEnded) {
		t.Errorf("renew answers %v, not that the session has ended", err)
	}
}

func (w *world) accepted(t testing.TB, access string) bool {
	t.Helper()
	_, err := w.verifier.Verify(t.Context(), access)
	return err == nil
}

func (w *world) actions(t testing.TB) []auth.Action {
	t.Helper()
	var actions []auth.Action
	err := w.store.RevokedSince(t.Context(), time.Time{}, func(r session.Revoked) { actions = append(actions, r.Action) })
	if err != nil {
		t.Fatal(err)
	}
	return actions
}

func TestAnOpenedSessionHasATokenThatVerifies(t *testing.T) {
	w := newWorld(t, grace)
	o := w.open(t)
	claims, err := w.verifier.Verify(t.Context(), o.Tokens.Access)
	if err != nil {
		t.Fatal(err)
	}
	if claims.Subject != w.user.ID || *claims.SessionID != o.Session.ID || claims.Generation != 1 {
		t.Errorf("the token claims %+v", claims)
	}
	if diff := cmp.Diff(*o.Caller.Claims, claims); diff != "" {
		t.Errorf("the caller is another than the token says: %s", diff)
	}
	stored, u, err := w.store.Session(t.Context(), o.Session.ID)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(o.Session, stored); diff != "" {
		t.Errorf("stored otherwise than told: %s", diff)
	}
	if u.LastSignInAt == nil || !u.LastSignInAt.Equal(w.clock.Now()) {
		t.Errorf("the last sign-in is %v", u.LastSignInAt)
	}
}

func TestAUserWhoHasChangedIsNotSignedIn(t *testing.T) {
	tests := map[string]func(w *world) (auth.User, session.Proof){
		"another password": func(w *world) (auth.User, session.Proof) { return w.user, session.Proof{Hash: "old hash"} },
		"another generation": func(w *world) (auth.User, session.Proof) {
			u := w.user
			u.Generation = 0
			return u, session.Proof{Hash: hash}
		},
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, grace)
			u, proof := change(w)
			if _, err := w.Open(t.Context(), u, proof, desk); !errors.Is(err, session.ErrChanged) {
				t.Errorf("opened, or failed otherwise: %v", err)
			}
		})
	}
}

func TestTheOldestSessionsBeyondTheLimitEnd(t *testing.T) {
	w := newWorld(t, grace)
	var opened []session.Opened
	for range limit + 2 {
		opened = append(opened, w.open(t))
		w.clock.Move(time.Second)
	}
	for i, o := range opened {
		if got, want := w.accepted(t, o.Tokens.Access), i >= 2; got != want {
			t.Errorf("session %d is accepted: %v, want %v", i, got, want)
		}
	}
	w.ended(t, opened[1].Tokens.Refresh)
	w.renew(t, opened[2])
	if diff := cmp.Diff([]auth.Action{auth.SessionRevoked, auth.SessionRevoked}, w.actions(t)); diff != "" {
		t.Error(diff)
	}
}

func TestRenewingGoesOnAndOn(t *testing.T) {
	w := newWorld(t, grace)
	o := w.open(t)
	seen := map[string]bool{o.Tokens.Refresh: true}
	for range 5 {
		w.clock.Move(time.Hour)
		next := w.renew(t, o)
		if seen[next.Tokens.Refresh] || next.Tokens.Access == o.Tokens.Access {
			t.Fatal("a token was answered twice")
		}
		if !next.Session.AuthTime.Equal(o.Session.AuthTime) || !next.Session.ExpiresAt.Equal(o.Session.ExpiresAt) {
			t.Fatal("renewing has moved auth_time or the session's end")
		}
		seen[next.Tokens.Refresh] = true
		o = next
	}
}

func TestALostAnswerIsAnsweredAgainWithinTheGraceTime(t *testing.T) {
	w := newWorld(t, grace)
	first := w.open(t)
	w.clock.Move(time.Hour)
	second := w.renew(t, first)
	w.clock.Move(grace)
	again := w.renew(t, first)
	if again.Tokens.Refresh != second.Tokens.Refresh {
		t.Error("there is a fork: two refresh tokens of one session")
	}
	if !w.accepted(t, again.Tokens.Access) {
		t.Error("the access token is not good")
	}
	w.renew(t, second)
}

func TestARefreshTokenThatWasStolenEndsTheSession(t *testing.T) {
	tests := map[string]struct {
		grace, later time.Duration
		renewals     int
	}{
		"the last but one, after the grace time": {grace, grace + time.Microsecond, 1},
		"the last but one, without a grace time": {0, 0, 1},
		"the last but two, at once":              {grace, 0, 2},
		"a much older one":                       {grace, time.Hour, 7},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, test.grace)
			first := w.open(t)
			last := first
			for range test.renewals {
				last = w.renew(t, last)
			}
			w.clock.Move(test.later)
			w.ended(t, first.Tokens.Refresh)
			w.ended(t, last.Tokens.Refresh)
			if w.accepted(t, last.Tokens.Access) {
				t.Error("the access token is still accepted")
			}
			if diff := cmp.Diff([]auth.Action{auth.RefreshTokenReused}, w.actions(t)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestARefreshTokenThatIsNoneChangesNothing(t *testing.T) {
	w := newWorld(t, grace)
	o := w.open(t)
	parts := strings.Split(o.Tokens.Refresh, ".")
	other := newWorld(t, grace).open(t).Tokens.Refresh
	flip := func(s string) string {
		if strings.HasPrefix(s, "A") {
			return "B" + s[1:]
		}
		return "A" + s[1:]
	}
	tests := map[string]string{
		"empty":                     "",
		"the access token":          o.Tokens.Access,
		"without its prefix":        strings.TrimPrefix(o.Tokens.Refresh, "fwr_"),
		"with its prefix twice":     "fwr_" + o.Tokens.Refresh,
		"of another server":         other,
		"of another key version":    strings.Join([]string{"fwr_2", parts[1], parts[2], parts[3]}, "."),
		"of another session":        strings.Join([]string{parts[0], string(auth.NewID("ses", w.clock.Now())), parts[2], parts[3]}, "."),
		"with a higher counter":     strings.Join([]string{parts[0], parts[1], "1", parts[3]}, "."),
		"with a counter of 0x":      strings.Join([]string{parts[0], parts[1], "0x0", parts[3]}, "."),
		"with a counter of 00":      strings.Join([]string{parts[0], parts[1], "00", parts[3]}, "."),
		"with a negative counter":   strings.Join([]string{parts[0], parts[1], "-1", parts[3]}, "."),
		"with an endless counter":   strings.Join([]string{parts[0], parts[1], strings.Repeat("9", 4000), parts[3]}, "."),
		"with another MAC":          strings.Join([]string{parts[0], parts[1], parts[2], flip(parts[3])}, "."),
		"with half a MAC":           strings.Join([]string{parts[0], parts[1], parts[2], parts[3][:20]}, "."),
		"without a MAC":             strings.Join([]string{parts[0], parts[1], parts[2], ""}, "."),
		"with a line break inside":  o.Tokens.Refresh[:20] + "\n" + o.Tokens.Refresh[20:],
		"with a line break behind":  o.Tokens.Refresh + "\n",
		"with a padded MAC":         o.Tokens.Refresh + "=",
		"with something behind":     o.Tokens.Refresh + ".",
		"with the ID of a user":     strings.Join([]string{parts[0], string(w.user.ID), parts[2], parts[3]}, "."),
		"with a line break in MAC":  o.Tokens.Refresh[:len(o.Tokens.Refresh)-4] + "\n" + o.Tokens.Refresh[len(o.Tokens.Refresh)-4:],
		"in capitals":               strings.ToUpper(o.Tokens.Refresh),
		"with other trailing bits":  o.Tokens.Refresh[:len(o.Tokens.Refresh)-1] + "_",
		"as long as the body limit": strings.Repeat("fwr_1.", 10_000),
	}
	for name, refresh := range tests {
		t.Run(name, func(t *testing.T) {
			if refresh == o.Tokens.Refresh {
				t.Fatal("this is the token itself")
			}
			w.ended(t, refresh)
		})
	}
	if len(w.actions(t)) != 0 {
		t.Errorf("it is on record as %v", w.actions(t))
	}
	w.renew(t, o)
}

func TestADatabaseThatHasLostWritesLogsNobodyOut(t *testing.T) {
	w := newWorld(t, grace)
	ahead := newTokenAhead(t, w)
	renewed := w.renew(t, ahead)
	w.clock.Move(time.Hour)
	w.renew(t, renewed)
	if n := len(w.actions(t)); n != 0 {
		t.Errorf("%d sessions ended", n)
	}
}

// newTokenAhead answers a session whose refresh token is three steps ahead of the database, as after a restore.
func newTokenAhead(t *testing.T, w *world) session.Opened {
	t.Helper()
	o := w.open(t)
	ahead := o
	for range 3 {
		ahead = w.renew(t, ahead)
	}
	if err := w.store.Advance(t.Context(), session.Advance{
		SessionID: o.Session.ID, From: 3, To: 0, At: w.clock.Now(), Client: desk,
	}); err != nil {
		t.Fatal(err)
	}
	return ahead
}

func TestSessionsEndByTheClock(t *testing.T) {
	const day = 24 * time.Hour
	t.Run("unused", func(t *testing.T) {
		w := newWorld(t, grace)
		o := w.open(t)
		w.clock.Move(14*day - time.Second)
		o = w.renew(t, o)
		w.clock.Move(14 * day)
		w.ended(t, o.Tokens.Refresh)
	})
	t.Run("used all the time", func(t *testing.T) {
		w := newWorld(t, grace)
		o := w.open(t)
		for range 29 {
			w.clock.Move(day)
			o = w.renew(t, o)
		}
		w.clock.Move(day - 2*time.Second)
		o = w.renew(t, o)
		if !o.Tokens.ExpiresAt.Equal(o.Session.ExpiresAt) {
			t.Errorf("the access token ends at %s, and its session at %s", o.Tokens.ExpiresAt, o.Session.ExpiresAt)
		}
		w.clock.Move(1500 * time.Millisecond) // what is left is too short for a token
		w.ended(t, o.Tokens.Refresh)
		w.clock.Move(500 * time.Millisecond)
		w.ended(t, o.Tokens.Refresh)
	})
}

func TestOfParallelRenewalsThereIsNeverAFork(t *testing.T) {
	tests := map[string]struct {
		grace time.Duration
		want  int
	}{
		"with a grace time all go on with one token": {grace, 20},
		"without one exactly one goes on":            {0, 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, test.grace)
			o := w.open(t)
			var (
				wg      sync.WaitGroup
				mu      sync.Mutex
				refresh = map[string]int{}
			)
			for range 20 {
				wg.Go(func() {
					renewed, err := w.Renew(context.WithoutCancel(t.Context()), auth.Secret(o.Tokens.Refresh), desk)
					mu.Lock()
					defer mu.Unlock()
					switch {
					case err == nil:
						refresh[renewed.Tokens.Refresh]++
					case !errors.Is(err, auth.ErrSessionEnded):
						t.Errorf("renew: %v", err)
					}
				})
			}
			wg.Wait()
			if len(refresh) != 1 {
				t.Fatalf("there are %d refresh tokens", len(refresh))
			}
			for _, n := range refresh {
				if n != test.want {
					t.Errorf("%d of 20 went on, want %d", n, test.want)
				}
			}
		})
	}
}

func TestAReplayFromElsewhereIsOnRecord(t *testing.T) {
	tests := map[string]struct {
		from auth.Client
		want bool
	}{
		"the same client":                  {desk, false},
		"a neighbour in its network":       {auth.Client{IPAddress: authtest.Text("192.0.2.77"), UserAgent: desk.UserAgent}, false},
		"another network":                  {auth.Client{IPAddress: authtest.Text("198.51.100.1"), UserAgent: desk.UserAgent}, true},
		"another user agent":               {auth.Client{IPAddress: desk.IPAddress, UserAgent: authtest.Text("Phone/2")}, true},
		"an address that is no longer one": {auth.Client{UserAgent: desk.UserAgent}, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, grace)
			spy := &recorder{Store: w.store}
			w.Manager = w.WithStore(spy)
			o := w.open(t)
			w.renew(t, o)
			if _, err := w.Renew(t.Context(), auth.Secret(o.Tokens.Refresh), test.from); err != nil {
				t.Fatal(err)
			}
			if got := len(spy.recorded) == 1 && spy.recorded[0].Action == auth.RefreshReplayed; got != test.want {
				t.Errorf("recorded %v", spy.recorded)
			}
		})
	}
}

// recorder is the real store, and remembers what was put on record.
type recorder struct {
	session.Store
	recorded []auth.Event
}

func (r *recorder) Record(ctx context.Context, e auth.Event) error {
	r.recorded = append(r.recorded, e)
	return r.Store.Record(ctx, e)
}

func TestSigningOut(t *testing.T) {
	tests := map[string]struct {
		caller  func(session.Opened) auth.Caller
		refresh func(session.Opened) string
		want    int
	}{
		"by the access token":  {func(o session.Opened) auth.Caller { return o.Caller }, func(session.Opened) string { return "" }, 1},
		"by the refresh token": {func(session.Opened) auth.Caller { return auth.Nobody }, func(o session.Opened) string { return o.Tokens.Refresh }, 1},
		"with neither":         {func(session.Opened) auth.Caller { return auth.Nobody }, func(session.Opened) string { return "" }, 0},
		"with a bad token": {
			func(session.Opened) auth.Caller { return auth.Nobody },
			func(o session.Opened) string { return o.Tokens.Refresh[:len(o.Tokens.Refresh)-3] + "AAA" }, 0,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, grace)
			o, other := w.open(t), w.open(t)
			for i, want := range []int{test.want, 0} {
				got, err := w.End(t.Context(), test.caller(o), auth.Secret(test.refresh(o)), desk)
				if err != nil || got != want {
					t.Errorf("time %d: %d sessions ended, %v; want %d", i+1, got, err, want)
				}
			}
			if w.accepted(t, o.Tokens.Access) != (test.want == 0) {
				t.Error("the access token says otherwise")
			}
			if !w.accepted(t, other.Tokens.Access) {
				t.Error("another session of the user has ended")
			}
		})
	}
}

func TestSigningOutEverywhereRefusesEveryTokenOfTheUserAlone(t *testing.T) {
	w := newWorld(t, grace)
	first, second := w.open(t), w.open(t)
	ada := w.user
	w.user = w.addUser(t, "bob@example.com")
	bob := w.open(t)
	ended, err := w.EndAll(t.Context(), first.Caller, desk)
	if err != nil || ended != 2 {
		t.Fatalf("%d sessions ended, %v", ended, err)
	}
	for _, o := range []session.Opened{first, second} {
		if w.accepted(t, o.Tokens.Access) {
			t.Error("a token is still accepted")
		}
		w.ended(t, o.Tokens.Refresh)
	}
	if !w.accepted(t, bob.Tokens.Access) {
		t.Error("another user's token is refused")
	}
	if _, err := w.Open(t.Context(), ada, session.Proof{Hash: hash}, desk); !errors.Is(err, session.ErrChanged) {
		t.Errorf("who was read before signs in with the old generation: %v", err)
	}
}
