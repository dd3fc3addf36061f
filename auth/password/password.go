// Package password hashes passwords and checks them, and refuses those that are easily guessed.
// It never shortens a password that it hashes, and never hashes more of them at once than the machine bears.
package password

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"strings"
	"sync/atomic"

	"golang.org/x/text/unicode/norm"

	"github.com/fieldward/fieldward/auth"
)

// params are Argon2's (RFC 9106): its kind, memory in KiB, passes, lanes.
type params struct {
	variant string
	memory  uint32
	passes  uint32
	lanes   uint8
	keySize uint32
}

// current is OWASP's recommendation of 19 MiB, 2 passes and 1 lane. A hash of any other is renewed at sign-in.
func current() params {
	return params{variant: argon2id, memory: 19 * 1024, passes: 2, lanes: 1, keySize: 32}
}

const saltSize = 16

// Hasher hashes passwords with Argon2id, a few at a time.
type Hasher struct {
	gate    *gate
	nobody  string
	current params
	hashes  atomic.Uint64
}

// NewHasher makes a hasher that runs at most the given number of hashes at once.
func NewHasher(atOnce int) *Hasher {
	h := &Hasher{gate: newGate(atOnce), current: current()}
	h.nobody = encode(h.current, make([]byte, saltSize), make([]byte, h.current.keySize))
	return h
}

// Hashes is how many passwords it has hashed so far, to keep them or to hold them against a hash.
func (h *Hasher) Hashes() uint64 { return h.hashes.Load() }

// Hash makes a PHC string: $argon2id$v=19$m=19456,t=2,p=1$salt$key. Where too many wait already, or too many of the
// asker's network, it fails with auth.Unavailable.
func (h *Hasher) Hash(ctx context.Context, a Asker, p auth.Secret) (string, error) {
	salt := make([]byte, saltSize)
	_, _ = rand.Read(salt) // never fails: crypto/rand ends the program instead
	key, err := h.derive(ctx, a, p, salt, h.current)
	if err != nil {
		return "", err
	}
	return encode(h.current, salt, key), nil
}

// Match is what a check found.
type Match struct {
	// OK is whether the password is the right one.
	OK bool
	// Stale is whether the hash was made with other parameters than today's, or elsewhere.
	Stale bool
}

// Check holds the password against what Hash made, or what Adopt took over from elsewhere. Where too many wait already,
// or too many of the asker's network, it fails with auth.Unavailable.
func (h *Hasher) Check(ctx context.Context, a Asker, phc string, p auth.Secret) (Match, error) {
	if foreign, adopted := strings.CutPrefix(phc, rawPrefix); adopted {
		return h.checkForeign(ctx, a, foreign, p)
	}
	used, salt, want, err := decode(phc)
	if err != nil {
		return Match{}, err
	}
	got, err := h.derive(ctx, a, p, salt, used)
	if err != nil {
		return Match{}, err
	}
	return Match{OK: subtle.ConstantTimeCompare(got, want) == 1, Stale: used != h.current}, nil
}

// CheckNobody costs what Check costs, and matches nothing: for an address that nobody has.
func (h *Hasher) CheckNobody(ctx context.Context, a Asker, p auth.Secret) error {
	_, err := h.Check(ctx, a, h.nobody, p)
	return err
}

func (h *Hasher) derive(ctx context.Context, a Asker, p auth.Secret, salt []byte, with params) ([]byte, error) {
	leave, err := h.gate.enter(ctx, a)
	if err != nil {
		return nil, fmt.Errorf("wait to hash a password: %w", err)
	}
	defer leave()
	h.hashes.Add(1)
	return with.key([]byte(Normalize(p)), salt), nil
}

// Normalize is NFKC (RFC 8265, section 4.2.2 asks for a normal form), so that a password typed on another keyboard is
// still the same.
func Normalize(p auth.Secret) string { return norm.NFKC.String(p.Reveal()) }
