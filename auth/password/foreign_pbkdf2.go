package password

import (
	"crypto/pbkdf2"
	"crypto/sha1" //nolint:gosec // what was made with it must be read; HMAC-SHA-1 is not broken
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"hash"
	"strings"
)

// pbkdf2Hash is a key made by PBKDF2 (RFC 8018, section 5.2) with HMAC.
type pbkdf2Hash struct {
	hash       func() hash.Hash
	iterations int
	salt, key  []byte
}

// maxIterations counts for each stretch of the key that is as long as the hash: that many times the work is done.
const maxIterations = 2_000_000

// readPBKDF2 reads $pbkdf2-sha256$29000$salt$key and $pbkdf2-sha256$i=29000$salt$key, and i=29000,l=32 for a key of 32.
func readPBKDF2(text string) (digest, error) {
	p := parts(text, 5)
	h := pbkdf2Hash{iterations: number(p[2]), salt: unbase64(p[3]), key: unbase64(p[4])}
	if i := settings(p[2], "i"); i[0] != "" {
		h.iterations = number(i[0])
	}
	if il := settings(p[2], "i", "l"); il[0] != "" && number(il[1]) == len(h.key) {
		h.iterations = number(il[0])
	}
	if p[1] == "pbkdf2" {
		return h.with("sha1")
	}
	return h.with(strings.TrimPrefix(p[1], "pbkdf2-"))
}

// readDjangoPBKDF2 reads pbkdf2_sha256$600000$salt$key, where the salt is text.
func readDjangoPBKDF2(text string) (digest, error) {
	p := parts(text, 4)
	h := pbkdf2Hash{iterations: number(p[1]), salt: []byte(p[2]), key: unbase64(p[3])}
	return h.with(strings.TrimPrefix(p[0], "pbkdf2_"))
}

// readWerkzeugPBKDF2 reads pbkdf2:sha256:600000$salt$key, where the salt is text and the key hexadecimal.
func readWerkzeugPBKDF2(text string) (digest, error) {
	p := parts(text, 3)
	s := strings.Split(p[0], ":")
	key, err := hex.DecodeString(p[2])
	if err != nil || len(s) != 3 {
		return nil, malformed("PBKDF2")
	}
	return pbkdf2Hash{iterations: number(s[2]), salt: []byte(p[1]), key: key}.with(s[1])
}

// with completes h by its hash.
func (h pbkdf2Hash) with(name string) (digest, error) {
	switch name {
	case "sha1":
		h.hash = sha1.New
	case "sha256":
		h.hash = sha256.New
	case "sha512":
		h.hash = sha512.New
	default:
		return nil, badHash("PBKDF2 is read with SHA-1, SHA-256 and SHA-512 alone.")
	}
	if h.iterations < 1 || !inBounds(h.salt, h.key) {
		return nil, malformed("PBKDF2")
	}
	size := h.hash().Size()
	if stretches := (len(h.key) + size - 1) / size; h.iterations > maxIterations/stretches {
		return nil, badHash(fmt.Sprintf("A PBKDF2 hash has %d iterations at the most.", maxIterations/stretches))
	}
	return h, nil
}

func (h pbkdf2Hash) matches(password []byte) (bool, error) {
	key, err := pbkdf2.Key(h.hash, string(password), h.salt, h.iterations, len(h.key))
	return err == nil && subtle.ConstantTimeCompare(key, h.key) == 1, err
}
