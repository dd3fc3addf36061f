package keyring

import (
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"golang.org/x/crypto/chacha20poly1305"
)

// The kinds of what is sealed.
const (
	keyKind    = "signing-key"
	secretKind = "secret"
)

// seal encrypts and authenticates the text, so that it opens as that kind and ID only: a random nonce of 24 bytes,
// then the sealed text.
func (m MasterKey) seal(text []byte, kind, id string) []byte {
	aead, err := chacha20poly1305.NewX(m.bytes[:])
	if err != nil {
		panic(err) // the key has the size that NewX asks for
	}
	nonce := make([]byte, chacha20poly1305.NonceSizeX, chacha20poly1305.NonceSizeX+len(text)+chacha20poly1305.Overhead)
	_, _ = rand.Read(nonce) // never fails: crypto/rand ends the program instead
	return aead.Seal(nonce, nonce, text, associated(kind, id))
}

// errSealBroken is not exported: no caller can do more about it than tell an operator.
var errSealBroken = errors.New("the seal is broken: the row was changed, or belongs elsewhere")

// open is the reverse of seal, and fails with errSealBroken.
func (m MasterKey) open(sealed []byte, kind, id string) ([]byte, error) {
	aead, err := chacha20poly1305.NewX(m.bytes[:])
	if err != nil {
		panic(err) // the key has the size that NewX asks for
	}
	if len(sealed) < chacha20poly1305.NonceSizeX {
		return nil, errSealBroken
	}
	nonce, box := sealed[:chacha20poly1305.NonceSizeX], sealed[chacha20poly1305.NonceSizeX:]
	text, err := aead.Open(nil, nonce, box, associated(kind, id))
	if err != nil {
		return nil, errSealBroken
	}
	return text, nil
}

// associated joins kind and ID by a byte that neither holds, so that no two pairs are joined alike.
func associated(kind, id string) []byte { return []byte("fieldward sealed 1\x00" + kind + "\x00" + id) }

// seal is the key as it is stored.
func (k Key) seal(master MasterKey) (SealedKey, error) {
	der, err := x509.MarshalPKCS8PrivateKey(k.private)
	if err != nil {
		return SealedKey{}, fmt.Errorf("encode private key: %w", err)
	}
	public, err := k.jwk()
	if err != nil {
		return SealedKey{}, err
	}
	return SealedKey{
		ID: k.ID, Generation: k.Generation, Algorithm: k.Algorithm, KeyID: k.KeyID,
		Public: public, Sealed: master.seal(der, keyKind, string(k.ID)), SealedBy: master.Fingerprint(),
		CreatedAt: k.CreatedAt, SignsFrom: k.SignsFrom, RevokedAt: k.RevokedAt,
	}, nil
}

// open is the key that was sealed. What stands beside the seal in the clear must be what the private key itself says.
func (s SealedKey) open(masters masters) (Key, error) {
	master, err := masters.thatSealed(s.SealedBy)
	if err != nil {
		return Key{}, err
	}
	der, err := master.open(s.Sealed, keyKind, string(s.ID))
	if err != nil {
		return Key{}, fmt.Errorf("open signing key %q: %w", s.ID, err)
	}
	k, err := parseSealed(der)
	if err == nil {
		err = k.matches(s)
	}
	if err != nil {
		return Key{}, fmt.Errorf("open signing key %q: %w", s.ID, err)
	}
	k.ID, k.Generation, k.CreatedAt, k.SignsFrom, k.RevokedAt = s.ID, s.Generation, s.CreatedAt, s.SignsFrom, s.RevokedAt
	return k, nil
}

func parseSealed(der []byte) (Key, error) {
	private, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return Key{}, errors.New("the private key is not PKCS #8") // the parser's own words could repeat parts of the key
	}
	return keyOf(private)
}

// Secret is a random key for one purpose. However it is printed, it shows its kind and version alone.
type Secret struct {
	Kind    string
	Version int64
	// Bytes are shared with the keyring: read them only.
	Bytes []byte
}

// String is the kind and version.
func (s Secret) String() string { return "[secret " + s.associatedID() + "]" }

// Format hides the bytes from every verb of fmt.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(s.String())) }

// LogValue hides the bytes from slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText hides the bytes from encoders.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

func (s Secret) associatedID() string { return s.Kind + "." + strconv.FormatInt(s.Version, 10) }

// seal is the secret as it is stored.
func (s Secret) seal(master MasterKey, at time.Time) SealedSecret {
	return SealedSecret{
		Kind: s.Kind, Version: s.Version, CreatedAt: at,
		Sealed: master.seal(s.Bytes, secretKind, s.associatedID()), SealedBy: master.Fingerprint(),
	}
}

// open is the secret that was sealed.
func (s SealedSecret) open(masters masters) (Secret, error) {
	master, err := masters.thatSealed(s.SealedBy)
	if err != nil {
		return Secret{}, err
	}
	opened := Secret{Kind: s.Kind, Version: s.Version}
	text, err := master.open(s.Sealed, secretKind, opened.associatedID())
	if err != nil {
		return Secret{}, fmt.Errorf("open secret %q: %w", opened.associatedID(), err)
	}
	if len(text) != secretSize {
		return Secret{}, fmt.Errorf("open secret %q: it has %d bytes, not %d", opened.associatedID(), len(text), secretSize)
	}
	opened.Bytes = text
	return opened, nil
}
