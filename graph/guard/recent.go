package guard

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"time"

	"github.com/fieldward/fieldward/auth"
)

// recentSignIn is @recentSignIn: step-up authentication (RFC 9470) by the token's auth_time. A token without one never
// passes. It is the one rule whose verdict passes with time.
type recentSignIn struct {
	within time.Duration
	text   string // the duration as it was written
}

func (r *recentSignIn) decide(c auth.Caller, at time.Time) verdict {
	switch {
	case !c.Authenticated():
		return unauthenticated
	case c.Claims.AuthTime == nil || at.Sub(*c.Claims.AuthTime) > r.within:
		return tooOld
	default:
		return allowed
	}
}

func (r *recentSignIn) implies(other rule, _ bool) bool {
	switch o := other.(type) {
	case authenticated:
		return true
	case *recentSignIn:
		return r.within <= o.within
	default:
		return false
	}
}

func (*recentSignIn) asksOwner() bool { return false }

func (r *recentSignIn) String() string { return fmt.Sprintf("@recentSignIn(within: %q)", r.text) }

// shortest is the least time that the rules allow since the last sign-in; nil where they allow any.
func shortest(rules []rule) *time.Duration {
	var least *time.Duration
	for _, r := range rules {
		if recent, ok := r.(*recentSignIn); ok && (least == nil || recent.within < *least) {
			least = &recent.within
		}
	}
	return least
}

// iso is an ISO 8601 duration in whole weeks, days, hours, minutes and seconds. How long a year or a month is depends on
// which, so there are none.
var iso = regexp.MustCompile(`^P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$`)

// parseDuration reads an ISO 8601 duration; it is not ok where the text is none, or says no time at all.
func parseDuration(text string) (d time.Duration, ok bool) {
	parts := iso.FindStringSubmatch(text)
	if parts == nil || text[len(text)-1] == 'T' {
		return 0, false
	}
	const day = 24 * time.Hour
	for i, unit := range []time.Duration{7 * day, day, time.Hour, time.Minute, time.Second} {
		if parts[i+1] == "" {
			continue
		}
		n, err := strconv.ParseInt(parts[i+1], 10, 64)
		if err != nil || n > (math.MaxInt64-int64(d))/int64(unit) {
			return 0, false
		}
		d += time.Duration(n) * unit
	}
	return d, d > 0
}
