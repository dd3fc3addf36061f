package keyring

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/fieldward/fieldward/auth"
)

// The JWS algorithms that a key may have, by their names in RFC 7518, section 3.1 and RFC 8037, section 3.1.
const (
	ES256 = "ES256"
	ES384 = "ES384"
	RS256 = "RS256"
	EdDSA = "EdDSA"
	HS256 = "HS256"
)

const (
	minRSABits   = 2048 // RFC 7518, section 3.3; new ones have so many
	minHMACBytes = 32   // RFC 7518, section 3.2: no shorter than the hash
)

// algorithm is how a key signs, and which keys it takes: the library checks neither an ECDSA key's curve nor any size.
type algorithm struct {
	method jwt.SigningMethod
	fits   func(public crypto.PublicKey) bool
	// generate makes a private key; nil where keys come from outside only.
	generate func() (crypto.Signer, error)
}

// algorithms are all that there are. No public key fits two of them.
var algorithms = map[string]algorithm{
	ES256: {jwt.SigningMethodES256, onCurve(elliptic.P256()), generateOn(elliptic.P256())},
	ES384: {jwt.SigningMethodES384, onCurve(elliptic.P384()), generateOn(elliptic.P384())},
	RS256: {jwt.SigningMethodRS256, func(public crypto.PublicKey) bool {
		key, ok := public.(*rsa.PublicKey)
		return ok && key.N.BitLen() >= minRSABits
	}, func() (crypto.Signer, error) { return rsa.GenerateKey(rand.Reader, minRSABits) }},
	EdDSA: {jwt.SigningMethodEdDSA, func(public crypto.PublicKey) bool {
		key, ok := public.(ed25519.PublicKey)
		return ok && len(key) == ed25519.PublicKeySize
	}, func() (crypto.Signer, error) {
		_, private, err := ed25519.GenerateKey(rand.Reader)
		return private, err
	}},
	HS256: {jwt.SigningMethodHS256, func(public crypto.PublicKey) bool {
		key, ok := public.([]byte)
		return ok && len(key) >= minHMACBytes
	}, nil},
}

func onCurve(curve elliptic.Curve) func(crypto.PublicKey) bool {
	return func(public crypto.PublicKey) bool {
		key, ok := public.(*ecdsa.PublicKey)
		return ok && key.Curve == curve
	}
}

func generateOn(curve elliptic.Curve) func() (crypto.Signer, error) {
	return func() (crypto.Signer, error) { return ecdsa.GenerateKey(curve, rand.Reader) }
}

// Key signs and verifies, by one algorithm, which is its own and never a token's choice. However it is printed, it
// shows its ID alone.
type Key struct {
	ID auth.ID
	// Generation is 0 for a key from outside.
	Generation int64
	// Algorithm is one of the names above.
	Algorithm string
	// KeyID is the kid of the tokens that the key signs.
	KeyID     string
	CreatedAt time.Time
	SignsFrom time.Time
	// RevokedAt is nil unless the key was revoked.
	RevokedAt *time.Time

	public  crypto.PublicKey // []byte for HS256
	private any              // a crypto.Signer; []byte for HS256; nil where the key only verifies
	lost    bool             // it was revoked, and the store does not know any more: it was put back to an older state
}

// newKey makes a key that signs from its making on. Its generation is the caller's to give.
func newKey(name string, at time.Time) (Key, error) {
	known, ok := algorithms[name]
	if !ok || known.generate == nil {
		return Key{}, errNotMade
	}
	private, err := known.generate()
	if err != nil {
		return Key{}, fmt.Errorf("generate key: %w", err)
	}
	k, err := keyOf(private)
	if strings.HasPrefix(k.KeyID, "-") {
		return newKey(name, at) // a command would take such a kid for a flag
	}
	k.ID, k.CreatedAt, k.SignsFrom = auth.NewID(auth.KeyPrefix, at), at, at
	return k, err
}

var errNotMade = errors.New("keys are made for ES256, EdDSA, ES384 and RS256 only")

// keyOf is the key with that private part, a crypto.Signer or the shared []byte of HS256. What it is decides by which
// algorithm it signs: no name beside it does.
func keyOf(private any) (Key, error) {
	k := Key{public: private, private: private}
	if signer, ok := private.(crypto.Signer); ok {
		k.public = signer.Public()
	}
	for name, known := range algorithms {
		if known.fits(k.public) {
			k.Algorithm = name
		}
	}
	if k.Algorithm == "" {
		return Key{}, misfit(k.public)
	}
	var err error
	k.KeyID, err = k.thumbprint()
	return k, err
}

// misfit says why no algorithm takes the key.
func misfit(public crypto.PublicKey) error {
	switch key := public.(type) {
	case *ecdsa.PublicKey:
		return fmt.Errorf("the key is on the curve %s: P-256 (ES256) or P-384 (ES384) is needed", key.Curve.Params().Name)
	case *rsa.PublicKey:
		return fmt.Errorf("the RSA key has %d bits: RS256 needs %d or more", key.N.BitLen(), minRSABits)
	case []byte:
		return fmt.Errorf("the shared secret has %d bytes: HS256 needs %d random ones or more", len(key), minHMACBytes)
	default:
		return errors.New("the key signs by none of ES256, EdDSA, ES384, RS256 and HS256")
	}
}

// Trust makes a key that only verifies, of someone else's public key: *ecdsa.PublicKey, *rsa.PublicKey,
// ed25519.PublicKey, or the shared []byte for HS256. It refuses an algorithm that is not among the names above, and a
// key that is not of the algorithm's type, curve or least size.
func Trust(keyID, algorithm string, public crypto.PublicKey) (Key, error) {
	known, ok := algorithms[algorithm]
	if !ok {
		return Key{}, errors.New("the key's algorithm is none of ES256, ES384, RS256, EdDSA and HS256")
	}
	if !known.fits(public) {
		return Key{}, fmt.Errorf("the key is not one for %s, by its type, curve or size", algorithm)
	}
	return Key{Algorithm: algorithm, KeyID: keyID, public: public}, nil
}

// Sign is the JWS signature (RFC 7515, section 5.1) over a token's first two segments and the dot between them.
func (k Key) Sign(text string) ([]byte, error) {
	known, ok := algorithms[k.Algorithm]
	switch {
	case !ok:
		return nil, errors.New("sign: there is no key that signs")
	case k.private == nil:
		return nil, errors.New("sign: the key only verifies")
	}
	signature, err := known.method.Sign(text, k.private)
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	return signature, nil
}

// ErrSignature is what Verify says of every signature that is not the key's.
var ErrSignature = errors.New("the signature is not the key's")

// Verify checks a JWS signature (RFC 7515, section 5.2) by the key's own algorithm, or fails with ErrSignature.
//
// An ECDSA signature (r, s) may be turned into (r, n-s) by anyone, and both verify, as RFC 7518 has it. That gives
// nobody a token that says anything else; what caches verdicts must do so by the whole text.
func (k Key) Verify(text string, signature []byte) error {
	known, ok := algorithms[k.Algorithm]
	if !ok || known.method.Verify(text, signature, k.public) != nil {
		return ErrSignature
	}
	return nil
}

// Equal reports whether other verifies the same signatures: it has the same algorithm and the same public key.
func (k Key) Equal(other Key) bool {
	if k.Algorithm != other.Algorithm {
		return false
	}
	switch public := k.public.(type) {
	case *ecdsa.PublicKey:
		return public == other.public || public.Equal(other.public)
	case *rsa.PublicKey:
		return public == other.public || public.Equal(other.public)
	case ed25519.PublicKey:
		return public.Equal(other.public)
	case []byte:
		theirs, ok := other.public.([]byte)
		return ok && subtle.ConstantTimeCompare(public, theirs) == 1
	default:
		return false
	}
}

// String is the key's ID.
func (k Key) String() string { return "[key " + k.KeyID + "]" }

// Format hides the private key from every verb of fmt.
func (k Key) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(k.String())) }

// LogValue hides the private key from slog.
func (k Key) LogValue() slog.Value { return slog.StringValue(k.String()) }
