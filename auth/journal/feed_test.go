package journal_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/journal"
)

// about is an event about somebody.
func about(id, subject auth.ID) auth.Event {
	return auth.Event{ID: id, Action: auth.SignedIn, SubjectID: &subject}
}

// listen reads until it ends, and returns what it has read by then, and why it has ended.
func listen(ctx context.Context, f *journal.Feed, i journal.Interest) func() ([]auth.ID, error) {
	var (
		seen    []auth.ID
		err     error
		reading sync.WaitGroup
	)
	ready := make(chan struct{})
	reading.Go(func() {
		err = f.Read(ctx, i, func() { close(ready) }, func(e auth.Event) error {
			seen = append(seen, e.ID)
			return nil
		})
	})
	<-ready
	return func() ([]auth.ID, error) {
		reading.Wait()
		return seen, err
	}
}

func TestAFeedHandsToEachReaderWhatIsOfInterestInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := journal.NewFeed()
		ctx, cancel := context.WithCancel(t.Context())
		readers := map[string]struct {
			read func() ([]auth.ID, error)
			want []auth.ID
		}{
			"of everybody":      {listen(ctx, f, journal.Interest{}), []auth.ID{"evt_1", "evt_2", "evt_3", "evt_4"}},
			"of one's own":      {listen(ctx, f, journal.Interest{Subject: "usr_ada"}), []auth.ID{"evt_1", "evt_3"}},
			"of what is picked": {listen(ctx, f, journal.Interest{Subject: "usr_ada", Wants: func(e auth.Event) bool { return e.ID == "evt_3" }}), []auth.ID{"evt_3"}},
			"of nobody's":       {listen(ctx, f, journal.Interest{Subject: "usr_cy"}), nil},
		}
		take := f.Subscriber().Take
		take(about("evt_1", "usr_ada"), about("evt_2", "usr_bob"))
		take(about("evt_3", "usr_ada"), auth.Event{ID: "evt_4"})
		synctest.Wait()
		cancel()
		for name, r := range readers {
			seen, err := r.read()
			if diff := cmp.Diff(r.want, seen); diff != "" || !errors.Is(err, context.Canceled) {
				t.Errorf("%s: %v\n%s", name, err, diff)
			}
		}
		if n := f.Readers(); n != 0 {
			t.Errorf("%d readers are left", n)
		}
	})
}

func TestASlowReaderIsCutOffAndHoldsUpNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := journal.NewFeed()
		quick := listen(t.Context(), f, journal.Interest{Wants: func(e auth.Event) bool { return e.ID == "evt_last" }})
		hold, ready := make(chan struct{}), make(chan struct{})
		var slow sync.WaitGroup
		seen := 0
		var err error
		slow.Go(func() {
			err = f.Read(t.Context(), journal.Interest{}, func() { close(ready) }, func(auth.Event) error {
				<-hold
				seen++
				return nil
			})
		})
		<-ready
		take := f.Subscriber().Take
		take(about("evt_0", "usr_ada"))
		synctest.Wait() // the reader has this one in hand
		for range journal.Queue {
			take(about("evt_more", "usr_ada"))
		}
		if n := f.Readers(); n != 2 {
			t.Errorf("with a full queue there are %d readers", n)
		}
		take(about("evt_last", "usr_ada"))
		close(hold)
		slow.Wait()
		if seen != journal.Queue+1 || !errors.Is(err, journal.ErrCutOff) {
			t.Errorf("it has seen %d events, and ends with %v", seen, err)
		}
		if err := f.Subscriber().Load(t.Context()); err != nil { // which cuts off the other one
			t.Fatal(err)
		}
		if seen, err := quick(); !cmp.Equal(seen, []auth.ID{"evt_last"}) || !errors.Is(err, journal.ErrCutOff) {
			t.Errorf("the quick one has seen %v, and ends with %v", seen, err)
		}
	})
}

func TestAReaderThatFailsIsAReaderNoMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := journal.NewFeed()
		broken := errors.New("broken")
		done := make(chan error)
		ready := make(chan struct{})
		go func() {
			done <- f.Read(t.Context(), journal.Interest{}, func() { close(ready) }, func(auth.Event) error { return broken })
		}()
		<-ready
		f.Subscriber().Take(about("evt_1", "usr_ada"), about("evt_2", "usr_ada"))
		if err := <-done; !errors.Is(err, broken) || f.Readers() != 0 {
			t.Errorf("it ends with %v, and %d are left", err, f.Readers())
		}
	})
}
