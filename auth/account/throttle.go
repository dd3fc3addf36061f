package account

import (
	"context"
	"fmt"
	"time"

	"github.com/fieldward/fieldward/auth"
)

// perAccount leaves room for typing errors, and then allows a guess a minute. An attacker with a network to each guess
// gets no further than that, and the longest wait is one that the owner sits out.
func perAccount() pace { return pace{free: 5, longest: time.Minute} }

// perNetwork leaves room for an office or a school in which many sign in at nine o'clock. Only failures stay counted,
// and who fails thirty times in a quarter of an hour is not one of them.
func perNetwork() pace { return pace{free: 30, longest: 5 * time.Minute} }

// counter is a tally that an attempt counts on, and the pace that it is held to.
type counter struct {
	key TallyKey
	pace
	// forgiven is whether a success makes the tally void; else it takes back the attempt alone.
	forgiven bool
}

// counters are those of an attempt on the account with this address, whether there is one or not.
//
// From a network in which a session of the account lives, the attempt counts on a tally that no one elsewhere counts
// on: the owner is not locked out by an attacker elsewhere, nor by one who fails a lot in the owner's own network.
func counters(emailKey, network string, familiar bool) []counter {
	if familiar {
		return []counter{{tallyKey("owner", emailKey, network), perAccount(), true}}
	}
	all := []counter{{tallyKey("account", emailKey), perAccount(), true}}
	if network != "" {
		all = append(all, counter{tallyKey("network", network), perNetwork(), false})
	}
	return all
}

// throttle slows down whoever guesses passwords. What it refuses costs no hash, and does not count: nobody is locked
// out for good.
type throttle struct {
	store Tallies
	now   func() time.Time
}

// attempt is one that was let through, and counted as if it had failed.
type attempt struct {
	throttle *throttle
	counters []counter
	at       time.Time
	before   []time.Time // when each was last counted before
}

// begin counts an attempt before anything is done for it, so that parallel ones get no further than others, or fails
// with auth.RateLimited.
func (t *throttle) begin(ctx context.Context, counters []counter) (*attempt, error) {
	a := &attempt{throttle: t, counters: counters, before: make([]time.Time, len(counters))}
	if err := t.store.ChangeTallies(ctx, a.keys(), a.count); err != nil {
		return nil, fmt.Errorf("count an attempt: %w", err)
	}
	return a, nil
}

func (a *attempt) keys() []TallyKey {
	keys := make([]TallyKey, len(a.counters))
	for i, c := range a.counters {
		keys[i] = c.key
	}
	return keys
}

func (a *attempt) count(tallies []Tally) error {
	a.at = auth.Instant(a.throttle.now())
	var longest time.Duration
	for i, t := range tallies {
		t = t.settled(a.at)
		longest = max(longest, t.LastAt.Add(a.counters[i].wait(t.Count)).Sub(a.at))
		a.before[i] = t.LastAt
		tallies[i] = t.counted(a.at)
	}
	if longest > 0 {
		return auth.TooOften(longest)
	}
	return nil
}

// succeeded forgives the account all that was counted, since its owner has come, and takes back the attempt for the
// rest.
func (a *attempt) succeeded(ctx context.Context) error {
	return a.takeBack(ctx, func(c counter) bool { return c.forgiven })
}

// undone takes the attempt back: nothing was compared, so that nothing was learned.
func (a *attempt) undone(ctx context.Context) error {
	return a.takeBack(ctx, func(counter) bool { return false })
}

// takeBack is done even for a caller who has gone meanwhile.
func (a *attempt) takeBack(ctx context.Context, forgiven func(counter) bool) error {
	err := a.throttle.store.ChangeTallies(context.WithoutCancel(ctx), a.keys(), func(tallies []Tally) error {
		for i, t := range tallies {
			tallies[i] = Tally{}
			if t = t.settled(a.at); t.Count > 1 && !forgiven(a.counters[i]) {
				t.Count--
				if t.LastAt.Equal(a.at) {
					t.LastAt = a.before[i]
				}
				tallies[i] = t
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("take an attempt back: %w", err)
	}
	return nil
}

// ForgetTallies removes up to limit of the tallies that say nothing any more, and returns how many: fewer mean that none
// is left.
func (m *Manager) ForgetTallies(ctx context.Context, limit int) (int, error) {
	forgotten, err := m.store.ForgetTallies(ctx, m.now().Add(-forgetAfter), limit)
	if err != nil {
		return 0, fmt.Errorf("forget old attempts: %w", err)
	}
	return forgotten, nil
}

// signUpSpan is the time in which sign-ups of one network are counted, from the first on.
const signUpSpan = time.Minute

// admit counts a sign-up before anything is hashed for it, or fails with auth.RateLimited.
func (t *throttle) admit(ctx context.Context, network string, most int) error {
	if most == 0 || network == "" {
		return nil
	}
	err := t.store.ChangeTallies(ctx, []TallyKey{tallyKey("sign-up", network)}, func(tallies []Tally) error {
		now := auth.Instant(t.now())
		kept := tallies[0]
		if now.Sub(kept.Since).Abs() >= signUpSpan {
			kept = Tally{}
		}
		if kept.Count >= int64(most) {
			return auth.TooOften(kept.Since.Add(signUpSpan).Sub(now))
		}
		tallies[0] = kept.counted(now)
		return nil
	})
	if err != nil {
		return fmt.Errorf("count a sign-up: %w", err)
	}
	return nil
}
