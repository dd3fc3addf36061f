package token

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/fieldward/fieldward/auth"
)

// claims are a payload's claims, of which nothing is verified yet.
type claims struct {
	auth.Claims
	notBefore *time.Time
}

// known lists every claim that has a meaning here. What is left of a payload once its claims were taken may bear none
// of these names, whatever its case: a reader that does not mind the case, as encoding/json's own into a struct, would
// take it for that claim. So the last three, which nobody takes, are refused: they are of tokens that are more or less
// than a session's own, limited (scope), exchanged (act), or nothing without a proof (cnf, RFC 7800).
var known = []string{
	"iss", "sub", "aud", "exp", "nbf", "iat", "jti", // RFC 7519, section 4.1
	"client_id", "auth_time", "amr", "roles", // RFC 9068, section 2.2
	"sid", "gen",
	"scope", "act", "cnf",
}

// parseClaims reads a payload. Its errors are ErrMalformed, and ErrClaims with the name of the claim.
func parseClaims(payload []byte) (claims, error) {
	members, err := parseObject(payload)
	if err != nil {
		return claims{}, err
	}
	m := reader{members: members}
	c := claims{notBefore: m.optionalDate("nbf"), Claims: auth.Claims{
		Issuer:      m.text("iss"),
		Subject:     m.id("sub", auth.UserPrefix),
		Audience:    m.audience(),
		IssuedAt:    m.date("iat"),
		ExpiresAt:   m.date("exp"),
		TokenID:     m.id("jti", auth.TokenPrefix),
		ClientID:    m.text("client_id"),
		AuthTime:    m.optionalDate("auth_time"),
		AuthMethods: m.optionalTexts("amr"),
		Generation:  m.count("gen"),
	}}
	session := m.id("sid", auth.SessionPrefix)
	c.SessionID = &session
	for _, role := range m.optionalTexts("roles") {
		c.Roles = append(c.Roles, auth.Role(role))
	}
	if c.ClientID != auth.ClientFieldward {
		m.fail("client_id")
	}
	c.Extra = m.rest()
	if m.err != nil {
		return claims{}, m.err
	}
	return c, nil
}

// reader takes members out of a payload. The first that is missing or not of its type is its error.
type reader struct {
	members map[string]any
	err     error
}

// fail blames a claim, whose name must be one of ours: an error repeats nothing of a token.
func (r *reader) fail(name string) {
	if r.err == nil {
		r.err = fmt.Errorf("%w: %s", ErrClaims, name)
	}
}

func (r *reader) take(name string) (value any, found bool) {
	value, found = r.members[name]
	delete(r.members, name)
	return value, found
}

// text takes a string that is not empty.
func (r *reader) text(name string) string {
	value, _ := r.take(name)
	s, ok := value.(string)
	if !ok || s == "" {
		r.fail(name)
	}
	return s
}

// id takes a well-formed ID of one type.
func (r *reader) id(name, prefix string) auth.ID {
	id, err := auth.ParseID(r.text(name))
	if err != nil || !id.Is(prefix) {
		r.fail(name)
	}
	return id
}

// audience takes aud: a string, or a list that holds strings alone, and none that is empty.
func (r *reader) audience() []string {
	if _, one := r.members["aud"].(string); one {
		return []string{r.text("aud")}
	}
	all := r.optionalTexts("aud")
	if len(all) == 0 {
		r.fail("aud")
	}
	return all
}

// optionalTexts takes a list of strings, none of them empty. It is nil where there is none.
func (r *reader) optionalTexts(name string) []string {
	value, found := r.take(name)
	if !found {
		return nil
	}
	list, ok := value.([]any)
	if !ok {
		r.fail(name)
	}
	texts := make([]string, 0, len(list))
	for _, element := range list {
		s, ok := element.(string)
		if !ok || s == "" {
			r.fail(name)
		}
		texts = append(texts, s)
	}
	return texts
}

// date takes a NumericDate (RFC 7519, section 2).
func (r *reader) date(name string) time.Time {
	value, _ := r.take(name)
	number, ok := value.(json.Number)
	if !ok {
		r.fail(name)
		return time.Time{}
	}
	at, ok := parseDate(number.String())
	if !ok {
		r.fail(name)
	}
	return at
}

func (r *reader) optionalDate(name string) *time.Time {
	if _, found := r.members[name]; !found {
		return nil
	}
	at := r.date(name)
	return &at
}

// count takes a whole number that is not negative, written without a fraction or an exponent.
func (r *reader) count(name string) int64 {
	value, _ := r.take(name)
	number, ok := value.(json.Number)
	if !ok {
		r.fail(name)
		return 0
	}
	n, err := strconv.ParseInt(number.String(), 10, 64)
	if err != nil || strings.HasPrefix(number.String(), "-") {
		r.fail(name)
	}
	return n
}

// rest is what no one took: private claims, under names that are not known. It is nil where there are none.
func (r *reader) rest() map[string]any {
	for name := range r.members {
		for _, k := range known {
			if strings.EqualFold(name, k) {
				r.fail(k)
			}
		}
	}
	if len(r.members) == 0 {
		return nil
	}
	return r.members
}

// The methods below are jwt.Claims.

// GetExpirationTime is exp, without parts of a second: the library does not count them.
func (c claims) GetExpirationTime() (*jwt.NumericDate, error) {
	return &jwt.NumericDate{Time: c.ExpiresAt.Truncate(time.Second)}, nil
}

// GetIssuedAt is iat.
func (c claims) GetIssuedAt() (*jwt.NumericDate, error) {
	return &jwt.NumericDate{Time: c.IssuedAt}, nil
}

// GetNotBefore is nbf.
func (c claims) GetNotBefore() (*jwt.NumericDate, error) {
	if c.notBefore == nil {
		return nil, nil
	}
	return &jwt.NumericDate{Time: *c.notBefore}, nil
}

// GetIssuer is iss.
func (c claims) GetIssuer() (string, error) { return c.Issuer, nil }

// GetSubject is sub.
func (c claims) GetSubject() (string, error) { return string(c.Subject), nil }

// GetAudience is aud.
func (c claims) GetAudience() (jwt.ClaimStrings, error) { return c.Audience, nil }
