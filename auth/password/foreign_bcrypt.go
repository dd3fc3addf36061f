package password

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/bcrypt"
)

// bcryptHash is a hash of bcrypt (Provos and Mazières, 1999). It is of a password's first 72 bytes, as it is
// everywhere: whoever's password is longer signs in with as much as counted where it was made.
type bcryptHash struct {
	hash []byte
	// hashed takes the SHA-256 of the password in hexadecimal digits for the password: Django's way around the 72 bytes.
	hashed bool
}

// maxBcryptCost bounds a check to a second or so. Each step doubles it.
const (
	minBcryptCost = 4
	maxBcryptCost = 14
)

const bcryptAlphabet = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

// readBcrypt reads $2b$12$ and 53 characters of salt and key. The kinds a, b and y are one and the same; x marks what a
// faulty program made, and no letter a program of before 1999.
func readBcrypt(hash string) (digest, error) {
	if len(hash) != 60 || !strings.Contains("aby", hash[2:3]) || hash[3] != '$' || hash[6] != '$' ||
		strings.Trim(hash[7:], bcryptAlphabet) != "" {
		return nil, malformed("bcrypt")
	}
	if cost := number(hash[4:6]); cost < minBcryptCost || cost > maxBcryptCost {
		return nil, badHash(fmt.Sprintf("The cost of a bcrypt hash is from %d to %d.", minBcryptCost, maxBcryptCost))
	}
	return bcryptHash{hash: []byte(hash)}, nil
}

func readDjangoBcrypt(hash string) (digest, error) {
	kind, inner, _ := strings.Cut(hash, "$")
	d, err := readBcrypt(inner)
	if err != nil {
		return nil, err
	}
	b := d.(bcryptHash)
	b.hashed = kind == "bcrypt_sha256"
	return b, nil
}

func (b bcryptHash) matches(password []byte) (bool, error) {
	if b.hashed {
		sum := sha256.Sum256(password)
		password = []byte(hex.EncodeToString(sum[:]))
	}
	err := bcrypt.CompareHashAndPassword(b.hash, password)
	if errors.Is(err, bcrypt.ErrMismatchedHashAndPassword) {
		return false, nil
	}
	return err == nil, err
}
