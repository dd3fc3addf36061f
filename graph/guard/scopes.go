package guard

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/fieldward/fieldward/auth"
)

// requiresScopes is @requiresScopes: all the scopes of one of the lists. A token that is not limited to scopes, as a
// session's own, passes.
type requiresScopes struct {
	anyOf [][]string
}

func (r *requiresScopes) decide(c auth.Caller, _ time.Time) verdict {
	if !c.Authenticated() {
		return unauthenticated
	}
	if c.Claims.Scopes == nil {
		return allowed
	}
	for _, all := range r.anyOf {
		if len(all) > 0 && subset(all, c.Claims.Scopes) {
			return allowed
		}
	}
	return forbidden
}

// implies holds where each list of r has all the scopes of some list of the other.
func (r *requiresScopes) implies(other rule, _ bool) bool {
	switch o := other.(type) {
	case authenticated:
		return true
	case *requiresScopes:
		return !slices.ContainsFunc(r.anyOf, func(all []string) bool {
			return !slices.ContainsFunc(o.anyOf, func(less []string) bool { return len(less) > 0 && subset(less, all) })
		})
	default:
		return false
	}
}

func (*requiresScopes) asksOwner() bool { return false }

func (r *requiresScopes) String() string {
	lists := make([]string, len(r.anyOf))
	for i, all := range r.anyOf {
		lists[i] = "[" + quoted(all) + "]"
	}
	return fmt.Sprintf("@requiresScopes(scopes: [%s])", strings.Join(lists, ", "))
}

func subset[T comparable](some, all []T) bool {
	for _, s := range some {
		if !slices.Contains(all, s) {
			return false
		}
	}
	return true
}

func quoted(texts []string) string {
	all := make([]string, len(texts))
	for i, t := range texts {
		all[i] = fmt.Sprintf("%q", t)
	}
	return strings.Join(all, ", ")
}

// isScope reports whether a token can hold the scope (RFC 6749, section 3.3).
func isScope(text string) bool {
	for i := range len(text) {
		if c := text[i]; c <= ' ' || c > '~' || c == '"' || c == '\\' {
			return false
		}
	}
	return text != ""
}
