package password

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"math/bits"
	"strings"

	"golang.org/x/crypto/scrypt"
)

// scryptHash is a key made by scrypt (RFC 7914).
type scryptHash struct {
	n, r, p   int
	salt, key []byte
	// signer is a text that Firebase encrypts with what scrypt makes; the outcome is then the key.
	signer []byte
}

// The bounds of scrypt's memory, which OWASP's first choice (N 2^17, r 8, p 1) needs, and of all that it runs through.
const (
	maxScryptMemory = 128 << 20 // bytes
	maxScryptWork   = 256 << 20 // bytes
)

// readScrypt reads $scrypt$ln=16,r=8,p=1$salt$key.
func readScrypt(hash string) (digest, error) {
	p := parts(hash, 5)
	s := settings(p[2], "ln", "r", "p")
	h := scryptHash{n: power(number(s[0])), r: number(s[1]), p: number(s[2]), salt: unbase64(p[3]), key: unbase64(p[4])}
	return h.bounded()
}

// readDjangoScrypt reads scrypt$16384$salt$8$5$key, where the salt is text.
func readDjangoScrypt(hash string) (digest, error) {
	p := parts(hash, 6)
	h := scryptHash{n: number(p[1]), r: number(p[3]), p: number(p[4]), salt: []byte(p[2]), key: unbase64(p[5])}
	return h.bounded()
}

// readWerkzeugScrypt reads scrypt:32768:8:1$salt$key, where the salt is text and the key hexadecimal.
func readWerkzeugScrypt(hash string) (digest, error) {
	p := parts(hash, 3)
	s := strings.Split(p[0], ":")
	key, err := hex.DecodeString(p[2])
	if err != nil || len(s) != 4 {
		return nil, malformed("scrypt")
	}
	return scryptHash{n: number(s[1]), r: number(s[2]), p: number(s[3]), salt: []byte(p[1]), key: key}.bounded()
}

// readFirebase reads $fbscrypt$v=1,n=14,r=8,p=1,ss=separator,sk=signer$salt$key, which GoTrue has made up for what
// Firebase exports beside the users: n is its memory cost, r its rounds, ss its salt separator, sk its signer key.
func readFirebase(hash string) (digest, error) {
	p := parts(hash, 5)
	s := settings(p[2], "v", "n", "r", "p", "ss", "sk")
	h := scryptHash{
		n: power(number(s[1])), r: number(s[2]), p: number(s[3]),
		salt: unbase64(p[3]), key: unbase64(p[4]), signer: unbase64(s[5]),
	}
	separator := unbase64(s[4])
	if s[0] != "1" || separator == nil || len(h.signer) != len(h.key) {
		return nil, malformed("Firebase")
	}
	h.salt = append(h.salt, separator...)
	return h.bounded()
}

// power is 2 to the n, or 0 where that is beyond all bounds.
func power(n int) int {
	if n < 1 || n > 30 {
		return 0
	}
	return 1 << n
}

func (s scryptHash) bounded() (digest, error) {
	if s.n < 2 || bits.OnesCount(uint(s.n)) != 1 || s.r < 1 || s.p < 1 || !inBounds(s.salt, s.key) {
		return nil, malformed("scrypt")
	}
	if s.r > maxScryptMemory/128/s.n || s.p > maxScryptWork/128/s.n/s.r { // the products could be too large for an int
		return nil, badHash(fmt.Sprintf("A scrypt hash may need %d MiB, and run through %d MiB, at the most.",
			maxScryptMemory>>20, maxScryptWork>>20))
	}
	return s, nil
}

func (s scryptHash) matches(password []byte) (bool, error) {
	if s.signer == nil {
		key, err := scrypt.Key(password, s.salt, s.n, s.r, s.p, len(s.key))
		return err == nil && subtle.ConstantTimeCompare(key, s.key) == 1, err
	}
	made, err := scrypt.Key(password, s.salt, s.n, s.r, s.p, 32)
	if err != nil {
		return false, err
	}
	block, err := aes.NewCipher(made)
	if err != nil {
		return false, err
	}
	key := make([]byte, len(s.signer))
	cipher.NewCTR(block, make([]byte, aes.BlockSize)).XORKeyStream(key, s.signer)
	return subtle.ConstantTimeCompare(key, s.key) == 1, nil
}
