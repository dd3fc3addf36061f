package keyring

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
)

// members are the public members of an elliptic curve key (RFC 7518, section 6.2.1).
func (k Key) members() (map[string]string, error) {
	public, ok := k.public.(*ecdsa.PublicKey)
	if !ok || public.Curve != elliptic.P256() {
		return nil, errors.New("the key is not on the curve P-256")
	}
	point, err := public.Bytes() // 4, then x, then y (SEC 1, section 2.3.3)
	if err != nil {
		return nil, fmt.Errorf("encode public key: %w", err)
	}
	x, y := point[1:1+len(point)/2], point[1+len(point)/2:]
	return map[string]string{
		"kty": "EC", "crv": "P-256",
		"x": base64.RawURLEncoding.EncodeToString(x), "y": base64.RawURLEncoding.EncodeToString(y),
	}, nil
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
	return base64.RawURLEncoding.EncodeToString(digest[:]), nil
}

// published are the members of the JWK as verifiers fetch it.
func (k Key) published() (map[string]string, error) {
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

// matches checks that the key's ID, its algorithm and the stored JWK are what its private key says, with no member
// more: one of them could be private.
func (k Key) matches(public []byte) error {
	if k.Algorithm != ES256 {
		return errors.New("its algorithm is not known")
	}
	thumbprint, err := k.thumbprint()
	if err != nil {
		return err
	}
	if k.KeyID != thumbprint {
		return errors.New("its key ID is not the thumbprint of its private key")
	}
	want, err := k.published()
	if err != nil {
		return err
	}
	var have map[string]string
	if err := json.Unmarshal(public, &have); err != nil {
		return errors.New("its public part is no JWK") // the decoder's own words could repeat a private member
	}
	if !maps.Equal(want, have) {
		return errors.New("its public part is not that of its private key, or holds more than is public")
	}
	return nil
}
