package password

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/fieldward/fieldward/auth"
)

// The bounds of a password's length, in characters after normalization. NIST SP 800-63B-4 (section 3.1.1.2) asks for
// at least 8, and for 15 where the password is the only factor.
const (
	LeastMinLength = 8
	MaxLength      = 256
)

// Policy says which passwords are taken. There are no rules of composition.
type Policy struct {
	// MinLength is in characters, at least LeastMinLength.
	MinLength int
}

// Check blames field with auth.InvalidInput for what cannot be a password, and with auth.WeakPassword for what is too
// short, among the commonest, or one of the words that belong to the user.
func (p Policy) Check(field string, password auth.Secret, words ...string) error {
	if !utf8.ValidString(password.Reveal()) || strings.ContainsFunc(password.Reveal(), isControl) {
		return auth.Invalid(field, "The password holds a control character.")
	}
	if err := CheckLength(field, password); err != nil {
		return err
	}
	normal := Normalize(password)
	switch {
	case utf8.RuneCountInString(normal) < p.MinLength:
		return weak(field, fmt.Sprintf("The password is shorter than %d characters.", p.MinLength))
	case isCommon(normal):
		return weak(field, "This is one of the commonest passwords.")
	case slices.ContainsFunc(words, func(w string) bool { return strings.EqualFold(normal, w) }):
		return weak(field, "The password is your own name or address.")
	}
	return nil
}

// CheckLength blames field for what can be nobody's password: nothing, or more than MaxLength. It is never shortened.
func CheckLength(field string, password auth.Secret) error {
	switch n := utf8.RuneCountInString(Normalize(password)); {
	case n == 0:
		return auth.Invalid(field, "A password is needed.")
	case n > MaxLength:
		return auth.Invalid(field, fmt.Sprintf("The password is longer than %d characters.", MaxLength))
	default:
		return nil
	}
}

func weak(field, message string) error {
	return &auth.Error{Code: auth.WeakPassword, Field: field, Message: message}
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f || 0x80 <= r && r <= 0x9f }

// commonText is the 10,000 commonest passwords of eight characters or more, in small letters, a line each, sorted.
//
//go:embed common.txt
var commonText string

var common = sync.OnceValue(func() []string { return strings.Split(strings.TrimSuffix(commonText, "\n"), "\n") })

func isCommon(password string) bool {
	_, found := slices.BinarySearch(common(), strings.ToLower(password))
	return found
}
