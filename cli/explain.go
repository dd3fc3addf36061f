package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/fieldward/fieldward/auth"
)

// Explain says what would become of the operations of a document.
type Explain struct {
	Role      []string `help:"A role of the caller: USER, SUPPORT or ADMIN; may be repeated." placeholder:"ROLE" env:"-"`
	Claims    string   `help:"File with the caller's claims, a JSON object as in a token. Without it and --role the caller is anonymous." placeholder:"FILE" env:"-"`
	Variables string   `help:"File with the variables, a JSON object. Without it all is told that any variables could touch." placeholder:"FILE" env:"-"`

	Query string `arg:"" help:"The file with the document. - is standard input."`
}

// Help is what --help says besides the flags.
func (Explain) Help() string {
	return `For each operation of the document: whether it runs, and for each coordinate that it touches the rule and the verdict,
which is allowed, own (open on the objects that are the caller's own), or denied with the code of the error. The limits
of an operation are not looked at. No database is opened, and nothing runs.

With --role alone the caller has just signed in, with a session's own token. --claims says more:

  {"sub": "usr_01j8z3k5v9e4rt0q6m2x7n1c8d", "roles": ["SUPPORT"], "scope": "users:read",
   "auth_time": 1801382400, "org": {"tier": "gold"}}

The names are those of a token's claims (RFC 7519, RFC 9068): iss, sub, aud, exp, iat, nbf, jti, client_id, auth_time,
amr, roles, scope, act, sid, gen; any other is a claim for @hasClaim. None is needed, and nothing of it is verified. Without
scope the token is not limited to scopes; without auth_time no sign-in is recent. --role adds to its roles.`
}

// Run prints it.
func (e *Explain) Run(t Terminal, h House) error {
	caller, err := e.caller(time.Now())
	if err != nil {
		return err
	}
	variables, err := e.variables()
	if err != nil {
		return err
	}
	name, document, err := e.document(t.In)
	if err != nil {
		return err
	}
	text, err := h.Explain(name, document, variables, caller)
	if err != nil {
		return wronglyUsed("", err)
	}
	_, err = io.WriteString(t.Out, text)
	return err
}

func (e *Explain) document(in io.Reader) (name, text string, err error) {
	if e.Query == "-" {
		all, err := io.ReadAll(in)
		if err != nil {
			return "", "", fmt.Errorf("read the document: %w", err)
		}
		return "standard input", string(all), nil
	}
	all, err := os.ReadFile(e.Query)
	if err != nil {
		return "", "", fmt.Errorf("read the document: %w", err)
	}
	return e.Query, string(all), nil
}

// variables are nil where they are not told.
func (e *Explain) variables() (map[string]any, error) {
	if e.Variables == "" {
		return nil, nil
	}
	text, err := os.ReadFile(e.Variables)
	if err != nil {
		return nil, fmt.Errorf("read the variables: %w", err)
	}
	all, err := parseObject(text)
	if err != nil {
		return nil, wronglyUsed(e.Variables+": ", err)
	}
	return all, nil
}

// caller is whom the flags describe. An ID is made up for one without.
func (e *Explain) caller(at time.Time) (auth.Caller, error) {
	roles, err := parseRoles("--role", e.Role)
	if err != nil {
		return auth.Caller{}, err
	}
	claims := auth.Claims{ClientID: auth.ClientFieldward, AuthTime: &at}
	switch {
	case e.Claims != "":
		text, err := os.ReadFile(e.Claims)
		if err != nil {
			return auth.Caller{}, fmt.Errorf("read the claims: %w", err)
		}
		if claims, err = parseClaims(text); err != nil {
			return auth.Caller{}, wronglyUsed(e.Claims+": ", err)
		}
	case len(roles) == 0:
		return auth.Nobody, nil
	}
	if claims.Subject == "" {
		claims.Subject = auth.NewID(auth.UserPrefix, at)
	}
	claims.Roles = append(claims.Roles, roles...)
	return auth.Caller{Claims: &claims}, nil
}

// wronglyUsed makes of each of the errors one of wrong use, which begins with where it is.
func wronglyUsed(where string, err error) error {
	all := []error{err}
	if several, ok := err.(interface{ Unwrap() []error }); ok {
		all = several.Unwrap()
	}
	for i, one := range all {
		all[i] = &wrongUseError{where + one.Error()}
	}
	return errors.Join(all...)
}
