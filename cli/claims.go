package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/fieldward/fieldward/auth"
)

// knownClaims are those that have a meaning of their own: of RFC 7519, section 4.1, of RFC 9068, section 2.2, of RFC 8693,
// sections 4.1 and 4.2, and of this server.
func knownClaims() []string {
	return []string{
		"iss", "sub", "aud", "exp", "nbf", "iat", "jti", "client_id", "auth_time", "amr", "roles", "scope", "act", "sid", "gen",
	}
}

// parseClaims reads claims as a token's payload has them, of which none is needed. It fails with all that is wrong: what is
// not of its type, a role that there is not, a known name in another case.
func parseClaims(text []byte) (auth.Claims, error) {
	members, err := parseObject(text)
	if err != nil {
		return auth.Claims{}, err
	}
	r := &claimsReader{members: members}
	c := auth.Claims{
		Issuer: r.text("iss"), Subject: auth.ID(r.text("sub")), Audience: r.audience(), TokenID: auth.ID(r.text("jti")),
		ClientID: r.text("client_id"), SessionID: optionalID(r.text("sid")), AuthTime: r.instant("auth_time"),
		AuthMethods: r.texts("amr"), Roles: r.roles(), Scopes: r.scopes(), Actor: r.actor(), Generation: r.count("gen"),
	}
	if at := r.instant("iat"); at != nil {
		c.IssuedAt = *at
	}
	if at := r.instant("exp"); at != nil {
		c.ExpiresAt = *at
	}
	r.instant("nbf")
	c.Extra = r.rest()
	return c, errors.Join(r.problems...)
}

// claimsReader takes claims out of an object.
type claimsReader struct {
	members  map[string]any
	problems []error
}

func (r *claimsReader) fail(name, want string) {
	r.problems = append(r.problems, fmt.Errorf("%s: it is not %s", name, want))
}

// take is a claim of a type, and whether it is there; want is what it is to be.
func take[T any](r *claimsReader, name, want string) (claim T, found bool) {
	value, found := r.members[name]
	if !found {
		return claim, false
	}
	delete(r.members, name)
	claim, ok := value.(T)
	if !ok {
		r.fail(name, want)
	}
	return claim, ok
}

func (r *claimsReader) text(name string) string {
	const want = "a string with something in it"
	s, found := take[string](r, name, want)
	if found && s == "" {
		r.fail(name, want)
	}
	return s
}

func (r *claimsReader) texts(name string) []string {
	const want = "a list of strings"
	list, _ := take[[]any](r, name, want)
	var all []string
	for _, element := range list {
		s, ok := element.(string)
		if !ok {
			r.fail(name, want)
			return nil
		}
		all = append(all, s)
	}
	return all
}

// audience is a string or a list (RFC 7519, section 4.1.3).
func (r *claimsReader) audience() []string {
	if _, one := r.members["aud"].(string); one {
		return []string{r.text("aud")}
	}
	return r.texts("aud")
}

func (r *claimsReader) roles() []auth.Role {
	var all []auth.Role
	for _, name := range r.texts("roles") {
		role, err := auth.ParseRole(name)
		if err != nil {
			r.problems = append(r.problems, fmt.Errorf("roles: %w", err))
			continue
		}
		all = append(all, role)
	}
	return all
}

// scopes are nil where the token is not limited to any; scope is one string with spaces between (RFC 8693, section 4.2).
func (r *claimsReader) scopes() []string {
	s, found := take[string](r, "scope", "a string of scopes with spaces between")
	if !found {
		return nil
	}
	return append([]string{}, strings.Fields(s)...)
}

// actor is the sub of act.
func (r *claimsReader) actor() *auth.ID {
	const want = "an object with a sub"
	act, found := take[map[string]any](r, "act", want)
	if !found {
		return nil
	}
	sub, _ := act["sub"].(string)
	if sub == "" {
		r.fail("act", want)
	}
	return optionalID(sub)
}

// lastInstant is the end of the year 9999, in seconds.
const lastInstant = 253402300799

// instant is a NumericDate (RFC 7519, section 2): seconds since 1970, with or without a fraction.
func (r *claimsReader) instant(name string) *time.Time {
	const want = "a number of seconds since 1970"
	number, found := take[json.Number](r, name, want)
	if !found {
		return nil
	}
	seconds, err := number.Float64()
	if err != nil || seconds < 0 || seconds > lastInstant {
		r.fail(name, want)
		return nil
	}
	at := time.UnixMicro(int64(math.Round(seconds * 1e6))).UTC()
	return &at
}

func (r *claimsReader) count(name string) int64 {
	const want = "a whole number, 0 or more"
	number, found := take[json.Number](r, name, want)
	if !found {
		return 0
	}
	n, err := strconv.ParseInt(number.String(), 10, 64)
	if err != nil || n < 0 {
		r.fail(name, want)
	}
	return n
}

// rest are the claims that nobody took.
func (r *claimsReader) rest() map[string]any {
	for _, known := range knownClaims() {
		for name := range r.members {
			if strings.EqualFold(name, known) {
				r.problems = append(r.problems, fmt.Errorf("%s: the claim's name is %s", name, known))
			}
		}
	}
	if len(r.members) == 0 {
		return nil
	}
	return r.members
}

func optionalID(text string) *auth.ID {
	if text == "" {
		return nil
	}
	id := auth.ID(text)
	return &id
}
