package keyring

import (
	"cmp"
	"slices"
	"time"

	"github.com/fieldward/fieldward/auth"
)

// ring is what a keyring holds at a time. It never changes once it is made.
type ring struct {
	keys     []Key    // stored ones by generation, the oldest first
	outside  []Key    // those from files: the first signs
	secrets  []Secret // by kind and version
	sealedBy []string // the fingerprints of the master keys that seal the stored keys now
	broken   error    // why a stored key is not among keys; nil where all are
}

// all are the keys from outside in their order, then the stored ones, the newest first.
func (r *ring) all() []Key {
	stored := slices.Clone(r.keys)
	slices.Reverse(stored)
	return slices.Concat(r.outside, stored)
}

// signing is the key that signs, or the zero value, which does not sign.
func (r *ring) signing(at time.Time) Key {
	if len(r.outside) > 0 {
		return r.outside[0]
	}
	if i := signing(r.keys, at); i >= 0 {
		return r.keys[i]
	}
	return Key{}
}

func named(keyID string) func(Key) bool { return func(k Key) bool { return k.KeyID == keyID } }

// find is the key of that name, with its state.
func (r *ring) find(keyID string, at time.Time) (Key, auth.SigningKeyState, bool) {
	if i := slices.IndexFunc(r.outside, named(keyID)); i >= 0 {
		if i == 0 {
			return r.outside[i], auth.KeySigning, true
		}
		return r.outside[i], auth.KeyVerifying, true
	}
	if i := slices.IndexFunc(r.keys, named(keyID)); i >= 0 {
		return r.keys[i], r.state(i, at), true
	}
	return Key{}, "", false
}

// state is where the stored key with the index stands. Beside keys from outside none signs.
func (r *ring) state(index int, at time.Time) auth.SigningKeyState {
	s := state(r.keys, index, at)
	if s == auth.KeySigning && len(r.outside) > 0 {
		return auth.KeyVerifying
	}
	return s
}

// reopened is the ring of the rows as they are now: those that are held are not opened again, but for what can change.
// A key that does not open is left out, and what the other rows say holds all the same: one of them may be revoked. What
// was revoked stays so, whatever its row says.
func (r *ring) reopened(rows []SealedKey, m masters) *ring {
	next := &ring{outside: r.outside, secrets: r.secrets}
	for _, row := range rows {
		next.sealedBy = append(next.sealedBy, row.SealedBy)
		key, err := r.reopen(row, m)
		if err != nil {
			next.broken = cmp.Or(next.broken, err)
			continue
		}
		next.keys = append(next.keys, key)
	}
	return next
}

func (r *ring) reopen(row SealedKey, m masters) (Key, error) {
	i := slices.IndexFunc(r.keys, func(k Key) bool {
		return k.ID == row.ID && k.KeyID == row.KeyID && k.Generation == row.Generation && k.Algorithm == row.Algorithm &&
			k.SignsFrom.Equal(row.SignsFrom)
	})
	if i < 0 {
		return row.open(m)
	}
	k := r.keys[i]
	if k.lost = k.RevokedAt != nil && row.RevokedAt == nil; !k.lost {
		k.RevokedAt = row.RevokedAt
	}
	return k, nil
}

func (r *ring) newestSecret(kind string) (newest Secret, found bool) {
	for _, s := range r.secrets {
		if s.Kind == kind && s.Version > newest.Version {
			newest, found = s, true
		}
	}
	return newest, found
}
