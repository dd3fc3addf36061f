package keyring

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/big"
)

// base64URL refuses padding and loose bits after the last character (RFC 4648, section 3.5).
var base64URL = base64.RawURLEncoding.Strict()

// members are those that a thumbprint is over (RFC 7638, section 3.2; RFC 8037, section 2): of all but a shared secret
// the public ones.
func (k Key) members() (map[string]string, error) {
	switch public := k.public.(type) {
	case *ecdsa.PublicKey:
		point, err := public.Bytes() // 4, then x, then y (SEC 1, section 2.3.3)
		if err != nil {
			return nil, fmt.Errorf("encode public key: %w", err)
		}
		x, y := point[1:1+len(point)/2], point[1+len(point)/2:]
		return map[string]string{
			"kty": "EC", "crv": public.Curve.Params().Name,
			"x": base64URL.EncodeToString(x), "y": base64URL.EncodeToString(y),
		}, nil
	case *rsa.PublicKey:
		e := big.NewInt(int64(public.E)).Bytes()
		return map[string]string{
			"kty": "RSA", "n": base64URL.EncodeToString(public.N.Bytes()), "e": base64URL.EncodeToString(e),
		}, nil
	case ed25519.PublicKey:
		return map[string]string{"kty": "OKP", "crv": "Ed25519", "x": base64URL.EncodeToString(public)}, nil
	case []byte:
		return map[string]string{"kty": "oct", "k": base64URL.EncodeToString(public)}, nil
	default:
		return nil, misfit(public)
	}
}

// thumbprint is that of RFC 7638, section 3: SHA-256 over the required members, by name, without white space.
func (k Key) thumbprint() (string, error) {
	required, err := k.members()
	if err != nil {
		return "", err
	}
	text, err := json.Marshal(required) // sorts the names
	if err != nil {
		return "", fmt.Errorf("encode public key: %w", err)
	}
	digest := sha256.Sum256(text)
	return base64URL.EncodeToString(digest[:]), nil
}

// published are the members of the JWK as verifiers fetch it. A shared secret has none.
func (k Key) published() (map[string]string, error) {
	if k.Algorithm == HS256 {
		return nil, errors.New("a shared secret is not published")
	}
	members, err := k.members()
	if err != nil {
		return nil, err
	}
	members["kid"], members["alg"], members["use"] = k.KeyID, k.Algorithm, "sig"
	return members, nil
}

// jwk is the text of the published members.
func (k Key) jwk() ([]byte, error) {
	members, err := k.published()
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(members)
	if err != nil {
		return nil, fmt.Errorf("encode public key: %w", err)
	}
	return text, nil
}

// matches checks that what stands beside the seal in the clear is what the private key itself says, with no member
// more: one of them could be private.
func (k Key) matches(s SealedKey) error {
	switch {
	case s.Algorithm != k.Algorithm:
		return errors.New("its algorithm is not that of its private key")
	case s.KeyID != k.KeyID:
		return errors.New("its key ID is not the thumbprint of its private key")
	}
	want, err := k.published()
	if err != nil {
		return err
	}
	var have map[string]string
	if err := json.Unmarshal(s.Public, &have); err != nil {
		return errors.New("its public part is no JWK") // the decoder's own words could repeat a private member
	}
	if !maps.Equal(want, have) {
		return errors.New("its public part is not that of its private key, or holds more than is public")
	}
	return nil
}
