package account_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/account"
	"github.com/fieldward/fieldward/auth/authtest"
)

// pacer is a throttle on a real store, and its clock.
type pacer struct {
	account.Throttle
	clock *authtest.Clock
}

func newPacer(t *testing.T) pacer {
	t.Helper()
	store, done := newStore(t)
	t.Cleanup(done)
	clock := authtest.NewClock()
	return pacer{account.NewThrottle(store, clock.Now), clock}
}

// told is how many seconds an error asks to wait; 0 where it is nil.
func told(t testing.TB, err error) int {
	t.Helper()
	if err == nil {
		return 0
	}
	known, ok := errors.AsType[*auth.Error](err)
	if !ok || known.Code != auth.RateLimited {
		t.Errorf("got the error %v, want RATE_LIMITED", err)
		return -1
	}
	return known.RetrySeconds()
}

// fail makes an attempt that fails, and returns how many seconds it was told to wait; 0 where it was let through.
func (p pacer) fail(t *testing.T, email, network string) int {
	t.Helper()
	_, err := p.Begin(t.Context(), email, network, false)
	return told(t, err)
}

// storm makes attempts, each as soon as it may, and returns the waits between them in seconds.
func (p pacer) storm(t *testing.T, n int, email func(int) string, network func(int) string) []int {
	t.Helper()
	var waits []int
	for i := range n {
		wait := p.fail(t, email(i), network(i))
		p.clock.Move(time.Duration(wait) * time.Second)
		if wait > 0 && p.fail(t, email(i), network(i)) != 0 {
			t.Fatalf("attempt %d has waited for as long as it was told, and is refused", i+1)
		}
		waits = append(waits, wait)
	}
	return waits
}

func same(s string) func(int) string     { return func(int) string { return s } }
func numbered(s string) func(int) string { return func(i int) string { return fmt.Sprint(s, i) } }
func seconds(repeated ...[2]int) (s []int) {
	for _, r := range repeated {
		s = append(s, slices.Repeat([]int{r[1]}, r[0])...)
	}
	return s
}

func TestGuessesAtOneAccountSlowDown(t *testing.T) {
	p := newPacer(t)
	got := p.storm(t, 14, same("ada"), numbered("network"))
	want := append(seconds([2]int{5, 0}), 1, 2, 4, 8, 16, 32, 60, 60, 60)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the waits are others: %s", diff)
	}
	if wait := p.fail(t, "bob", "network"); wait != 0 {
		t.Errorf("another account waits %d s", wait)
	}
}

func TestGuessesFromOneNetworkSlowDown(t *testing.T) {
	p := newPacer(t)
	got := p.storm(t, 41, numbered("someone"), same("network"))
	want := append(seconds([2]int{30, 0}), 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the waits are others: %s", diff)
	}
	if wait := p.fail(t, "someone", "another"); wait != 0 {
		t.Errorf("another network waits %d s", wait)
	}
	if wait := p.fail(t, "someone else", ""); wait != 0 {
		t.Errorf("who comes from no known network waits %d s", wait)
	}
}

// A network that is refused must not use up the account's attempts: the owner may be elsewhere.
func TestWhatIsRefusedDoesNotCount(t *testing.T) {
	p := newPacer(t)
	p.storm(t, 36, numbered("someone"), same("network"))
	for range 100 {
		if wait := p.fail(t, "ada", "network"); wait != 64 {
			t.Fatalf("a refused network waits %d s, want 64", wait)
		}
	}
	if diff := cmp.Diff(seconds([2]int{5, 0}), p.storm(t, 5, same("ada"), numbered("other"))); diff != "" {
		t.Error(diff)
	}
}

func TestFailuresAreForgottenWithTime(t *testing.T) {
	tests := map[string]struct {
		after time.Duration
		want  []int
	}{
		"at once":               {0, []int{60, 60, 60, 60, 60, 60}},
		"a minute later":        {time.Minute, []int{0, 60, 60, 60, 60, 60}},
		"a half-life later":     {15 * time.Minute, []int{0, 4, 8, 16, 32, 60}},
		"two half-lives":        {30 * time.Minute, []int{0, 0, 1, 2, 4, 8}},
		"three half-lives":      {45 * time.Minute, []int{0, 0, 0, 0, 1, 2}},
		"an hour and a half":    {90 * time.Minute, []int{0, 0, 0, 0, 0, 1}},
		"a day after it":        {24 * time.Hour, []int{0, 0, 0, 0, 0, 1}},
		"a hundred years hence": {100 * 365 * 24 * time.Hour, []int{0, 0, 0, 0, 0, 1}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			p := newPacer(t)
			p.storm(t, 13, same("ada"), same("")) // in some two minutes
			p.clock.Move(test.after)
			if diff := cmp.Diff(test.want, p.storm(t, 6, same("ada"), same(""))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// An attacker who never stops is not forgiven while they go on.
func TestASteadyAttackStaysSlow(t *testing.T) {
	p := newPacer(t)
	p.storm(t, 20, same("ada"), numbered("network"))
	for _, wait := range p.storm(t, 100, same("ada"), numbered("network")) {
		if wait != 60 {
			t.Fatalf("an attempt waited %d s", wait)
		}
	}
}

func TestASuccessForgivesTheAccountAndGivesTheNetworkBackItsOne(t *testing.T) {
	p := newPacer(t)
	p.storm(t, 8, same("ada"), same("network"))
	p.storm(t, 22, numbered("someone"), same("network"))
	for range 3 { // each takes the place of none
		p.clock.Move(time.Second)
		a, err := p.Begin(t.Context(), "ada", "network", false)
		if wait := told(t, err); wait > 0 {
			p.clock.Move(time.Duration(wait) * time.Second)
			if a, err = p.Begin(t.Context(), "ada", "network", false); err != nil {
				t.Fatal(err)
			}
		}
		if err := a.Succeeded(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(append(seconds([2]int{5, 0}), 1), p.storm(t, 6, same("ada"), numbered("other"))); diff != "" {
		t.Errorf("the account is not forgiven: %s", diff)
	}
	p.clock.Move(time.Second)
	if diff := cmp.Diff([]int{0, 2, 4}, p.storm(t, 3, numbered("next"), same("network"))); diff != "" {
		t.Errorf("the network has not 30 failures: %s", diff)
	}
}

func TestWhatIsUndoneHasNotBeen(t *testing.T) {
	p := newPacer(t)
	p.storm(t, 12, same("ada"), same("network"))
	p.clock.Move(time.Minute)
	for range 3 { // the clock stands still: only an undone attempt leaves room for the next
		a, err := p.Begin(t.Context(), "ada", "network", false)
		if err != nil {
			t.Fatal(err)
		}
		if err := a.Undone(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]int{0, 60}, p.storm(t, 2, same("ada"), same("network"))); diff != "" {
		t.Error(diff)
	}
}

func TestTheOwnerAtHomeIsCountedApart(t *testing.T) {
	p := newPacer(t)
	p.storm(t, 15, same("ada"), numbered("network"))
	p.storm(t, 35, numbered("someone"), same("home"))
	at := p.clock.Now()
	var waits []int
	for range 6 {
		_, err := p.Begin(t.Context(), "ada", "home", true)
		waits = append(waits, told(t, err))
	}
	if diff := cmp.Diff(append(seconds([2]int{5, 0}), 1), waits); diff != "" || p.clock.Now() != at {
		t.Errorf("the owner waits: %s", diff)
	}
	p.clock.Move(time.Second)
	a, err := p.Begin(t.Context(), "ada", "home", true)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Succeeded(t.Context()); err != nil {
		t.Fatal(err)
	}
	if wait := p.fail(t, "ada", "network"); wait != 28 {
		t.Errorf("after the owner's success the attacker waits %d s, want the 28 that are left of 60", wait)
	}
}

func TestOfTwentyAttemptsAtOnceNoMoreThanAllowedAreLetThrough(t *testing.T) {
	p := newPacer(t)
	var (
		wg      sync.WaitGroup
		mu      sync.Mutex
		through int
	)
	for i := range 20 {
		wg.Go(func() {
			if p.fail(t, "ada", fmt.Sprint("network", i)) == 0 {
				mu.Lock()
				defer mu.Unlock()
				through++
			}
		})
	}
	wg.Wait()
	if through != 5 {
		t.Errorf("%d were let through, want 5", through)
	}
}

// Attempts that have an account or a network in common hold each other's tallies.
func TestAttemptsThatCrossDoNotWaitForEachOther(t *testing.T) {
	p := newPacer(t)
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() { p.fail(t, fmt.Sprint("a", i%2), fmt.Sprint("b", i/2%2)) })
	}
	wg.Wait()
}

func TestATallyOfAClockThatWasAheadLocksNobodyOut(t *testing.T) {
	p := newPacer(t)
	p.storm(t, 13, same("ada"), same("network"))
	p.clock.Move(-24 * time.Hour)
	if wait := p.fail(t, "ada", "network"); wait != 0 {
		t.Errorf("they wait %d s", wait)
	}
}

// Whatever happened before, whoever waits as long as they are told is let through.
func TestNobodyIsLockedOutForGood(t *testing.T) {
	p := newPacer(t)
	round := 0
	rapid.Check(t, func(t *rapid.T) {
		round++
		for range rapid.IntRange(1, 40).Draw(t, "attempts") {
			email := fmt.Sprint(round, rapid.SampledFrom([]string{"ada", "bob"}).Draw(t, "email"))
			network := fmt.Sprint(round, rapid.SampledFrom([]string{"home", "elsewhere"}).Draw(t, "network"))
			familiar := rapid.Bool().Draw(t, "familiar")
			a, err := p.Begin(context.Background(), email, network, familiar)
			if known, ok := errors.AsType[*auth.Error](err); ok {
				if known.Code != auth.RateLimited || known.RetrySeconds() < 1 || known.RetrySeconds() > 300 {
					t.Fatalf("told: %v, %s", err, known.RetryAfter)
				}
				p.clock.Move(time.Duration(known.RetrySeconds()) * time.Second)
				a, err = p.Begin(context.Background(), email, network, familiar)
			}
			if err != nil {
				t.Fatal(err)
			}
			switch rapid.IntRange(0, 9).Draw(t, "outcome") {
			case 0:
				err = a.Succeeded(context.Background())
			case 1:
				err = a.Undone(context.Background())
			}
			if err != nil {
				t.Fatal(err)
			}
			p.clock.Move(time.Duration(rapid.IntRange(0, 3000).Draw(t, "pause")) * time.Millisecond)
		}
	})
}

func TestTalliesAreForgottenWhenTheySayNothingAnyMore(t *testing.T) {
	w := newTown(t)
	ages := []time.Duration{3 * time.Hour, 2*time.Hour + time.Minute, 2*time.Hour - time.Minute, 0}
	keys := make([]account.TallyKey, len(ages))
	for i := range keys {
		keys[i][0] = byte(i)
	}
	change := func(do func([]account.Tally) error) {
		t.Helper()
		if err := w.store.ChangeTallies(t.Context(), keys, do); err != nil {
			t.Fatal(err)
		}
	}
	change(func(tallies []account.Tally) error {
		for i, age := range ages {
			at := time.Now().Add(-age)
			tallies[i] = account.Tally{Count: 255, Since: at, LastAt: at} // as many as can be
		}
		return nil
	})
	for _, want := range []int{1, 1, 0} {
		if n, err := w.ForgetTallies(t.Context(), 1); n != want || err != nil {
			t.Errorf("%d are forgotten, want %d: %v", n, want, err)
		}
	}
	change(func(tallies []account.Tally) error {
		for i, tally := range tallies {
			if kept := tally.Count > 0; kept != (i >= 2) {
				t.Errorf("whether the one of %s ago is kept: %t", ages[i], kept)
			}
		}
		return nil
	})
}
