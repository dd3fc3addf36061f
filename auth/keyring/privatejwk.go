package keyring

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/big"
	"slices"
)

// parsePrivateJWK reads a private JWK (RFC 7517, section 4; RFC 7518, section 6; RFC 8037, section 2). What it says of
// itself beside its key (alg, use, key_ops, the public members) must agree with the key. Other members do not count.
func parsePrivateJWK(text []byte) (private any, kid string, err error) {
	m, err := readMembers(text)
	if err != nil {
		return nil, "", err
	}
	switch m.text("kty") {
	case "EC":
		private, err = m.ec()
	case "OKP":
		private, err = m.okp()
	case "RSA":
		private, err = m.rsa()
	case "oct":
		private, err = m.number("k")
	default:
		err = errors.New("its kty is none of EC, OKP, RSA and oct")
		if m["keys"] != nil {
			err = errors.New("it is a key set: give each key a file of its own")
		}
	}
	if err != nil {
		return nil, "", err
	}
	return private, m.text("kid"), m.agreesWith(private)
}

// members are a JWK's, each once.
type members map[string]any

var errTwice = errors.New("a member of the JWK is there twice")

// readMembers reads one JSON object, and nothing behind it.
func readMembers(text []byte) (members, error) {
	errJSON := errors.New("its JSON cannot be read")
	d := json.NewDecoder(bytes.NewReader(text))
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return nil, errJSON
	}
	m := members{}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, errJSON
		}
		var value any
		if err := d.Decode(&value); err != nil {
			return nil, errJSON
		}
		key, _ := name.(string)
		if _, twice := m[key]; twice {
			return nil, errTwice
		}
		m[key] = value
	}
	if _, err := d.Token(); err != nil {
		return nil, errJSON
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errJSON
	}
	return m, nil
}

// text is a member that is a string; empty where it is none.
func (m members) text(name string) string {
	s, _ := m[name].(string)
	return s
}

// number is a member that is base64url. A private one that is missing means that the key is public.
func (m members) number(name string) ([]byte, error) {
	switch m[name].(type) {
	case nil:
		if name == "d" || name == "k" {
			return nil, errPublic
		}
		return nil, fmt.Errorf("its member %s is missing", name)
	case string:
	default:
		return nil, fmt.Errorf("its member %s is no string", name)
	}
	text := m.text(name)
	b, err := base64URL.DecodeString(text)
	if err != nil || len(b) == 0 || base64URL.EncodeToString(b) != text { // the decoder skips line breaks
		return nil, fmt.Errorf("its member %s is not base64url", name)
	}
	return b, nil
}

func (m members) ec() (any, error) {
	curves := map[string]elliptic.Curve{
		"P-256": elliptic.P256(), "P-384": elliptic.P384(), "P-521": elliptic.P521(), // the last to be refused by name
	}
	curve, known := curves[m.text("crv")]
	if !known {
		return nil, errors.New("its crv is neither P-256 nor P-384")
	}
	d, err := m.number("d")
	if err != nil {
		return nil, err
	}
	key, err := ecdsa.ParseRawPrivateKey(curve, d)
	if err != nil {
		return nil, fmt.Errorf("its member d is not a private key on %s", m.text("crv"))
	}
	return key, nil
}

func (m members) okp() (any, error) {
	if m.text("crv") != "Ed25519" {
		return nil, errors.New("its crv is not Ed25519")
	}
	d, err := m.number("d")
	if err != nil {
		return nil, err
	}
	if len(d) != ed25519.SeedSize {
		return nil, errors.New("its member d is not a private key on Ed25519")
	}
	return ed25519.NewKeyFromSeed(d), nil
}

func (m members) rsa() (any, error) {
	if m["oth"] != nil {
		return nil, errors.New("its RSA key has more than two primes")
	}
	var n [5]*big.Int
	for i, name := range []string{"d", "n", "e", "p", "q"} {
		b, err := m.number(name)
		if err != nil {
			return nil, err
		}
		n[i] = new(big.Int).SetBytes(b)
	}
	if !n[2].IsInt64() || n[2].Int64() > math.MaxInt32 {
		return nil, errors.New("its member e is too large")
	}
	key := &rsa.PrivateKey{
		PublicKey: rsa.PublicKey{N: n[1], E: int(n[2].Int64())}, D: n[0], Primes: []*big.Int{n[3], n[4]},
	}
	if bits := key.N.BitLen(); bits < minRSABits {
		return nil, misfit(&key.PublicKey)
	}
	if err := key.Validate(); err != nil {
		return nil, errors.New("its members are not one RSA key")
	}
	key.Precompute()
	return key, nil
}

// agreesWith checks what the JWK says beside its key.
func (m members) agreesWith(private any) error {
	k, err := keyOf(private)
	if err != nil {
		return err
	}
	public, err := k.members()
	if err != nil {
		return err
	}
	for name, value := range public {
		if m.text(name) != value {
			return fmt.Errorf("its member %s is not its private key's", name)
		}
	}
	if alg := m["alg"]; alg != nil && alg != k.Algorithm {
		return fmt.Errorf("its alg is not %s, by which the key signs", k.Algorithm)
	}
	if use := m["use"]; use != nil && use != "sig" {
		return errors.New("its use is not sig")
	}
	if ops, limited := m["key_ops"]; limited {
		list, _ := ops.([]any)
		if !slices.Contains(list, any("sign")) {
			return errors.New("its key_ops do not hold sign")
		}
	}
	return nil
}
