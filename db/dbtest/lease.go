package dbtest

import (
	"fmt"
	"testing"
	"time"

	"github.com/fieldward/fieldward/auth/upkeep"
	"github.com/fieldward/fieldward/db"
)

func leaseSentences() sentences {
	return sentences{
		"a lease is one holder's until it has run out":         leaseRunsOut,
		"a lease of one name leaves the others free":           leasesApart,
		"a lease of a clock that was ahead is free":            leaseOfAnotherTime,
		"of those who take a lease at once one gets it":        leaseOfOne,
		"of those who take over a lease at once one gets it":   leaseTakenOver,
		"a holder renews a lease, and may let go of it so too": leaseRenewed,
	}
}

// lease is one from a time after noon on, in minutes, for one minute.
func lease(holder string, from time.Duration) upkeep.Lease {
	at := noon().Add(from * time.Minute)
	return upkeep.Lease{Name: "chores", Holder: holder, At: at, Until: at.Add(time.Minute), Longest: at.Add(time.Hour)}
}

// takes asks for the lease, and whether it is given.
func takes(t *testing.T, s *db.Store, l upkeep.Lease, want bool) {
	t.Helper()
	taken, err := s.TakeLease(ask(), l)
	must(t, err)
	same(t, fmt.Sprintf("whether %s has it at %s", l.Holder, l.At.Sub(noon())), taken, want)
}

func leaseRunsOut(t *testing.T, s *db.Store) {
	takes(t, s, lease("ada", 0), true)
	takes(t, s, lease("bob", 0), false)
	late := lease("bob", 1)
	late.At = late.At.Add(-time.Microsecond)
	takes(t, s, late, false)
	takes(t, s, lease("bob", 1), true)
	takes(t, s, lease("ada", 1), false)
	takes(t, s, lease("ada", 0), false) // one whose clock is behind
}

func leasesApart(t *testing.T, s *db.Store) {
	takes(t, s, lease("ada", 0), true)
	other := lease("bob", 0)
	other.Name = "other chores"
	takes(t, s, other, true)
	takes(t, s, lease("bob", 0), false)
}

func leaseOfAnotherTime(t *testing.T, s *db.Store) {
	takes(t, s, lease("ada", 24*60), true)
	takes(t, s, lease("bob", 0), true)
	takes(t, s, lease("ada", 0), false)
}

func leaseRenewed(t *testing.T, s *db.Store) {
	takes(t, s, lease("ada", 0), true)
	long := lease("ada", 0)
	long.Until = noon().Add(10 * time.Minute)
	takes(t, s, long, true)
	takes(t, s, lease("bob", 9), false)
	done := lease("ada", 9)
	done.Until = done.At
	takes(t, s, done, true)
	takes(t, s, lease("bob", 9), true)
}

func leaseOfOne(t *testing.T, s *db.Store) { givesToOne(t, s, 0) }

func leaseTakenOver(t *testing.T, s *db.Store) {
	takes(t, s, lease("ada", 0), true)
	givesToOne(t, s, 5)
}

func givesToOne(t *testing.T, s *db.Store, from time.Duration) {
	t.Helper()
	taken := make([]bool, parallel)
	for _, err := range inParallel(func(i int) (err error) {
		taken[i], err = s.TakeLease(ask(), lease(fmt.Sprint("holder ", i), from))
		return err
	}) {
		must(t, err)
	}
	holders := 0
	for _, it := range taken {
		if it {
			holders++
		}
	}
	same(t, "how many have it", holders, 1)
}
