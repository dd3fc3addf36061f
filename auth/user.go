package auth

import (
	"cmp"
	"slices"
	"strings"
	"time"
	"unicode"
)

// User is someone who can sign in.
type User struct {
	ID   ID
	Name string
	// Email is the address as it was given; Email.Key is what it is compared by.
	Email          EmailAddress
	EmailVerified  bool
	Roles          []Role
	CreatedAt      time.Time
	UpdatedAt      time.Time
	LastSignInAt   *time.Time
	DisabledAt     *time.Time
	DisabledReason *string
	// Generation counts up: a token of the user that carries a smaller one is refused.
	Generation int64
}

// OwnerID is the user's own ID: everyone owns themselves.
func (u User) OwnerID() ID { return u.ID }

// Disabled reports whether the user may not sign in.
func (u User) Disabled() bool { return u.DisabledAt != nil }

// UserFilter narrows a list of users. All of the conditions that are given must hold.
type UserFilter struct {
	// EmailContains and NameContains are compared without case.
	EmailContains *string
	NameContains  *string
	Role          *Role
	Disabled      *bool
}

// Role is what a user may be: a value of the schema's enum Role.
type Role string

// The roles that the server itself knows, from the least to the most.
const (
	RoleUser    Role = "USER"
	RoleSupport Role = "SUPPORT"
	RoleAdmin   Role = "ADMIN"
)

// Roles lists them in that order.
func Roles() []Role { return []Role{RoleUser, RoleSupport, RoleAdmin} }

// SortRoles orders roles from the least to the most, each once; those that the server does not know stand behind.
func SortRoles(roles []Role) []Role {
	rank := func(r Role) int {
		if i := slices.Index(Roles(), r); i >= 0 {
			return i
		}
		return len(Roles())
	}
	sorted := slices.Clone(roles)
	slices.SortFunc(sorted, func(a, b Role) int { return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a, b)) })
	return slices.Compact(sorted)
}

// Rank is the place of the highest of the roles in Roles, from 1; 0 where there is none that the server knows.
func Rank(roles []Role) int {
	highest := 0
	for i, r := range Roles() {
		if slices.Contains(roles, r) {
			highest = i + 1
		}
	}
	return highest
}

// ParseRole reads a role by its name.
func ParseRole(s string) (Role, error) {
	if r := Role(s); slices.Contains(Roles(), r) {
		return r, nil
	}
	return "", Invalid("role", "There is no role "+s+". There are USER, SUPPORT and ADMIN.")
}

// EmailAddress is an address as its owner wrote it.
type EmailAddress string

// Key is what addresses are compared by: A to Z alone are lower-cased, since strings.ToLower takes letters that only
// look alike for others (the Kelvin sign becomes a k).
func (e EmailAddress) Key() string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + ('a' - 'A')
		}
		return r
	}, string(e))
}

const (
	maxEmailAddress = 254 // RFC 5321, section 4.5.3.1.3, less the angle brackets
	maxLocalPart    = 64  // RFC 5321, section 4.5.3.1.1
	maxLabel        = 63  // RFC 1035, section 2.3.4
)

// ParseEmailAddress reads an address of printable ASCII, its local part a dot-atom (RFC 5322, section 3.2.3) and its
// domain host labels, which may be A-labels (RFC 5890). Anything else blames the field email.
func ParseEmailAddress(s string) (EmailAddress, error) {
	local, domain, found := strings.Cut(s, "@")
	switch {
	case s == "":
		return "", Invalid("email", "An e-mail address is needed.")
	case len(s) > maxEmailAddress:
		return "", Invalid("email", "The e-mail address is longer than 254 characters.")
	case !isASCII(s):
		return "", Invalid("email", "The e-mail address may hold ASCII characters only; write the domain in its xn-- form.")
	case !found || !isDotAtom(local) || len(local) > maxLocalPart || !isDomain(domain):
		return "", Invalid("email", "This is not an e-mail address.")
	}
	return EmailAddress(s), nil
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] > 0x7e {
			return false
		}
	}
	return true
}

func isAlphanumeric(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

func isDotAtom(s string) bool {
	for atom := range strings.SplitSeq(s, ".") {
		if atom == "" {
			return false
		}
		for i := range len(atom) {
			if !isAlphanumeric(atom[i]) && strings.IndexByte("!#$%&'*+-/=?^_`{|}~", atom[i]) < 0 {
				return false
			}
		}
	}
	return true
}

func isDomain(s string) bool {
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > maxLabel || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for i := range len(label) {
			if !isAlphanumeric(label[i]) && label[i] != '-' {
				return false
			}
		}
	}
	return true
}

const maxName = 200

// isSeen reports whether the character by itself is something to read.
func isSeen(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsSymbol(r) }

// ParseName reads the name that others see: one line of 1 to 200 characters, without spaces around it. Anything else
// blames the field name.
func ParseName(s string) (string, error) {
	switch name := strings.TrimSpace(s); {
	case !strings.ContainsFunc(name, isSeen):
		return "", Invalid("name", "A name is needed.")
	case len([]rune(name)) > maxName:
		return "", Invalid("name", "The name is longer than 200 characters.")
	case !IsLine(name):
		return "", Invalid("name", "The name holds a character that is not printable.")
	default:
		return name, nil
	}
}
