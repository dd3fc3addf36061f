package auth_test

import (
	"testing"

	"github.com/fieldward/fieldward/auth"
)

func TestANetworkIsThePartOfAnAddressThatOneCustomerIsGiven(t *testing.T) {
	tests := map[string]struct{ address, want string }{
		"IPv4":                        {"192.0.2.10", "192.0.2.0/24"},
		"IPv4, mapped into IPv6":      {"::ffff:192.0.2.10", "192.0.2.0/24"},
		"IPv6":                        {"2001:db8:1:2fe:3::4", "2001:db8:1:200::/56"},
		"IPv6 with a zone":            {"fe80::1%eth0", "fe80::/56"},
		"the address of this machine": {"127.0.0.1", "127.0.0.0/24"},
		"no address":                  {"localhost", ""},
		"an address with a port":      {"192.0.2.10:80", ""},
		"an empty address":            {"", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := (auth.Client{IPAddress: &test.address}).Network(); got != test.want {
				t.Errorf("%s is in %q, want %q", test.address, got, test.want)
			}
		})
	}
	if got := (auth.Client{}).Network(); got != "" {
		t.Errorf("a client without an address is in %q", got)
	}
}
