package guard

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fieldward/fieldward/auth"
)

// hasClaim is @hasClaim: the named claim equals one of the values, or is a list that contains one.
//
// The registered claims have their names in a JWT (RFC 7519, section 4.1; RFC 9068, section 2.2): iss, sub, aud, jti,
// client_id, sid, amr, roles, scope (which counts as a list of scopes) and act.sub. Those that are times or counters are
// not compared. Every other name is a path into the other claims, with a dot before each member of an object; a name
// that has dots itself, such as https://example.com/tier, is found as well, and before a path. Text is compared as it
// is, a number and a boolean as they stand in the token's JSON. Null and objects equal nothing.
type hasClaim struct {
	name string
	in   []string // sorted
}

func (r *hasClaim) decide(c auth.Caller, _ time.Time) verdict {
	switch {
	case !c.Authenticated():
		return unauthenticated
	case r.equals(claimOf(c.Claims, r.name)):
		return allowed
	default:
		return forbidden
	}
}

func (r *hasClaim) implies(other rule, _ bool) bool {
	switch o := other.(type) {
	case authenticated:
		return true
	case *hasClaim:
		return r.name == o.name && subset(r.in, o.in)
	default:
		return false
	}
}

func (*hasClaim) asksOwner() bool { return false }

func (r *hasClaim) String() string {
	return fmt.Sprintf("@hasClaim(name: %q, in: [%s])", r.name, quoted(r.in))
}

func (r *hasClaim) equals(claim any) bool {
	switch v := claim.(type) {
	case string:
		return slices.Contains(r.in, v)
	case json.Number:
		return slices.Contains(r.in, v.String())
	case bool:
		return slices.Contains(r.in, strconv.FormatBool(v))
	case []string:
		return slices.ContainsFunc(v, func(s string) bool { return slices.Contains(r.in, s) })
	case []any:
		return slices.ContainsFunc(v, func(e any) bool {
			_, nested := e.([]any)
			return !nested && r.equals(e)
		})
	default:
		return false
	}
}

// uncompared are the claims of which no value could be written into a schema: times, and a counter.
func uncompared() []string { return []string{"iat", "exp", "nbf", "auth_time", "gen"} }

// claimOf is a claim by its name, nil where the token has none.
func claimOf(c *auth.Claims, name string) any {
	switch name {
	case "iss":
		return given(c.Issuer)
	case "sub":
		return given(string(c.Subject))
	case "aud":
		return c.Audience
	case "jti":
		return given(string(c.TokenID))
	case "client_id":
		return given(c.ClientID)
	case "sid":
		return givenID(c.SessionID)
	case "act.sub":
		return givenID(c.Actor)
	case "amr":
		return c.AuthMethods
	case "roles":
		roles := make([]string, len(c.Roles))
		for i, r := range c.Roles {
			roles[i] = string(r)
		}
		return roles
	case "scope":
		return c.Scopes
	}
	if slices.Contains(uncompared(), name) {
		return nil
	}
	return member(c.Extra, name)
}

func given(text string) any {
	if text == "" {
		return nil
	}
	return text
}

func givenID(id *auth.ID) any {
	if id == nil {
		return nil
	}
	return given(string(*id))
}

// member follows a path. The name as a whole comes first, then each dot from the left.
func member(of map[string]any, path string) any {
	if v, ok := of[path]; ok {
		return v
	}
	for i := range len(path) {
		if path[i] != '.' {
			continue
		}
		inner, ok := of[path[:i]].(map[string]any)
		if !ok {
			continue
		}
		if v := member(inner, path[i+1:]); v != nil {
			return v
		}
	}
	return nil
}

// isPath reports whether a claim could have the name: no part of it is empty.
func isPath(name string) bool { return name != "" && !slices.Contains(strings.Split(name, "."), "") }
