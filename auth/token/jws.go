package token

import (
	"encoding/base64"
	"strings"

	"github.com/fieldward/fieldward/auth/keyring"
)

// jws is a JWS in compact form (RFC 7515, section 7.1), taken apart and not yet verified.
type jws struct {
	keyID     string
	algorithm string
	typ       string // empty where the header holds none
	payload   []byte
	signed    string // the text that the signature is over
	signature []byte
}

// base64URL refuses padding and loose bits after the last character (RFC 4648, section 3.5), so that no two texts
// are one token. It skips CR and LF, which is why split looks at every character.
var base64URL = base64.RawURLEncoding.Strict()

// parseJWS takes a token apart. Its errors are ErrMalformed and ErrHeader.
func parseJWS(token string) (jws, error) {
	header, payload, signature, ok := split(token)
	if !ok {
		return jws{}, ErrMalformed
	}
	head, err := base64URL.DecodeString(header)
	if err != nil {
		return jws{}, ErrMalformed
	}
	t := jws{signed: token[:len(header)+1+len(payload)]}
	if err := t.readHeader(head); err != nil {
		return jws{}, err
	}
	if t.payload, err = base64URL.DecodeString(payload); err != nil {
		return jws{}, ErrMalformed
	}
	if t.signature, err = base64URL.DecodeString(signature); err != nil {
		return jws{}, ErrMalformed
	}
	return t, nil
}

// split cuts a token of a bearable length at its two dots. No segment is empty, and none holds anything but the
// characters of base64url.
func split(token string) (header, payload, signature string, ok bool) {
	if len(token) > MaxTokenLength {
		return "", "", "", false
	}
	header, rest, _ := strings.Cut(token, ".")
	payload, signature, _ = strings.Cut(rest, ".")
	return header, payload, signature, isBase64URL(header) && isBase64URL(payload) && isBase64URL(signature)
}

func isBase64URL(s string) bool {
	for i := range len(s) {
		c := s[i]
		if ('a' > c || c > 'z') && ('A' > c || c > 'Z') && ('0' > c || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	return s != ""
}

// readHeader takes alg, kid and typ, and refuses a header with any other member. That is more than crit, b64, zip,
// jwk, jku, x5u and x5c, which tell a verifier what to do or which key to trust: a thumbprint (x5t) names a key beside
// kid, cty names another content, and nobody but this server writes the headers that it reads.
func (t *jws) readHeader(text []byte) error {
	members, err := parseObject(text)
	if err != nil {
		return err
	}
	for name, into := range map[string]*string{"alg": &t.algorithm, "kid": &t.keyID, "typ": &t.typ} {
		value, found := members[name]
		if !found && name == "typ" {
			continue
		}
		s, ok := value.(string)
		if !ok || s == "" {
			return ErrHeader
		}
		*into = s
		delete(members, name)
	}
	if len(members) > 0 {
		return ErrHeader
	}
	return nil
}

// signedBy checks that the token's algorithm is the key's, and the signature by that. The token's own word alone never
// decides how it is verified.
func (t jws) signedBy(key keyring.Key) error {
	if t.algorithm != key.Algorithm {
		return ErrAlgorithm
	}
	if key.Verify(t.signed, t.signature) != nil {
		return ErrSignature
	}
	return nil
}
