package session_test

import (
	"testing"
	"time"

	"github.com/fieldward/fieldward/auth"
)

func TestABearerDoesNotSeeWhenTheSessionIsRenewed(t *testing.T) {
	const watched = 90 * time.Minute
	for _, every := range []time.Duration{time.Minute, 9 * time.Minute, accessTTL} {
		t.Run("every "+every.String(), func(t *testing.T) {
			w := newWorld(t, grace)
			o := w.open(t)
			w.clock.Move(7 * time.Minute / 3)
			for range watched / every {
				before := w.LastUsed(w.stored(t, o))
				if now := w.clock.Now(); before.After(now) || now.Sub(before) >= 5*time.Minute || before != before.Truncate(5*time.Minute) {
					t.Fatalf("at %s it was last used at %s", now, before)
				}
				if !w.accepted(t, o.Tokens.Access) {
					t.Fatal("there is no bearer")
				}
				o = w.renew(t, o)
				if after := w.LastUsed(w.stored(t, o)); !after.Equal(before) {
					t.Fatalf("it jumps from %s to %s", before, after)
				}
				w.clock.Move(every - time.Second)
			}
		})
	}
}

func TestASessionThatIsNoLongerUsedSaysSinceWhen(t *testing.T) {
	w := newWorld(t, grace)
	o := w.open(t)
	lastToken := w.clock.Now().Add(grace + accessTTL + 30*time.Second)
	w.clock.Move(24 * time.Hour)
	if got := w.LastUsed(w.stored(t, o)); !got.Equal(lastToken.Truncate(5 * time.Minute)) {
		t.Errorf("last used at %s", got)
	}
	o = w.renew(t, o)
	w.clock.Move(2 * time.Minute)
	if _, err := w.End(t.Context(), o.Caller, auth.Secret(""), desk); err != nil {
		t.Fatal(err)
	}
	ended := w.clock.Now()
	w.clock.Move(24 * time.Hour)
	if got := w.LastUsed(w.stored(t, o)); !got.Equal(ended.Truncate(5 * time.Minute)) {
		t.Errorf("last used at %s, and it ended at %s", got, ended)
	}
}
