package cli_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/fieldward/fieldward/cli"
)

func TestAnAllowedOriginIsOneThatABrowserSends(t *testing.T) {
	tests := map[string]struct {
		origin string
		want   string // a part of the problem; empty where there is none
	}{
		"https":                          {"https://app.example.com", ""},
		"https with a port":              {"https://app.example.com:8443", ""},
		"http on a loopback name":        {"http://localhost:3000", ""},
		"http on a loopback address":     {"http://127.0.0.1:3000", ""},
		"http on the IPv6 loopback":      {"http://[::1]:3000", ""},
		"a name in punycode":             {"https://xn--bcher-kva.example", ""},
		"an IPv6 address":                {"https://[2001:db8::1]", ""},
		"everything":                     {"*", "name each"},
		"a wildcard":                     {"https://*.example.com", "name each"},
		"null":                           {"null", "is not an origin"},
		"nothing":                        {"", "is not an origin"},
		"no scheme":                      {"app.example.com", "is not an origin"},
		"another scheme":                 {"ftp://app.example.com", "is not an origin"},
		"no host":                        {"https://", "is not an origin"},
		"a slash at its end":             {"https://app.example.com/", "writes it: https://app.example.com"},
		"a path":                         {"https://app.example.com/a", "writes it: https://app.example.com"},
		"a query":                        {"https://app.example.com?a", "writes it: https://app.example.com"},
		"a fragment":                     {"https://app.example.com#a", "writes it: https://app.example.com"},
		"an empty fragment":              {"https://app.example.com#", "writes it: https://app.example.com"},
		"a user":                         {"https://a@app.example.com", "writes it: https://app.example.com"},
		"capitals":                       {"https://App.Example.com", "writes it: https://app.example.com"},
		"a scheme in capitals":           {"HTTPS://app.example.com", "writes it: https://app.example.com"},
		"the port that https has anyway": {"https://app.example.com:443", "writes it: https://app.example.com"},
		"the port that http has anyway":  {"http://localhost:80", "writes it: http://localhost"},
		"an empty port":                  {"https://app.example.com:", "writes it: https://app.example.com"},
		"a port with a nought before it": {"https://app.example.com:08443", "writes it: https://app.example.com:8443"},
		"a port beyond the last":         {"https://app.example.com:65536", "writes it: https://app.example.com"},
		"a port that is none":            {"https://app.example.com:x", "is not an origin"},
		"a long IPv6 address":            {"https://[2001:db8:0:0:0:0:0:1]", "writes it: https://[2001:db8::1]"},
		"an IPv6 address of a zone":      {"https://[fe80::1%25eth0]", "is not an origin"},
		"an address that is shortened":   {"http://127.1:3000", "is not an origin"},
		"a name in letters of its own":   {"https://bücher.example", "is not an origin"},
		"a name with an empty label":     {"https://app..example.com", "is not an origin"},
		"a space":                        {"https://app.example.com ", "is not an origin"},
		"two in one":                     {"https://a.example https://b.example", "is not an origin"},
		"http on a name elsewhere":       {"http://app.example.com", "neither https nor a loopback address"},
		"http on an address elsewhere":   {"http://192.0.2.1:3000", "neither https nor a loopback address"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s, err := cli.DefaultServeSettings()
			if err != nil {
				t.Fatal(err)
			}
			s.AllowedOrigins = []string{"https://good.example", test.origin}
			switch err := s.Validate(); {
			case test.want == "" && err != nil:
				t.Errorf("refused: %v", err)
			case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want) || !strings.HasPrefix(err.Error(), "--allowed-origin: ")):
				t.Errorf("the problem is %v", err)
			}
		})
	}
}

func TestEveryWrongOriginIsNamed(t *testing.T) {
	s, err := cli.DefaultServeSettings()
	if err != nil {
		t.Fatal(err)
	}
	s.AllowedOrigins = []string{"*", "https://good.example", "null"}
	err = s.Validate()
	if err == nil || strings.Count(err.Error(), "--allowed-origin") != 2 || strings.Contains(err.Error(), "good") {
		t.Errorf("the problems are %v", err)
	}
}

func FuzzAllowedOrigin(f *testing.F) {
	for _, seed := range []string{"https://app.example.com", "http://[::1]:80", "https://a:b@c/d?e#f", "*", "null", "https://127.1"} {
		f.Add(seed)
	}
	s, err := cli.DefaultServeSettings()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, origin string) {
		s.AllowedOrigins = []string{origin}
		if s.Validate() != nil {
			return
		}
		if err := http.NewCrossOriginProtection().AddTrustedOrigin(origin); err != nil {
			t.Errorf("%q stops the start only later: %v", origin, err)
		}
		if strings.ContainsAny(origin, "*%@?#") || strings.HasSuffix(origin, "/") || strings.ToLower(origin) != origin {
			t.Errorf("%q is accepted", origin)
		}
	})
}
