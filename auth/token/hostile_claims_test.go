package token_test

import (
	"strings"
	"testing"
	"time"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/token"
)

// dates are no NumericDates, or none of the years 0 to 9999.
func dates(t testing.TB, h *house) class {
	c := newClass(token.ErrClaims, token.ErrMalformed) // what no float64 holds is malformed
	for _, name := range []string{"exp", "iat", "nbf", "auth_time"} {
		good := date(0)
		for what, raw := range map[string]string{
			"null": "null", "true": "true", "false": "false", "an empty string": `""`, "a list": "[]", "an object": "{}",
			"a number in a string": quote(good), "a number in a list": "[" + good + "]",
			"RFC 3339":                   `"2026-03-01T12:00:00Z"`,
			"HTTP's format":              `"Sun, 01 Mar 2026 12:00:00 GMT"`,
			"an exponent":                good[:1] + "." + good[1:] + "e9",
			"a whole one":                good + "e0",
			"one in capitals":            good + "E0",
			"a negative one":             good + "0e-1",
			"milliseconds":               good + "000",
			"the year 10000":             "253402300800",
			"a second before the year 0": "-62167219201",
			"2^63-1":                     "9223372036854775807",
			"2^63":                       "9223372036854775808",
			"-2^63":                      "-9223372036854775808",
			"2^64":                       "18446744073709551616",
			"2^64 and now":               "18446744075481973216",
			"1e18":                       "1e18",
			"1e308":                      "1e308",
			"-1e308":                     "-1e308",
			"1e400":                      "1e400",
			"-1e400":                     "-1e400",
			"1e-400 and now":             good + ".0e0",
			"ten digits of a fraction":   good + ".0000000000",
			"a very long fraction":       good + "." + strings.Repeat("0", 1000) + "1",
			"a very long number":         strings.Repeat("9", 1000),
		} {
			c.add(t, name+" is "+what, h.sign(t, h.header().String(), h.claims().with(name, raw).String()))
		}
	}
	c.add(t, "exp is iat", h.sign(t, h.header().String(), h.claims().with("exp", date(0)).String()))
	c.add(t, "exp is before iat", h.sign(t, h.header().String(), h.claims().with("exp", date(-time.Second)).String()))
	return c
}

func expired(t testing.TB, h *house) class {
	c := newClass(token.ErrExpired, token.ErrLifetime, token.ErrClaims)
	for what, times := range map[string][2]string{
		"just beyond the leeway":      {date(-life), date(-token.Leeway)},
		"an hour ago":                 {date(-time.Hour - life), date(-time.Hour)},
		"in 1970":                     {"0", "1"},
		"at zero":                     {"-1", "0"},
		"before 1970":                 {"-600", "-1"},
		"in the year 0":               {"-62167219200", "-62167219199"},
		"by a fraction":               {date(-life), date(-token.Leeway-time.Second) + ".999999999"},
		"at negative zero":            {"-1", "-0"},
		"at zero with a fraction":     {"-1", "0.5"},
		"at zero, issued now":         {date(0), "0"},
		"at zero and a 0 as fraction": {"-1", "0.0"},
	} {
		c.add(t, what, h.sign(t, h.header().String(), h.claims().with("iat", times[0]).with("exp", times[1]).String()))
	}
	return c
}

func notYet(t testing.TB, h *house) class {
	c := newClass(token.ErrNotYet)
	later := token.Leeway + time.Second
	for what, claims := range map[string]object{
		"issued just beyond the leeway": h.claims().with("iat", date(later)).with("exp", date(life+later)),
		"issued tomorrow":               h.claims().with("iat", date(24*time.Hour)).with("exp", date(24*time.Hour+life)),
		"issued in the year 9999":       h.claims().with("iat", "253402300700").with("exp", "253402300799"),
		"issued a fraction too late":    h.claims().with("iat", date(token.Leeway)+".000000001"),
		"nbf just beyond the leeway":    h.claims().with("nbf", date(later)),
		"nbf tomorrow":                  h.claims().with("nbf", date(24*time.Hour)),
		"nbf in the year 9999":          h.claims().with("nbf", "253402300799"),
		"nbf a fraction too late":       h.claims().with("nbf", date(token.Leeway)+".000000001"),
		"nbf after exp":                 h.claims().with("nbf", date(life+time.Second)),
	} {
		c.add(t, what, h.sign(t, h.header().String(), claims.String()))
	}
	return c
}

func tooLong(t testing.TB, h *house) class {
	c := newClass(token.ErrLifetime)
	for what, claims := range map[string]object{
		"a second":           h.claims().with("exp", date(life+time.Second)),
		"a nanosecond":       h.claims().with("exp", date(life)+".000000001"),
		"an hour":            h.claims().with("exp", date(time.Hour)),
		"ten years":          h.claims().with("exp", date(10*365*24*time.Hour)),
		"to the year 9999":   h.claims().with("exp", "253402300799"),
		"since 1970":         h.claims().with("iat", "0"),
		"since the year 0":   h.claims().with("iat", "-62167219200"),
		"ten thousand years": h.claims().with("iat", "-62167219200").with("exp", "253402300799"),
		"since an hour":      h.claims().with("iat", date(-time.Hour)),
	} {
		c.add(t, what, h.sign(t, h.header().String(), claims.String()))
	}
	return c
}

// claimTypes are a number where a string belongs, and every other mistake of that sort.
func claimTypes(t testing.TB, h *house) class {
	c := newClass(token.ErrClaims, token.ErrMalformed)
	claims := h.claims()
	value := map[string]string{}
	for _, m := range claims {
		value[m[0]] = m[1]
	}
	wrong := map[string][]string{
		"aud":   {"null", "true", "0", "1", `""`, "[]", "{}", "[null]", "[1]", `[""]`, `{"0":` + value["aud"] + "}"},
		"roles": {"null", "true", "0", "1", `""`, `"ADMIN"`, `"SUPPORT ADMIN"`, "{}", `{"0":"ADMIN"}`, "[null]", "[1]", `[["ADMIN"]]`, `["ADMIN",1]`, `["ADMIN",null]`, `[{"name":"ADMIN"}]`, `[""]`},
		"amr":   {"null", "true", "0", "1", `""`, `"pwd"`, "{}", "[null]", "[1]", `[["pwd"]]`, `["pwd",1]`, `[""]`},
		"gen":   {"null", "true", `""`, `"7"`, "[]", "[7]", "{}", "-1", "-0", "-7", "0.5", "7.0", "7e0", "7E0", "70e-1", "1e2", "9223372036854775808", "18446744073709551623", "1e400", "-9223372036854775808"},
	}
	for _, name := range []string{"iss", "sub", "jti", "client_id", "sid"} {
		wrong[name] = []string{"null", "true", "false", "0", "1", "1.5", `""`, `" "`, "[]", "{}", "[" + value[name] + "]", `{"value":` + value[name] + "}"}
	}
	aud := value["aud"]
	wrong["aud"] = append(wrong["aud"], "["+aud+",1]", "["+aud+",null]", "["+aud+`,""]`, "["+aud+",["+aud+"]]", "[["+aud+"]]", "["+aud+",{}]")
	for name, raws := range wrong {
		for _, raw := range raws {
			if name == "iss" && raw == `" "` {
				continue // a string, and another issuer's
			}
			c.add(t, name+": "+raw, h.sign(t, h.header().String(), claims.with(name, raw).String()))
		}
	}
	return c
}

func missingClaims(t testing.TB, h *house) class {
	c := newClass(token.ErrClaims)
	required := []string{"iss", "sub", "aud", "iat", "exp", "jti", "client_id", "sid", "gen"}
	for i, name := range required {
		c.add(t, "no "+name, h.sign(t, h.header().String(), h.claims().without(name).String()))
		for _, other := range required[i+1:] {
			c.add(t, "no "+name+" and no "+other, h.sign(t, h.header().String(), h.claims().without(name).without(other).String()))
		}
	}
	c.add(t, "no claims", h.sign(t, h.header().String(), "{}"))
	return c
}

// malformedIDs are no IDs, or IDs of something else.
func malformedIDs(t testing.TB, h *house) class {
	c := newClass(token.ErrClaims)
	for name, prefix := range map[string]string{"sub": auth.UserPrefix, "sid": auth.SessionPrefix, "jti": auth.TokenPrefix} {
		good := string(auth.NewID(prefix, start()))
		digits := good[len(prefix)+1:]
		for what, id := range map[string]string{
			"the prefix":            prefix + "_",
			"the prefix alone":      prefix,
			"no prefix":             digits,
			"an empty prefix":       "_" + digits,
			"a space before":        " " + good,
			"a space after":         good + " ",
			"a line break after":    good + "\n",
			"capitals":              strings.ToUpper(good),
			"a capital":             prefix + "_" + strings.ToUpper(digits),
			"a digit less":          good[:len(good)-1],
			"a digit more":          good + "0",
			"a letter that is none": good[:len(good)-1] + "u",
			"more than 128 bits":    prefix + "_8" + digits[1:],
			"a hyphen":              prefix + "-" + digits,
			"two underscores":       prefix + "__" + digits[1:],
			"another's ID":          "svc_" + digits,
			"a key's ID":            "key_" + digits,
			"an event's ID":         "evt_" + digits,
			"an address":            "ada@example.org",
			"a number":              "1",
			"a UUID":                "0195a1b2-c3d4-7e5f-8a6b-7c8d9e0f1a2b",
			"SQL":                   "' OR ''='",
			"two IDs":               good + " " + good,
		} {
			c.add(t, name+" is "+what, h.sign(t, h.header().String(), h.claims().with(name, quote(id)).String()))
		}
	}
	c.add(t, "sub is a session", h.sign(t, h.header().String(), h.claims().with("sub", quote(string(h.session.ID))).String()))
	c.add(t, "sid is a user", h.sign(t, h.header().String(), h.claims().with("sid", quote(string(h.user.ID))).String()))
	c.add(t, "jti is a session", h.sign(t, h.header().String(), h.claims().with("jti", quote(string(h.session.ID))).String()))
	return c
}

func issuers(t testing.TB, h *house) class {
	c := newClass(token.ErrIssuer)
	for _, iss := range []string{
		"https://attacker.example", issuer + "/", issuer + " ", " " + issuer, strings.ToUpper(issuer), "http://auth.example", "auth.example",
		issuer + ".attacker.example", issuer + "@attacker.example", issuer + "#", issuer + "?", issuer + ":443", issuer[:len(issuer)-1],
		"https://аuth.example", issuer + "," + issuer, audience, "*", "null", " ",
	} {
		c.add(t, iss, h.sign(t, h.header().String(), h.claims().with("iss", quote(iss)).String()))
	}
	return c
}

func audiences(t testing.TB, h *house) class {
	c := newClass(token.ErrAudience)
	for _, aud := range []string{
		"https://other.example", audience + "/", audience + " ", " " + audience, strings.ToUpper(audience), "http://api.example", "api.example",
		audience + ".attacker.example", audience[:len(audience)-1], audience + "," + audience, audience + " " + audience, issuer, "*", "null", " ",
		"fieldward", issuer + "/refresh",
	} {
		c.add(t, aud, h.sign(t, h.header().String(), h.claims().with("aud", quote(aud)).String()))
		c.add(t, aud+", in a list", h.sign(t, h.header().String(), h.claims().with("aud", "["+quote(aud)+"]").String()))
	}
	c.add(t, "several others", h.sign(t, h.header().String(), h.claims().with("aud", `["https://a.example","https://b.example"]`).String()))
	return c
}

// otherKinds are good tokens of another kind or for another client, and what is no token at all.
func otherKinds(t testing.TB, h *house) class {
	c := newClass(token.ErrClaims, token.ErrHeader, token.ErrMalformed)
	for what, claims := range map[string]object{
		"exchanged":                 h.claims().with("act", `{"sub":"svc_01j8z3k5v9e4rt0q6m2x7n1c8d"}`),
		"exchanged by nobody":       h.claims().with("act", "null"),
		"exchanged, empty":          h.claims().with("act", "{}"),
		"exchanged, a string":       h.claims().with("act", `"svc_01j8z3k5v9e4rt0q6m2x7n1c8d"`),
		"exchanged and limited":     h.claims().with("act", `{"sub":"x"}`).with("scope", `"users:read"`),
		"limited":                   h.claims().with("scope", `"users:read"`),
		"limited to nothing":        h.claims().with("scope", `""`),
		"limited by a list":         h.claims().with("scope", `["users:read"]`),
		"limited by null":           h.claims().with("scope", "null"),
		"bound to a key":            h.claims().with("cnf", `{"jkt":"AAAA"}`),
		"bound to a certificate":    h.claims().with("cnf", `{"x5t#S256":"AAAA"}`),
		"a service account's":       h.claims().with("client_id", `"svc_01j8z3k5v9e4rt0q6m2x7n1c8d"`),
		"another client's":          h.claims().with("client_id", `"mobile"`),
		"a client's with a capital": h.claims().with("client_id", `"Fieldward"`),
		"a client's with a space":   h.claims().with("client_id", `"fieldward "`),
		"a client's with a zero":    h.claims().with("client_id", `"fieldward\u0000"`),
		"a service account's own":   h.claims().with("sub", `"svc_01j8z3k5v9e4rt0q6m2x7n1c8d"`).without("sid").without("gen"),
		"a service account's, in short": {
			{"iss", `"svc_01j8z3k5v9e4rt0q6m2x7n1c8d"`},
			{"sub", `"svc_01j8z3k5v9e4rt0q6m2x7n1c8d"`},
			{"aud", quote(issuer)},
			{"iat", date(0)},
			{"exp", date(life)},
			{"jti", `"1"`},
		},
		"what the library issues": {
			{"iss", quote(issuer)},
			{"sub", `"ada"`},
			{"aud", quote(audience)},
			{"exp", date(life)},
		},
	} {
		c.add(t, what, h.sign(t, h.header().String(), claims.String()))
	}
	idToken := h.claims().with("aud", `"fieldward"`).with("nonce", `"n"`).with("at_hash", `"AAAA"`).without("client_id").without("roles")
	c.add(t, "an ID token", h.sign(t, h.header().with("typ", `"JWT"`).String(), idToken.String()))
	c.add(t, "an ID token for this audience", h.sign(t, h.header().with("typ", `"JWT"`).String(), idToken.with("aud", quote(audience)).String()))
	c.add(t, "an ID token without typ", h.sign(t, h.header().without("typ").String(), idToken.String()))
	c.add(t, "an ID token with an access token's typ", h.sign(t, h.header().String(), idToken.String()))
	c.add(t, "a logout token", h.sign(t, h.header().with("typ", `"logout+jwt"`).String(), h.claims().with("events", `{"http://schemas.openid.net/event/backchannel-logout":{}}`).String()))
	c.add(t, "a reset token", h.sign(t, h.header().with("typ", `"reset+jwt"`).String(), h.claims().with("aud", quote(issuer+"/reset")).String()))
	c.add(t, "a refresh token", "fwr_1."+string(h.session.ID)+".0.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
	c.add(t, "a refresh token without its prefix", "1."+string(h.session.ID)+".0.AAAA")
	c.add(t, "an opaque token", "dGhpcyBpcyBvcGFxdWU")
	c.add(t, "a session's ID", string(h.session.ID))
	return c
}
