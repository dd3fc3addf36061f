package auth

import (
	"fmt"
	"log/slog"
	"unicode"
	"unicode/utf8"
)

// Secret is a string that is taken and never answered, logged or traced: however it is printed, it says [secret].
type Secret string

const redacted = "[secret]"

// Reveal is the secret itself, in so many words.
func (s Secret) Reveal() string { return string(s) }

// String hides the secret from fmt.
func (Secret) String() string { return redacted }

// Format hides the secret from every verb of fmt.
func (Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// LogValue hides the secret from slog.
func (Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText hides the secret from encoders.
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// IsLine reports whether s is valid UTF-8 that reads as one line: graphic characters, and the joiners that some scripts
// and emoji need between them; no other control or format characters, nothing unassigned.
func IsLine(s string) bool {
	for i, r := range s {
		if r == utf8.RuneError {
			if _, size := utf8.DecodeRuneInString(s[i:]); size == 1 {
				return false
			}
		}
		if r == '\u2028' || r == '\u2029' || !unicode.IsGraphic(r) && r != '\u200d' && r != '\u200c' {
			return false
		}
	}
	return true
}
