package cli_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/cli"
)

func TestClaimsAreReadAsATokenHasThem(t *testing.T) {
	tests := map[string]struct {
		text string
		want auth.Claims
	}{
		"none is needed": {`{}`, auth.Claims{}},
		"all of them": {
			`{"iss": "https://a.example", "sub": "usr_1", "aud": ["a", "b"], "exp": 1801382400, "nbf": 1, "iat": 1801382400.5, "jti": "tok_1",
			  "client_id": "fieldward", "auth_time": 1801382400, "amr": ["pwd"], "roles": ["USER", "ADMIN"], "scope": "users:read  audit:read",
			  "act": {"sub": "svc_1"}, "sid": "ses_1", "gen": 7, "org": {"tier": "gold", "seats": 12}}`,
			auth.Claims{
				Issuer: "https://a.example", Subject: "usr_1", Audience: []string{"a", "b"}, TokenID: "tok_1", ClientID: "fieldward",
				ExpiresAt: time.Date(2027, time.January, 31, 8, 0, 0, 0, time.UTC),
				IssuedAt:  time.Date(2027, time.January, 31, 8, 0, 0, 5e8, time.UTC),
				AuthTime:  new(time.Date(2027, time.January, 31, 8, 0, 0, 0, time.UTC)), AuthMethods: []string{"pwd"},
				Roles: []auth.Role{auth.RoleUser, auth.RoleAdmin}, Scopes: []string{"users:read", "audit:read"},
				Actor: new(auth.ID("svc_1")), SessionID: new(auth.ID("ses_1")), Generation: 7,
				Extra: map[string]any{"org": map[string]any{"tier": "gold", "seats": json.Number("12")}},
			},
		},
		"one audience":               {`{"aud": "a"}`, auth.Claims{Audience: []string{"a"}}},
		"a token limited to nothing": {`{"scope": ""}`, auth.Claims{Scopes: []string{}}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := cli.ParseClaims([]byte(test.text))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("claims differ (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWhatIsWrongWithClaimsIsSaid(t *testing.T) {
	tests := map[string]struct{ text, want string }{
		"nothing":                {" \n", "it is empty, and no JSON object"},
		"half of it":             {`{"sub": "a"`, "it is not JSON: it ends too early"},
		"a comma too many":       {"{\n\"sub\": \"a\",\n}", "line 3: it is not JSON: invalid character '}' looking for beginning of object key string"},
		"a list":                 {`[{"sub": "a"}]`, "it is no JSON object"},
		"null":                   {`null`, "it is no JSON object"},
		"a token":                {`eyJhbGciOiJFUzI1NiJ9.e30.AA`, "line 1: it is not JSON: invalid character 'e' looking for beginning of value"},
		"two objects":            {"{}\n{}", "line 1: something follows the JSON object"},
		"a name twice":           {"{\"roles\": [],\n\"roles\": []}", `line 2: "roles" occurs twice in one object`},
		"a name twice, within":   {`{"a": [{"b": 1, "c": {"b": 2}, "b": 3}]}`, `line 1: "b" occurs twice in one object`},
		"a name in other case":   {`{"Roles": []}`, "Roles: the claim's name is roles"},
		"a role that is none":    {`{"roles": ["CHIEF", "USER"]}`, "roles: There is no role CHIEF. There are USER, SUPPORT and ADMIN."},
		"a role by itself":       {`{"roles": "ADMIN"}`, "roles: it is not a list of strings"},
		"a role that is a one":   {`{"roles": [1]}`, "roles: it is not a list of strings"},
		"a list of scopes":       {`{"scope": ["a"]}`, "scope: it is not a string of scopes with spaces between"},
		"no scope":               {`{"scope": null}`, "scope: it is not a string of scopes with spaces between"},
		"a date":                 {`{"auth_time": "2027-01-31"}`, "auth_time: it is not a number of seconds since 1970"},
		"a time beyond":          {`{"auth_time": 1e300}`, "auth_time: it is not a number of seconds since 1970"},
		"milliseconds":           {`{"auth_time": 1801382400000}`, "auth_time: it is not a number of seconds since 1970"},
		"an actor without one":   {`{"act": {}}`, "act: it is not an object with a sub"},
		"an empty subject":       {`{"sub": ""}`, "sub: it is not a string with something in it"},
		"part of a generation":   {`{"gen": 1.5}`, "gen: it is not a whole number, 0 or more"},
		"no audience at all":     {`{"aud": 1}`, "aud: it is not a list of strings"},
		"all that is, at once":   {`{"sub": 1, "gen": -1}`, "sub: it is not a string with something in it\ngen: it is not a whole number, 0 or more"},
		"a time that is no time": {`{"nbf": true}`, "nbf: it is not a number of seconds since 1970"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := cli.ParseClaims([]byte(test.text))
			if err == nil {
				t.Fatal("they are read")
			}
			if diff := cmp.Diff(test.want, err.Error()); diff != "" {
				t.Errorf("error differs (-want +got):\n%s", diff)
			}
		})
	}
}

// What is read as claims is JSON in which each name means what it says: a role that there is, and no known claim among the others.
func FuzzClaims(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"roles": ["ADMIN"], "scope": "a b", "auth_time": 1.5e9, "aud": "a", "act": {"sub": "b"}, "org": {"tier": ["gold"]}}`,
		`{"a": {"a": 1}, "b": [{"a": 1}, {"a": 2}]}`, `{"a": 1, "\u0061": 2}`, `{"ROLES": ["ADMIN"]}`, `[`, `{"sub": "\ud800"}`, `{"gen": 9223372036854775808}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := cli.ParseClaims(text)
		if err != nil {
			if strings.TrimSpace(err.Error()) == "" {
				t.Error("an error says nothing")
			}
			return
		}
		if !json.Valid(text) {
			t.Errorf("%q is read, and is no JSON", text)
		}
		for _, r := range c.Roles {
			if _, err := auth.ParseRole(string(r)); err != nil {
				t.Errorf("%q: the role %s is read", text, r)
			}
		}
		for name := range c.Extra {
			for _, known := range cli.KnownClaims() {
				if strings.EqualFold(name, known) {
					t.Errorf("%q: %s is among the other claims", text, name)
				}
			}
		}
	})
}
