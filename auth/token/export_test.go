package token

import "github.com/fieldward/fieldward/auth/keyring"

// ParseObject is the strict JSON reader.
func ParseObject(text []byte) (map[string]any, error) { return parseObject(text) }

// VerifyJWS is the layer beneath the claims: a compact JWS, its header, its key by kid, its signature.
func VerifyJWS(token string, key keyring.Key) (payload []byte, err error) {
	t, err := parseJWS(token)
	if err != nil {
		return nil, err
	}
	if t.keyID != key.KeyID {
		return nil, ErrUnknownKey
	}
	return t.payload, t.signedBy(key)
}

// VerifySigned is the same layer for a text that is no token.
func VerifySigned(text string, signature []byte, key keyring.Key) error {
	return jws{algorithm: key.Algorithm, signed: text, signature: signature}.signedBy(key)
}

// MaxRemembered is the bound of what is remembered, in bytes.
const MaxRemembered = maxRemembered

// Remembered is how many tokens the verifier remembers.
func (v *Verifier) Remembered() int {
	v.verified.cache.CleanUp()
	return v.verified.cache.EstimatedSize()
}
