package password

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"github.com/fieldward/fieldward/auth"
)

// rawPrefix marks a kept hash that was made elsewhere, over the password's own bytes: ours are made over its normal
// form. What follows is the hash as it came.
const rawPrefix = "raw:"

const maxForeign = 512 // bytes

// Adopt reads a hash that was made elsewhere, and returns it as it is kept here: Check then holds the password's own
// bytes against it, not their normal form, and calls it stale. These are read, in the spellings of those who write
// them, where a check takes no longer than a second or two of a core:
//
//   - bcrypt, with a cost from 4 to 14: $2a$, $2b$ and $2y$; Django's bcrypt$ and bcrypt_sha256$ before such a one.
//   - Argon2i and Argon2id: $argon2id$v=19$m=…,t=…,p=…$salt$key, up to 256 MiB; Django's argon2$ before such a one.
//   - scrypt, up to 128 MiB: $scrypt$ln=…,r=…,p=…$salt$key; Django's scrypt$N$salt$r$p$key; Werkzeug's
//     scrypt:N:r:p$salt$key; Firebase's own kind as $fbscrypt$v=1,n=…,r=…,p=…,ss=…,sk=…$salt$key.
//   - PBKDF2 with SHA-1, SHA-256 or SHA-512, up to 2,000,000 iterations: $pbkdf2$…, $pbkdf2-sha256$… and
//     $pbkdf2-sha512$… as passlib writes them, or with i=…; Django's pbkdf2_sha256$…; Werkzeug's pbkdf2:sha256:….
//
// Anything else blames the field passwordHash with auth.InvalidInput, in words that hold nothing of the hash.
func Adopt(hash string) (kept string, err error) {
	if _, err := readForeign(hash); err != nil {
		return "", err
	}
	return rawPrefix + hash, nil
}

// digest is a hash made elsewhere, once it has been read.
type digest interface {
	// matches costs what the hash was made to cost.
	matches(password []byte) (bool, error)
}

// spelling is how hashes of a kind begin, and what reads the rest.
type spelling struct {
	prefix string
	read   func(hash string) (digest, error)
}

// readForeign does no hashing: it costs next to nothing, whatever the hash says of itself.
func readForeign(hash string) (digest, error) {
	switch {
	case hash == "":
		return nil, badHash("A password hash is needed.")
	case len(hash) > maxForeign:
		return nil, badHash(fmt.Sprintf("The password hash is longer than %d bytes.", maxForeign))
	case strings.ContainsFunc(hash, func(r rune) bool { return r <= ' ' || r > '~' }):
		return nil, badHash("The password hash holds a space, or what is not printable ASCII.")
	}
	for _, s := range spellings() {
		if strings.HasPrefix(hash, s.prefix) {
			return s.read(hash)
		}
	}
	return nil, badHash("The password hash is of no kind that is known here.")
}

func spellings() []spelling {
	return []spelling{
		{"$2", readBcrypt},
		{"bcrypt$", readDjangoBcrypt},
		{"bcrypt_sha256$", readDjangoBcrypt},
		{"$argon2", readArgon},
		{"argon2$argon2", readDjangoArgon},
		{"$scrypt$", readScrypt},
		{"scrypt$", readDjangoScrypt},
		{"scrypt:", readWerkzeugScrypt},
		{"$fbscrypt$", readFirebase},
		{"$pbkdf2", readPBKDF2},
		{"pbkdf2_", readDjangoPBKDF2},
		{"pbkdf2:", readWerkzeugPBKDF2},
	}
}

func badHash(message string) error { return auth.Invalid("passwordHash", message) }

// malformed says of which kind a hash seems to be, and no more: what it holds is a secret.
func malformed(kind string) error { return badHash("This is not a whole " + kind + " hash.") }

// checkForeign holds the password's own bytes against a hash that was made elsewhere. A NUL is in nobody's password:
// bcrypt and HMAC do not tell one with NULs behind it from one without.
func (h *Hasher) checkForeign(ctx context.Context, a Asker, hash string, p auth.Secret) (Match, error) {
	d, err := readForeign(hash)
	if err != nil {
		return Match{}, err
	}
	leave, err := h.gate.enter(ctx, a)
	if err != nil {
		return Match{}, fmt.Errorf("wait to hash a password: %w", err)
	}
	defer leave()
	h.hashes.Add(1)
	raw := []byte(p.Reveal())
	ok, err := d.matches(raw)
	if err != nil {
		return Match{}, fmt.Errorf("hash a password: %w", err)
	}
	return Match{OK: ok && bytes.IndexByte(raw, 0) < 0, Stale: true}, nil
}

// The lengths of what a password's key is made with, and of the key, in bytes.
const (
	maxSaltSize = 64
	minKeySize  = 16
	maxKeySize  = 64
)

// parts cuts a hash at its dollars: as many parts as are asked for, or none.
func parts(hash string, n int) []string {
	if p := strings.Split(hash, "$"); len(p) == n {
		return p
	}
	return make([]string, n)
}

// settings are the values of a text such as ln=16,r=8,p=1, which has these names in this order; else they are empty.
func settings(text string, names ...string) []string {
	values := make([]string, len(names))
	pairs := strings.Split(text, ",")
	if len(pairs) != len(names) {
		return values
	}
	for i, pair := range pairs {
		name, value, _ := strings.Cut(pair, "=")
		if name != names[i] {
			return make([]string, len(names))
		}
		values[i] = value
	}
	return values
}

// number reads decimal digits; -1 stands for what is none, or is more than any bound.
func number(s string) int {
	n, err := strconv.ParseUint(s, 10, 31)
	if err != nil {
		return -1
	}
	return int(n)
}

// unbase64 reads base 64 as hashes are written in: padded or not, with . for + (passlib), or with - and _ (RFC 4648,
// section 5). It is nil for what is none.
func unbase64(s string) []byte {
	standard := strings.NewReplacer(".", "+", "-", "+", "_", "/").Replace(strings.TrimRight(s, "="))
	b, err := base64.RawStdEncoding.DecodeString(standard)
	if err != nil {
		return nil
	}
	return b
}

func inBounds(salt, key []byte) bool {
	return 1 <= len(salt) && len(salt) <= maxSaltSize && minKeySize <= len(key) && len(key) <= maxKeySize
}
