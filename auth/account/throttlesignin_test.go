package account_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/account"
	"github.com/fieldward/fieldward/auth/authtest"
	"github.com/fieldward/fieldward/auth/keyring"
	"github.com/fieldward/fieldward/auth/password"
	"github.com/fieldward/fieldward/db"
	"github.com/fieldward/fieldward/db/sqlite"
)

const wrong = auth.Secret("wrong horse battery")

// door is a manager of which the hashes are counted.
type door struct {
	*account.Manager
	store  *db.Store
	hasher *password.Hasher
}

// newDoor is an instance of the server on the store.
func newDoor(t *testing.T, store *db.Store, master keyring.MasterKey, s account.Settings) door {
	t.Helper()
	w := newTownOn(t, store, master, s)
	return door{Manager: w.Manager, store: w.store, hasher: w.hasher}
}

// inBubble runs the test in a bubble of synctest, with a user ada@example.com who has not signed in yet.
func inBubble(t *testing.T, s account.Settings, test func(t *testing.T, d door)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		store, done := newStore(t)
		defer done()
		d := newDoor(t, store, keyring.NewMasterKey(), s)
		if _, err := d.Create(t.Context(), account.Operator, account.Details{Email: "ada@example.com", Name: "Ada", Password: good}); err != nil {
			t.Fatal(err)
		}
		test(t, d)
	})
}

// at is a client in a network of its own.
func at(network int) auth.Client {
	return auth.Client{IPAddress: authtest.Text(fmt.Sprintf("198.51.%d.7", network)), UserAgent: authtest.Text("Browser/1")}
}

// step is what one attempt to sign in comes to.
type step struct {
	Code   auth.Code // empty where it succeeded
	Retry  int
	Hashes uint64
	Took   time.Duration
}

func (d door) try(t *testing.T, email string, p auth.Secret, from auth.Client) step {
	t.Helper()
	before, began := d.hasher.Hashes(), time.Now()
	_, err := d.SignIn(t.Context(), email, p, from)
	s := step{Hashes: d.hasher.Hashes() - before, Took: time.Since(began)}
	if err != nil {
		known, ok := errors.AsType[*auth.Error](err)
		if !ok {
			t.Fatal(err)
		}
		s.Code, s.Retry = known.Code, known.RetrySeconds()
	}
	return s
}

// The steps that there are. What fails is answered at the next half second.
func refused() step { return step{Code: auth.InvalidCredentials, Hashes: 1, Took: failureStep} }

func limited(retry int) step { return step{Code: auth.RateLimited, Retry: retry, Took: failureStep} }

func signedIn() step { return step{Hashes: 1} }

const failureStep = 500 * time.Millisecond

func TestAFailureCostsOneHashAndARefusalNoneWhetherTheAddressIsKnownOrNot(t *testing.T) {
	for name, email := range map[string]string{"known": "ada@example.com", "unknown": "nobody@example.com"} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, account.Settings{}, func(t *testing.T, d door) {
				var got []step
				for i := range 8 {
					s := d.try(t, email, wrong, at(i))
					got = append(got, s)
					if s.Retry > 0 {
						time.Sleep(time.Duration(s.Retry) * time.Second)
						got = append(got, d.try(t, email, wrong, at(i)))
					}
				}
				// Half a second of each wait goes by with the answer before it.
				want := []step{
					refused(), refused(), refused(), refused(), refused(),
					limited(1), refused(), limited(2), refused(), limited(4), refused(),
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Error(diff)
				}
			})
		})
	}
}

func TestARightPasswordIsRefusedWhileOthersGuess(t *testing.T) {
	inBubble(t, account.Settings{}, func(t *testing.T, d door) {
		for i := range 5 {
			d.try(t, "ada@example.com", wrong, at(i))
		}
		got := []step{d.try(t, "ADA@example.com", good, at(9))}
		time.Sleep(time.Second)
		got = append(got, d.try(t, "ada@example.com", good, at(9)))
		for i := range 6 { // all is forgiven
			got = append(got, d.try(t, "ada@example.com", wrong, at(i)))
		}
		want := []step{limited(1), signedIn(), refused(), refused(), refused(), refused(), refused(), limited(1)}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestAnAttackerElsewhereDoesNotLockTheOwnerOut(t *testing.T) {
	inBubble(t, account.Settings{}, func(t *testing.T, d door) {
		const home, elsewhere, neighbour = 1, 2, 30
		if s := d.try(t, "ada@example.com", good, at(home)); s != signedIn() {
			t.Fatalf("%+v", s)
		}
		for i := range 10 { // the attacker has many networks, and waits as they are told
			if s := d.try(t, "ada@example.com", wrong, at(neighbour+i)); s.Retry > 0 {
				time.Sleep(time.Duration(s.Retry) * time.Second)
				d.try(t, "ada@example.com", wrong, at(neighbour+i))
			}
		}
		sameNetwork := at(home)
		sameNetwork.IPAddress = authtest.Text("198.51.1.200")
		got := []step{
			d.try(t, "ada@example.com", wrong, at(home)), // a typing error
			d.try(t, "ada@example.com", good, sameNetwork),
			d.try(t, "ada@example.com", good, at(elsewhere)),
		}
		want := []step{refused(), signedIn(), limited(31)}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		// The session is the owner's last one, and unused for too long by then.
		time.Sleep(time.Hour)
		for range 2 {
			for i := range 6 {
				d.try(t, "ada@example.com", wrong, at(neighbour+i))
			}
		}
		if s := d.try(t, "ada@example.com", good, at(home)); s.Code != auth.RateLimited {
			t.Errorf("a network of which no session lives any more: %+v", s)
		}
	})
}

func TestInstancesCountTogether(t *testing.T) {
	path, master := filepath.Join(t.TempDir(), "shared.db"), keyring.NewMasterKey()
	var doors []door
	for range 2 {
		store, err := sqlite.Open(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = store.Close() })
		if err := store.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		doors = append(doors, newDoor(t, store, master, account.Settings{}))
	}
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		codes = map[auth.Code]int{}
	)
	for i := range 20 {
		wg.Go(func() {
			_, err := doors[i%2].SignIn(t.Context(), "ada@example.com", wrong, at(i))
			mu.Lock()
			defer mu.Unlock()
			codes[code(err)]++
		})
	}
	wg.Wait()
	want := map[auth.Code]int{auth.InvalidCredentials: 5, auth.RateLimited: 15}
	if diff := cmp.Diff(want, codes); diff != "" {
		t.Errorf("of 20 at once: %s", diff)
	}
	if n := doors[0].hasher.Hashes() + doors[1].hasher.Hashes(); n != 5 {
		t.Errorf("they cost %d hashes", n)
	}
}

// Nothing is compared with a hash that cannot be read, so that nothing is learned and nothing counts.
func TestAnAttemptThatComesToNoHashDoesNotCount(t *testing.T) {
	inBubble(t, account.Settings{}, func(t *testing.T, d door) {
		now := time.Now().UTC()
		u := auth.User{
			ID: auth.NewID(auth.UserPrefix, now), Name: "Bob", Email: "bob@example.com", Roles: []auth.Role{auth.RoleUser},
			CreatedAt: now, UpdatedAt: now, Generation: 1,
		}
		if err := d.store.AddUser(t.Context(), account.NewUser{User: u, PasswordHash: "no hash"}); err != nil {
			t.Fatal(err)
		}
		for range 10 {
			if _, err := d.SignIn(t.Context(), "bob@example.com", wrong, at(1)); code(err) != auth.Internal {
				t.Fatal(err)
			}
		}
		if n := d.hasher.Hashes(); n != 1 { // that of Ada's password
			t.Errorf("they cost %d hashes", n)
		}
	})
}

func TestWithoutADatabaseNobodyIsLetThrough(t *testing.T) {
	store, done := newStore(t)
	d := newDoor(t, store, keyring.NewMasterKey(), account.Settings{MaxSignUps: 20})
	done()
	_, in := d.SignIn(t.Context(), "ada@example.com", good, at(1))
	_, up := d.SignUp(t.Context(), account.Details{Email: "ada@example.com", Name: "Ada", Password: good}, at(1))
	if code(in) != auth.Internal || code(up) != auth.Internal || d.hasher.Hashes() != 0 {
		t.Errorf("signing in says %v, signing up %v, after %d hashes", in, up, d.hasher.Hashes())
	}
}

func TestSignUpsAreCountedPerNetworkAndMinute(t *testing.T) {
	inBubble(t, account.Settings{MaxSignUps: 3}, func(t *testing.T, d door) {
		n := 0
		signUp := func(email string, from auth.Client) (auth.Code, int) {
			n++
			if email == "" {
				email = fmt.Sprintf("user%d@example.com", n)
			}
			before := d.hasher.Hashes()
			_, err := d.SignUp(t.Context(), account.Details{Email: email, Name: "Someone", Password: good}, from)
			if refused := code(err) == auth.RateLimited; (d.hasher.Hashes() == before) != refused {
				t.Errorf("refused: %v, after %d hashes", refused, d.hasher.Hashes()-before)
			}
			if known, ok := errors.AsType[*auth.Error](err); ok {
				return known.Code, known.RetrySeconds()
			}
			return "", 0
		}
		expect := func(email string, from auth.Client, want auth.Code, wait int) {
			t.Helper()
			if got, told := signUp(email, from); got != want || told != wait {
				t.Errorf("signing up says %q and to wait %d s, want %q and %d s", got, told, want, wait)
			}
		}
		expect("", at(1), "", 0)
		time.Sleep(20500 * time.Millisecond)
		expect("ada@example.com", at(1), auth.EmailTaken, 0) // counts too: it tells who has an account
		expect("", at(1), "", 0)
		expect("", at(1), auth.RateLimited, 40)
		expect("", at(2), "", 0)
		for range 5 {
			expect("", auth.Client{}, "", 0) // no network is known
		}
		time.Sleep(40 * time.Second)
		for range 3 {
			expect("", at(1), "", 0)
		}
		expect("", at(1), auth.RateLimited, 60)
	})
}

func TestWithoutALimitSignUpsAreNotCounted(t *testing.T) {
	inBubble(t, account.Settings{}, func(t *testing.T, d door) {
		for i := range 21 {
			_, err := d.SignUp(t.Context(), account.Details{Email: fmt.Sprintf("user%d@example.com", i), Name: "Someone", Password: good}, at(1))
			if err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestASignUpThatIsBadInputIsNotCounted(t *testing.T) {
	inBubble(t, account.Settings{MaxSignUps: 1}, func(t *testing.T, d door) {
		for range 3 {
			_, err := d.SignUp(t.Context(), account.Details{Email: "bob@example.com", Name: "Bob", Password: "short"}, at(1))
			if code(err) != auth.WeakPassword {
				t.Fatal(err)
			}
		}
		if _, err := d.SignUp(t.Context(), account.Details{Email: "bob@example.com", Name: "Bob", Password: good}, at(1)); err != nil {
			t.Error(err)
		}
	})
}

// failure is a failed sign-in as it stands on record.
type failure struct {
	Subject auth.ID
	From    auth.Client
	After   time.Duration // since the test began
	Count   float64
}

// failures are those on record, oldest first.
func (d door) failures(t *testing.T, began time.Time) []failure {
	t.Helper()
	events, err := d.store.Events(t.Context(), auth.EventFilter{Actions: []auth.Action{auth.SignInFailed}}, auth.Page{Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	var all []failure
	for _, e := range slices.Backward(events.Items) {
		if e.ActorID != nil || e.SessionID != nil || len(e.Details) != 1 {
			t.Errorf("a failure is on record as %+v", e)
		}
		f := failure{From: e.Client, After: e.At.Sub(began), Count: e.Details["count"].(float64)}
		if e.SubjectID != nil {
			f.Subject = *e.SubjectID
		}
		all = append(all, f)
	}
	return all
}

func TestFailuresAreOneEventForEachAccountNetworkAndMinute(t *testing.T) {
	inBubble(t, account.Settings{}, func(t *testing.T, d door) {
		began := time.Now() // at an even minute
		ada, _, err := d.store.Credentials(t.Context(), "ada@example.com")
		if err != nil {
			t.Fatal(err)
		}
		bob, err := d.Create(t.Context(), account.Operator, account.Details{Email: "bob@example.com", Name: "Bob", Password: good})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.Disable(t.Context(), account.Operator, bob.ID, nil); err != nil {
			t.Fatal(err)
		}
		neighbour := auth.Client{IPAddress: authtest.Text("198.51.1.200")} // in the network of at(1)
		var got []step
		for _, attempt := range []struct {
			email string
			p     auth.Secret
			from  auth.Client
		}{
			{"ada@example.com", wrong, at(1)}, // in steps of half a second
			{"ada@example.com", wrong, neighbour},
			{"ADA@example.com", wrong, at(1)},
			{"ada@example.com", wrong, at(2)},
			{"nobody@example.com", wrong, at(1)},
			{"no.one@example.com", wrong, neighbour},
			{"bob@example.com", good, at(1)},
			{"ada@example.com", wrong, auth.Client{}},
			{"ada@example.com", good, at(3)}, // refused: nothing is on record of it
		} {
			got = append(got, d.try(t, attempt.email, attempt.p, attempt.from))
		}
		if last := got[len(got)-1]; last.Code != auth.RateLimited || got[6].Code != auth.UserDisabled {
			t.Errorf("the steps are %+v", got)
		}
		time.Sleep(time.Minute)
		d.try(t, "ada@example.com", wrong, at(1))
		want := []failure{
			{ada.ID, at(1), 0, 3},
			{ada.ID, at(2), 1500 * time.Millisecond, 1},
			{"", at(1), 2 * time.Second, 2},
			{bob.ID, at(1), 3 * time.Second, 1},
			{ada.ID, auth.Client{}, 3500 * time.Millisecond, 1},
			{ada.ID, at(1), 64500 * time.Millisecond, 1},
		}
		if diff := cmp.Diff(want, d.failures(t, began)); diff != "" {
			t.Error(diff)
		}
	})
}
