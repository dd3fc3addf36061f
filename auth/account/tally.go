package account

import (
	"context"
	"crypto/sha256"
	"strings"
	"time"

	"github.com/fieldward/fieldward/auth"
)

// Tallies count what is tried by those who guess. All instances of the server count on the same ones.
type Tallies interface {
	// ChangeTallies hands the tallies of the keys, no two of which are the same, to change in the keys' order, and
	// keeps what change makes of them. What was never counted is the zero Tally, and what is the zero Tally afterwards
	// is not kept. Of parallel callers with a key in common, each sees what the one before has kept. Where change
	// fails nothing has changed, and the error is change's. It may be called anew with what is kept by then.
	ChangeTallies(ctx context.Context, keys []TallyKey, change func([]Tally) error) error
	// ForgetTallies removes up to limit of the tallies that were last counted before the time, the oldest first, and
	// returns how many.
	ForgetTallies(ctx context.Context, before time.Time, limit int) (int, error)
	// CountFailure writes the event, with a count of 1 as its details. Where one has been written with the same key,
	// that one's count grows by 1 instead.
	CountFailure(ctx context.Context, key TallyKey, e auth.Event) error
}

// TallyKey names what is counted, and holds none of it in the clear: SHA-256 of its kind and parts.
type TallyKey [sha256.Size]byte

func tallyKey(kind string, parts ...string) TallyKey {
	return sha256.Sum256([]byte(kind + "\x00" + strings.Join(parts, "\x00")))
}

// Tally is how often something was tried of late.
type Tally struct {
	Count int64
	// Since is the beginning of the time that the count stands for.
	Since time.Time
	// LastAt is when it was last counted.
	LastAt time.Time
}

const (
	// halfLife forgives: with each that goes by the count is halved, so that a day of typing errors is no attack.
	halfLife = 15 * time.Minute
	// forgetAfter is when a tally says nothing any more: after eight halvings no count of less than 256 is left, and
	// the waits keep all counts below that.
	forgetAfter = 8 * halfLife
	// farAhead is how far a tally may lie ahead of the clock. One beyond was counted by a clock that was set since,
	// and must lock out nobody until that time comes.
	farAhead = 10 * time.Minute
)

// settled is the tally as it stands now.
func (t Tally) settled(now time.Time) Tally {
	if t.LastAt.After(now.Add(farAhead)) {
		return Tally{}
	}
	if halvings := now.Sub(t.Since) / halfLife; halvings > 0 && t.Count > 0 {
		t.Count >>= min(halvings, 63)
		t.Since = t.Since.Add(halvings * halfLife)
	}
	if t.Count == 0 {
		return Tally{}
	}
	return t
}

// counted is the tally with one more.
func (t Tally) counted(now time.Time) Tally {
	if t.Count == 0 {
		t.Since = now
	}
	t.Count++
	if now.After(t.LastAt) {
		t.LastAt = now
	}
	return t
}

// pace is how fast something may be tried: so often for nothing, and then after a wait that doubles from a second on.
type pace struct {
	free    int64
	longest time.Duration
}

const firstWait = time.Second

// wait is how long to wait after the last attempt, of so many.
func (p pace) wait(count int64) time.Duration {
	wait := firstWait
	if count < p.free {
		return 0
	}
	for range count - p.free {
		if wait *= 2; wait >= p.longest {
			return p.longest
		}
	}
	return wait
}
