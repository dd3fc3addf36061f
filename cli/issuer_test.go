package cli_test

import (
	"strings"
	"testing"

	"github.com/fieldward/fieldward/cli"
)

func TestAnIssuerIsAnAddressAsOthersCompareIt(t *testing.T) {
	const no, plain, notAsOthersWriteIt = "it is not an address", "neither https nor a loopback", "write it "
	tests := map[string]struct{ issuer, problem string }{
		"a name":                          {"https://api.example.com", ""},
		"a port":                          {"https://api.example.com:8443", ""},
		"a path":                          {"https://api.example.com/auth/v1", ""},
		"http on a loopback address":      {"http://127.0.0.1:8080", ""},
		"http on localhost":               {"http://localhost", ""},
		"http elsewhere":                  {"http://api.example.com", plain},
		"http where a name looks local":   {"http://127.0.0.1.example.com", plain},
		"another scheme":                  {"ftp://localhost", plain},
		"a scheme in capitals":            {"HTTPS://api.example.com", notAsOthersWriteIt + "https://api.example.com"},
		"http in capitals":                {"HTTP://localhost", notAsOthersWriteIt + "http://localhost"},
		"a space":                         {"https://api.example.com/a b", notAsOthersWriteIt + "https://api.example.com/a%20b"},
		"an empty fragment":               {"https://api.example.com#", notAsOthersWriteIt + "https://api.example.com"},
		"an empty query":                  {"https://api.example.com?", no},
		"a query":                         {"https://api.example.com?a=b", no},
		"a slash at its end":              {"https://api.example.com/", no},
		"two slashes within":              {"https://api.example.com/a//b", no},
		"a step up":                       {"https://api.example.com/a/../b", no},
		"a port alone":                    {"https://:443", no},
		"a port beyond all":               {"https://api.example.com:70000", no},
		"a user, of whom nothing is said": {"https://ada:secret@api.example.com", no},
		"nothing":                         {"", no},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s, err := cli.DefaultServeSettings()
			if err != nil {
				t.Fatal(err)
			}
			s.Issuer = test.issuer
			err = s.Validate()
			if test.problem == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), "--issuer: ") || !strings.Contains(err.Error(), test.problem) ||
				strings.Contains(err.Error(), "secret") {
				t.Errorf("the error is %v", err)
			}
		})
	}
}

func TestTheAudienceIsNotThatOfIDTokens(t *testing.T) {
	s, err := cli.DefaultServeSettings()
	if err != nil {
		t.Fatal(err)
	}
	s.Audience = "fieldward"
	if err := s.Validate(); err == nil || !strings.Contains(err.Error(), "--audience: ") {
		t.Errorf("the error is %v", err)
	}
}
