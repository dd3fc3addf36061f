package password

import (
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// errMalformed says that a stored hash is none, and errCostly that it asks for too much. They never reach a caller.
var (
	errMalformed = errors.New("malformed password hash")
	errCostly    = errors.New("password hash that costs too much")
)

func encode(p params, salt, key []byte) string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$%s$v=%d$m=%d,t=%d,p=%d$%s$%s", p.variant,
		argon2.Version, p.memory, p.passes, p.lanes, b64.EncodeToString(salt), b64.EncodeToString(key))
}

// The most that a hash may ask for. All its passes together run through no more than 20 times the memory that today's
// do, which takes up to two seconds, since so much memory is in no cache; libsodium's MODERATE is right at that.
const (
	maxMemory = 256 * 1024 // KiB
	maxPasses = 16
	maxLanes  = 16
	maxWork   = 3 * maxMemory // KiB in all passes
)

// decode reads what encode writes, within bounds.
func decode(phc string) (p params, salt, key []byte, err error) {
	cut := strings.Split(phc, "$")
	if len(cut) != 6 || cut[0] != "" || cut[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return params{}, nil, nil, errMalformed
	}
	switch p.variant = cut[1]; p.variant {
	case argon2id, argon2i:
	default:
		return params{}, nil, nil, errMalformed
	}
	if _, err := fmt.Sscanf(cut[3], "m=%d,t=%d,p=%d", &p.memory, &p.passes, &p.lanes); err != nil {
		return params{}, nil, nil, errMalformed
	}
	b64 := base64.RawStdEncoding.Strict()
	salt, saltErr := b64.DecodeString(cut[4])
	key, keyErr := b64.DecodeString(cut[5])
	if saltErr != nil || keyErr != nil || len(salt) < 8 || !inBounds(salt, key) {
		return params{}, nil, nil, errMalformed
	}
	p.keySize = uint32(len(key))
	if encode(p, salt, key) != phc {
		return params{}, nil, nil, errMalformed // Sscanf passes over what follows
	}
	return p, salt, key, p.check()
}

func (p params) check() error {
	switch {
	case p.memory < 8 || p.passes < 1 || p.lanes < 1:
		return errMalformed
	case p.memory > maxMemory || p.passes > maxPasses || p.lanes > maxLanes || p.memory*p.passes > maxWork:
		return errCostly
	}
	return nil
}

// The kinds of Argon2 that are read (RFC 9106). Ours is Argon2id.
const (
	argon2id = "argon2id"
	argon2i  = "argon2i"
)

func (p params) key(password, salt []byte) []byte {
	if p.variant == argon2i {
		return argon2.Key(password, salt, p.passes, p.memory, p.lanes, p.keySize)
	}
	return argon2.IDKey(password, salt, p.passes, p.memory, p.lanes, p.keySize)
}

// argonHash is an Argon2 hash that was made elsewhere.
type argonHash struct {
	params    params
	salt, key []byte
}

// readArgon reads $argon2id$v=19$m=65536,t=3,p=4$salt$key and the like.
func readArgon(hash string) (digest, error) {
	p, salt, key, err := decode(hash)
	switch {
	case errors.Is(err, errCostly):
		return nil, badHash(fmt.Sprintf("An Argon2 hash may need %d MiB, run through %d MiB in at most %d passes, and "+
			"have %d lanes, at the most.", maxMemory>>10, maxWork>>10, maxPasses, maxLanes))
	case err != nil:
		return nil, malformed("Argon2i or Argon2id, version 19,")
	}
	return argonHash{params: p, salt: salt, key: key}, nil
}

func readDjangoArgon(hash string) (digest, error) {
	return readArgon(strings.TrimPrefix(hash, "argon2"))
}

func (a argonHash) matches(password []byte) (bool, error) {
	return subtle.ConstantTimeCompare(a.params.key(password, a.salt), a.key) == 1, nil
}
