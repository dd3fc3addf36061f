package guardtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/fieldward/fieldward/auth"
)

// Persona is who asks: anonymous, or the bearer of a token. Its methods return another persona, and leave it as it was.
// Without SignedInAgo the token does not tell when its bearer signed in, so that no @recentSignIn holds.
type Persona struct {
	words  []string // for a failure's message
	caller auth.Caller
	err    error
}

// Anonymous presents no token.
func Anonymous() Persona { return Persona{} }

// SignedIn has a session's own token, without a role.
func SignedIn() Persona { return Bearer(auth.Claims{}).called("someone signed in") }

// Role has a session's own token with the roles.
func Role(role auth.Role, others ...auth.Role) Persona {
	roles := append([]auth.Role{role}, others...)
	names := make([]string, len(roles))
	for i, r := range roles {
		names[i] = string(r)
	}
	return Bearer(auth.Claims{Roles: roles}).called(strings.Join(names, " and "))
}

// Bearer has a token with these claims, whatever they are.
func Bearer(claims auth.Claims) Persona {
	p := Persona{caller: auth.Caller{Claims: &claims}}
	return p.called(fmt.Sprintf("the bearer of a token with the roles %v", claims.Roles))
}

// Unverified presents a token that does not verify.
func Unverified() Persona {
	p := Persona{caller: auth.Caller{Refused: errors.New("it does not verify")}}
	return p.called("the bearer of a token that does not verify")
}

func (p Persona) called(name string) Persona {
	p.words = []string{name}
	return p
}

// LimitedTo limits the token to the scopes.
func (p Persona) LimitedTo(scopes ...string) Persona {
	return p.with("limited to "+strings.Join(scopes, " "), func(c *auth.Claims) { c.Scopes = append([]string{}, scopes...) })
}

// SignedInAgo says how long ago the bearer last proved who they are.
func (p Persona) SignedInAgo(ago time.Duration) Persona {
	return p.with("signed in "+ago.String()+" ago", func(c *auth.Claims) {
		at := now().Add(-ago)
		c.AuthTime = &at
	})
}

// Subject says whose the token is.
func (p Persona) Subject(id auth.ID) Persona {
	return p.with("who is "+string(id), func(c *auth.Claims) { c.Subject = id })
}

// Claim adds a claim that is not one of the registered ones, by the name or the path that @hasClaim has for it. The value
// is any that encoding/json writes.
func (p Persona) Claim(name string, value any) Persona {
	if slices.Contains(registered(), name) {
		p.err = fmt.Errorf("%s is a registered claim: write it by Role, Subject, LimitedTo, SignedInAgo or Bearer", name)
		return p
	}
	text, err := json.Marshal(value)
	if err != nil {
		p.err = fmt.Errorf("write the claim %s: %w", name, err)
		return p
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber() // as in a token
	var decoded any
	if err := d.Decode(&decoded); err != nil {
		p.err = fmt.Errorf("read the claim %s: %w", name, err)
		return p
	}
	return p.with(name+" "+string(text), func(c *auth.Claims) {
		c.Extra = maps.Clone(c.Extra)
		if c.Extra == nil {
			c.Extra = map[string]any{}
		}
		c.Extra[name] = decoded
	})
}

// registered are the claims that auth.Claims has fields for, by their names in a token.
func registered() []string {
	return []string{
		"iss", "sub", "aud", "iat", "exp", "nbf", "jti", "client_id", "sid", "auth_time", "amr", "gen", "roles", "scope", "act", "act.sub",
	}
}

// with changes a copy of the claims. Anonymous gets a token by it.
func (p Persona) with(words string, change func(*auth.Claims)) Persona {
	var claims auth.Claims
	if p.caller.Claims != nil {
		claims = *p.caller.Claims
	}
	change(&claims)
	if p.caller.Refused == nil {
		p.caller = auth.Caller{Claims: &claims}
	}
	p.words = append(slices.Clone(p.words), words)
	return p
}

// String is the persona in words.
func (p Persona) String() string {
	if len(p.words) == 0 {
		return "nobody"
	}
	return strings.Join(p.words, ", ")
}
