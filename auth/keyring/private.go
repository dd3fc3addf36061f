package keyring

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/fieldward/fieldward/auth"
)

// MaxKeyText is the longest text of a private key that is looked at, in bytes. RSA with 16,384 bits needs some 13,000.
const MaxKeyText = 64 << 10

// ParsePrivate reads a private key from outside: a JWK (RFC 7517; EC, RSA, OKP, or oct for HS256) or PEM (RFC 7468) with
// PKCS #8, SEC 1 or PKCS #1. Its algorithm follows from what it is: P-256 is ES256, P-384 ES384, RSA of 2048 bits or
// more RS256, Ed25519 EdDSA, and a shared secret of 32 bytes or more HS256. Its kid is its thumbprint (RFC 7638), and
// its ID follows from that. It counts as made at the given time.
//
// Its errors say what is wrong, and repeat nothing of the text. Doubts are about a key that is taken all the same.
func ParsePrivate(text []byte, at time.Time) (k Key, doubts []string, err error) {
	if len(text) > MaxKeyText {
		return Key{}, nil, fmt.Errorf("it is longer than %d bytes: it is no key", MaxKeyText)
	}
	var private any
	var kid string
	if trimmed := bytes.TrimSpace(text); bytes.HasPrefix(trimmed, []byte("{")) {
		private, kid, err = parsePrivateJWK(trimmed)
	} else {
		private, err = parsePrivatePEM(text)
	}
	if err != nil {
		return Key{}, nil, err
	}
	if k, err = keyOf(private); err != nil {
		return Key{}, nil, err
	}
	if kid != "" && kid != k.KeyID {
		doubts = append(doubts, "its kid is not used: tokens name the key by its RFC 7638 thumbprint")
	}
	k.ID, k.CreatedAt, k.SignsFrom = auth.IDOf(auth.KeyPrefix, []byte(k.KeyID)), at.UTC(), at.UTC()
	return k, doubts, nil
}

// errNoKey is what is said of a text in which nothing was found.
var errNoKey = errors.New("it is neither a private JWK nor PEM with a private key")

var errEncrypted = errors.New("the key is encrypted: it is needed in the clear, in a file for its owner alone")

// parsePrivatePEM reads the one key of a text. Text around it does not count.
func parsePrivatePEM(text []byte) (any, error) {
	var found *pem.Block
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		switch {
		case block.Type == "EC PARAMETERS": // OpenSSL writes them before a key, which names its curve itself
		case found != nil:
			return nil, errors.New("it holds more than one PEM block: give each key a file of its own")
		default:
			found = block
		}
	}
	if found == nil {
		return nil, errNoKey
	}
	if found.Type == "ENCRYPTED PRIVATE KEY" || strings.Contains(found.Headers["Proc-Type"], "ENCRYPTED") {
		return nil, errEncrypted
	}
	return parseBlock(found)
}

// parseBlock reads a block by its type. The parsers' own words could repeat parts of the key.
func parseBlock(block *pem.Block) (private any, err error) {
	switch block.Type {
	case "PRIVATE KEY":
		private, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	case "EC PRIVATE KEY":
		private, err = x509.ParseECPrivateKey(block.Bytes)
	case "RSA PRIVATE KEY":
		private, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	case "PUBLIC KEY", "RSA PUBLIC KEY", "CERTIFICATE":
		return nil, errPublic
	case "OPENSSH PRIVATE KEY":
		return nil, errors.New("it is in OpenSSH's own form: write it as PKCS #8, SEC 1 or PKCS #1")
	default:
		return nil, errNoKey
	}
	if err != nil {
		return nil, errors.New("its PEM does not hold a sound private key on P-256, P-384 or Ed25519, or of RSA")
	}
	return private, nil
}

var errPublic = errors.New("it holds a public key: the private one is needed")
