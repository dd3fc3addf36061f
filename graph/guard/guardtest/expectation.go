package guardtest

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/graph/guard"
)

// Verdict is what a persona's claims are to make of a coordinate.
type Verdict string

// The verdicts.
const (
	Open                 Verdict = "open"
	Own                  Verdict = "own" // open where the object is the caller's own
	Unauthenticated              = Verdict(auth.Unauthenticated)
	Forbidden                    = Verdict(auth.Forbidden)
	RecentSignInRequired         = Verdict(auth.RecentSignInRequired)
)

// Expectation is what a case wants: Allowed(), Verdicts or Refused.
type Expectation interface {
	// unmet is a line for each thing that is not as it is wanted.
	unmet(a answer) []string
}

// Allowed wants every coordinate of the operation open.
func Allowed() Expectation { return Verdicts{} }

// Verdicts wants these verdicts, by coordinate ("User.email", "Mutation.createUser(input:)"), and of every coordinate of
// the operation that is not named: what is named of its field or, else, of its type ("User"), or else Open.
type Verdicts map[string]Verdict

func (want Verdicts) unmet(a answer) []string {
	var unmet []string
	if a.refused && len(a.told) == 0 {
		unmet = append(unmet, "nothing of it runs, since the token does not verify")
	}
	touched := map[string]bool{}
	for _, v := range a.verdicts {
		touched[v.Coordinate] = true
		if got, wanted := verdict(v), want.of(v.Coordinate); got != wanted {
			unmet = append(unmet, differs(v, wanted))
		}
	}
	for _, c := range slices.Sorted(maps.Keys(want)) {
		if !touched[c] {
			unmet = append(unmet, c+": the operation touches no such field, and no such type, argument or input field that states a rule")
		}
	}
	return unmet
}

func (want Verdicts) of(coordinate string) Verdict {
	field, _, _ := strings.Cut(coordinate, "(")
	of, _, _ := strings.Cut(field, ".")
	for _, name := range []string{coordinate, field, of} {
		if v, named := want[name]; named {
			return v
		}
	}
	return Open
}

// Refused wants that nothing of the operation runs, and that the caller is told of these coordinates, with these
// verdicts; of others too, where there are more. An empty one takes any reason, such as a token that does not verify.
type Refused map[string]Verdict

func (want Refused) unmet(a answer) []string {
	if !a.refused {
		unmet := []string{"it runs, and was to be refused as a whole"}
		for _, v := range a.verdicts {
			if got := verdict(v); got != Open {
				unmet = append(unmet, fmt.Sprintf("%s: %s, which refuses nothing else; its rule is %s", v.Coordinate, got, v.Rule))
			}
		}
		return unmet
	}
	told := map[string]guard.Verdict{}
	for _, v := range a.told {
		told[v.Coordinate] = v
	}
	var unmet []string
	for _, c := range slices.Sorted(maps.Keys(want)) {
		v, is := told[c]
		switch {
		case !is:
			unmet = append(unmet, fmt.Sprintf("%s: it is not for this that the operation is refused, want %s", c, want[c]))
		case verdict(v) != want[c]:
			unmet = append(unmet, differs(v, want[c]))
		}
	}
	return unmet
}

func verdict(v guard.Verdict) Verdict {
	switch v.Outcome {
	case guard.Allowed:
		return Open
	case guard.Own:
		return Own
	case guard.Denied:
	}
	return Verdict(v.Code)
}

func differs(v guard.Verdict, want Verdict) string {
	rule := "no rule"
	if v.Rule != "" {
		rule = v.Rule
	}
	return fmt.Sprintf("%s: got %s, want %s; there stands %s", v.Coordinate, verdict(v), want, rule)
}
