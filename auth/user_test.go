package auth_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fieldward/fieldward/auth"
)

func TestParseEmailAddress(t *testing.T) {
	good := map[string]string{
		"plain":                   "ada@example.com",
		"with capitals":           "Ada.Lovelace@Example.COM",
		"with a tag":              "ada+news@example.com",
		"with every atom letter":  "!#$%&'*+-/=?^_`{|}~@example.com",
		"with an A-label":         "ada@xn--bcher-kva.example",
		"of a single label":       "ada@localhost",
		"with a local part of 64": strings.Repeat("a", 64) + "@example.com",
	}
	for name, text := range good {
		t.Run(name, func(t *testing.T) {
			if got, err := auth.ParseEmailAddress(text); err != nil || string(got) != text {
				t.Errorf("ParseEmailAddress(%q) = %q, %v", text, got, err)
			}
		})
	}
	bad := map[string]string{
		"empty":                       "",
		"no at":                       "ada.example.com",
		"nothing before the at":       "@example.com",
		"nothing behind the at":       "ada@",
		"two ats":                     "ada@b@example.com",
		"a dot in front":              ".ada@example.com",
		"two dots":                    "ada..l@example.com",
		"a space":                     "ada l@example.com",
		"a space around":              " ada@example.com",
		"quoted":                      `"ada l"@example.com`,
		"a comment":                   "ada(x)@example.com",
		"an address literal":          "ada@[127.0.0.1]",
		"a hyphen at a label's start": "ada@-example.com",
		"a hyphen at a label's end":   "ada@example-.com",
		"a dot at the end":            "ada@example.com.",
		"an underscore in the domain": "ada@ex_ample.com",
		"a label of 64":               "ada@" + strings.Repeat("a", 64) + ".com",
		"a local part of 65":          strings.Repeat("a", 65) + "@example.com",
		"255 characters":              strings.Repeat("a", 64) + "@" + strings.Repeat("a.", 94) + "ab",
		"the Kelvin sign":             "\u212Aate@example.com",
		"a domain in its own letters": "ada@bücher.example",
		"a NUL":                       "ada\x00@example.com",
		"a line break":                "ada@example.com\nBcc: all@example.com",
		"a DEL":                       "ada\x7f@example.com",
		"a name before it":            "Ada <ada@example.com>",
	}
	for name, text := range bad {
		t.Run(name, func(t *testing.T) {
			got, err := auth.ParseEmailAddress(text)
			known, ok := errors.AsType[*auth.Error](err)
			if !ok || known.Code != auth.InvalidInput || known.Field != "email" {
				t.Errorf("ParseEmailAddress(%q) = %q, %#v; want INVALID_INPUT of the field email", text, got, err)
			}
		})
	}
}

func TestAddressesAreComparedByASCIILettersAlone(t *testing.T) {
	if got := auth.EmailAddress("Ada.K@EXAMPLE.com").Key(); got != "ada.k@example.com" {
		t.Errorf("the key is %q", got)
	}
	if kelvin := auth.EmailAddress("\u212Aate@example.com").Key(); kelvin == "kate@example.com" {
		t.Error("the Kelvin sign is a k")
	}
}

func TestParseName(t *testing.T) {
	tests := map[string]struct {
		text string
		want string // empty where it is refused
	}{
		"plain":                  {"Ada Lovelace", "Ada Lovelace"},
		"spaces around":          {"  Ada  ", "Ada"},
		"in any script":          {"Ада Лавлейс 艾达", "Ада Лавлейс 艾达"},
		"an emoji of several":    {"Ada 👩\u200d💻", "Ada 👩\u200d💻"},
		"an apostrophe":          {"O'Brien; DROP TABLE users", "O'Brien; DROP TABLE users"},
		"200 characters":         {strings.Repeat("ä", 200), strings.Repeat("ä", 200)},
		"201 characters":         {strings.Repeat("ä", 201), ""},
		"empty":                  {"", ""},
		"spaces alone":           {" \t\n", ""},
		"nothing to be seen":     {"\u200d", ""},
		"a NUL":                  {"Ada\x00", ""},
		"a line break":           {"Ada\nLovelace", ""},
		"an escape sequence":     {"\x1b[31mAda", ""},
		"a right-to-left switch": {"Ada \u202egpj.exe", ""},
		"a line separator":       {"Ada\u2028Lovelace", ""},
		"invalid UTF-8":          {"Ada\xff", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := auth.ParseName(test.text)
			if got != test.want || (err == nil) != (test.want != "") {
				t.Errorf("ParseName(%q) = %q, %v; want %q", test.text, got, err, test.want)
			}
		})
	}
}

func TestRolesAreOrderedByRankAndEachStandsOnce(t *testing.T) {
	got := auth.SortRoles([]auth.Role{"EDITOR", auth.RoleAdmin, auth.RoleUser, auth.RoleAdmin, auth.RoleSupport})
	want := []auth.Role{auth.RoleUser, auth.RoleSupport, auth.RoleAdmin, "EDITOR"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
