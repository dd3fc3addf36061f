package web_test

import (
	"bytes"
	"log/slog"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/fieldward/fieldward/web"
)

func TestWhereARequestComesFrom(t *testing.T) {
	proxies := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8:f::/48")}
	tests := map[string]struct {
		peer      string
		forwarded []string
		want      string // empty where it is not known
	}{
		"from the peer":                              {"203.0.113.7:9000", nil, "203.0.113.7"},
		"from a peer of the new kind":                {"[2001:db8::7]:9000", nil, "2001:db8::7"},
		"from a mapped one":                          {"[::ffff:203.0.113.7]:9000", nil, "203.0.113.7"},
		"a stranger who claims to be forwarded":      {"203.0.113.7:9000", []string{"198.51.100.1"}, "203.0.113.7"},
		"through a proxy":                            {"10.1.2.3:9000", []string{"198.51.100.1"}, "198.51.100.1"},
		"through a proxy of the new kind":            {"[2001:db8:f::1]:9000", []string{"2001:db8::7"}, "2001:db8::7"},
		"through two":                                {"10.1.2.3:9000", []string{"198.51.100.1, 10.9.9.9"}, "198.51.100.1"},
		"what the client has written is passed over": {"10.1.2.3:9000", []string{"127.0.0.1, 10.0.0.1, 198.51.100.1"}, "198.51.100.1"},
		"in two headers":                             {"10.1.2.3:9000", []string{"127.0.0.1", "198.51.100.1, 10.9.9.9"}, "198.51.100.1"},
		"with a port":                                {"10.1.2.3:9000", []string{"198.51.100.1:4711"}, "198.51.100.1"},
		"in brackets":                                {"10.1.2.3:9000", []string{"[2001:db8::7]"}, "2001:db8::7"},
		"in brackets with a port":                    {"10.1.2.3:9000", []string{"[2001:db8::7]:4711"}, "2001:db8::7"},
		"from the proxy itself":                      {"10.1.2.3:9000", nil, "10.1.2.3"},
		"from behind proxies alone":                  {"10.1.2.3:9000", []string{"10.5.5.5"}, "10.5.5.5"},
		"a proxy that says no address":               {"10.1.2.3:9000", []string{"unknown"}, ""},
		"a proxy that says nothing at the end":       {"10.1.2.3:9000", []string{"198.51.100.1,"}, ""},
		"a proxy that nobody has named":              {"192.168.0.2:9000", []string{"198.51.100.1"}, ""},
		"one on this machine":                        {"127.0.0.1:9000", []string{"198.51.100.1"}, ""},
		"no address":                                 {"@", nil, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest("POST", "/graphql", nil)
			r.RemoteAddr = test.peer
			for _, f := range test.forwarded {
				r.Header.Add("X-Forwarded-For", f)
			}
			got := ""
			if a := web.AddressOf(r, proxies, slog.New(slog.DiscardHandler)); a != nil {
				got = *a
			}
			if got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestAPeerThatForwardsAndIsNoTrustedProxyIsWarnedOfOnce(t *testing.T) {
	var log bytes.Buffer
	address := web.AddressesFor(nil, slog.New(slog.NewTextHandler(&log, nil)))
	for range 3 {
		r := httptest.NewRequest("POST", "/graphql", nil)
		r.RemoteAddr = "127.0.0.1:9000"
		r.Header.Set("X-Forwarded-For", "198.51.100.1")
		if a := address(r); a != nil {
			t.Errorf("it comes from %s", *a)
		}
	}
	if n := strings.Count(log.String(), "trusted-proxy"); n != 1 {
		t.Errorf("%d warnings: %s", n, log.String())
	}
}

func FuzzForwardedFor(f *testing.F) {
	for _, header := range []string{"198.51.100.1", "a, b", "[::1]:x", ",,,", "10.0.0.1, 10.0.0.2"} {
		f.Add(header)
	}
	proxies := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	f.Fuzz(func(t *testing.T, header string) {
		r := httptest.NewRequest("POST", "/graphql", nil)
		r.RemoteAddr = "10.0.0.1:9000"
		r.Header["X-Forwarded-For"] = []string{header}
		a := web.AddressOf(r, proxies, slog.New(slog.DiscardHandler))
		if a == nil {
			return
		}
		if _, err := netip.ParseAddr(*a); err != nil {
			t.Errorf("%q is no address", *a)
		}
	})
}
