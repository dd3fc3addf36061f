package keyring

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"golang.org/x/crypto/chacha20poly1305"
)

// MasterKey seals keys and secrets at rest, with XChaCha20-Poly1305, and does nothing else: nothing is derived from it.
// However it is printed, logged or encoded, it shows its fingerprint alone. The zero value is no key.
type MasterKey struct {
	bytes [chacha20poly1305.KeySize]byte
}

// NewMasterKey makes a random master key.
func NewMasterKey() MasterKey {
	var m MasterKey
	_, _ = rand.Read(m.bytes[:]) // never fails: crypto/rand ends the program instead
	return m
}

// ParseMasterKey reads 32 bytes in base64 (RFC 4648, section 4 or 5), with or without padding; white space around it
// does not count. Its errors say what is wrong and never repeat the text.
func ParseMasterKey(text string) (MasterKey, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return MasterKey{}, errors.New("the master key is empty: 32 random bytes in base64 are needed")
	}
	key, ok := decodeBase64(text)
	if !ok {
		return MasterKey{}, errors.New("the master key is not base64: 32 random bytes in base64 are needed")
	}
	if len(key) != chacha20poly1305.KeySize {
		return MasterKey{}, fmt.Errorf("the master key has %d bytes: exactly 32 are needed, in base64", len(key))
	}
	m := MasterKey{[chacha20poly1305.KeySize]byte(key)}
	if m.isZero() {
		return MasterKey{}, errors.New("the master key is all zeros: 32 random bytes are needed")
	}
	return m, nil
}

// decodeBase64 reads either alphabet, and no line breaks, which Go's decoder skips.
func decodeBase64(text string) (decoded []byte, ok bool) {
	if strings.ContainsAny(text, "\r\n") {
		return nil, false
	}
	for _, encoding := range []*base64.Encoding{
		base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding,
	} {
		if decoded, err := encoding.Strict().DecodeString(text); err == nil {
			return decoded, true
		}
	}
	return nil, false
}

// Text is the key in the base64 that ParseMasterKey reads: for the file that holds it, and for nothing else.
func (m MasterKey) Text() string { return base64.StdEncoding.EncodeToString(m.bytes[:]) }

// Fingerprint tells master keys apart without telling anything of them: 16 hexadecimal digits.
func (m MasterKey) Fingerprint() string {
	digest := sha256.Sum256(append([]byte("fieldward master key fingerprint\x00"), m.bytes[:]...))
	return hex.EncodeToString(digest[:8])
}

func (m MasterKey) isZero() bool { return m == MasterKey{} }

// String is the fingerprint.
func (m MasterKey) String() string { return "[master key " + m.Fingerprint() + "]" }

// Format hides the key from every verb of fmt.
func (m MasterKey) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(m.String())) }

// LogValue hides the key from slog.
func (m MasterKey) LogValue() slog.Value { return slog.StringValue(m.String()) }

// MarshalText hides the key from encoders.
func (m MasterKey) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// masters open with either, and seal with the current one.
type masters struct {
	current  MasterKey
	previous MasterKey // the zero value where there is none
}

// thatSealed is the master key with the fingerprint, or a *WrongMasterKeyError.
func (m masters) thatSealed(by string) (MasterKey, error) {
	switch {
	case by == m.current.Fingerprint():
		return m.current, nil
	case m.previous.isZero():
		return MasterKey{}, &WrongMasterKeyError{Want: by, Have: m.current.Fingerprint()}
	case by == m.previous.Fingerprint():
		return m.previous, nil
	default:
		return MasterKey{}, &WrongMasterKeyError{Want: by, Have: m.current.Fingerprint(), Previous: m.previous.Fingerprint()}
	}
}

// WrongMasterKeyError says that stored keys or secrets are sealed with another master key.
type WrongMasterKeyError struct {
	// Want is the fingerprint of the master key that opens them, Have that of the one that was given.
	Want, Have string
	// Previous is the fingerprint of the master key that was given to open only; empty where there was none.
	Previous string
}

// Error says which master key is needed, and what to do.
func (e *WrongMasterKeyError) Error() string {
	given := "the one given is " + e.Have
	if e.Previous != "" {
		given = "those given are " + e.Have + " and, as the previous one, " + e.Previous
	}
	return fmt.Sprintf("wrong master key: keys in the database are sealed with the master key %s, and %s. Start with the "+
		"key whose fingerprint is %s (FIELDWARD_MASTER_KEY or --master-key-file; FIELDWARD_MASTER_KEY_PREVIOUS where "+
		"another has taken its place); a new one cannot replace it", e.Want, given, e.Want)
}
