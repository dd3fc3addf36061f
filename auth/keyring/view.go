package keyring

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/fieldward/fieldward/auth"
)

// Keys are all keys, retired and revoked ones too: those from files in their order, then the stored ones, the newest
// first.
func (k *Keyring) Keys() []auth.SigningKey {
	held, at := k.held.Load(), k.now()
	var views []auth.SigningKey
	for _, key := range held.all() {
		views = append(views, held.view(key, at))
	}
	return views
}

// Published are those of Keys that are not retired.
func (k *Keyring) Published() []auth.SigningKey {
	return slices.DeleteFunc(k.Keys(), func(key auth.SigningKey) bool { return key.State == auth.KeyRetired })
}

// SigningKey is the key by its ID, or auth.ErrNotFound.
func (k *Keyring) SigningKey(id auth.ID) (auth.SigningKey, error) {
	for _, key := range k.Keys() {
		if key.ID == id {
			return key, nil
		}
	}
	return auth.SigningKey{}, auth.ErrNotFound
}

// KeySet is the JWK Set (RFC 7517, section 5) with which others verify: the public members of what is published, each
// with kid, alg, and use, which is sig. Shared secrets are not in it.
func (k *Keyring) KeySet() ([]byte, error) {
	set := struct {
		Keys []map[string]any `json:"keys"`
	}{[]map[string]any{}}
	for _, key := range k.Published() {
		if key.PublicJWK != nil {
			set.Keys = append(set.Keys, key.PublicJWK)
		}
	}
	text, err := json.Marshal(set)
	if err != nil {
		return nil, fmt.Errorf("encode the key set: %w", err)
	}
	return text, nil
}

// view is what can be told of a key of the ring.
func (r *ring) view(k Key, at time.Time) auth.SigningKey {
	_, state, _ := r.find(k.KeyID, at)
	v := auth.SigningKey{
		ID: k.ID, KeyID: k.KeyID, Algorithm: auth.SigningAlgorithm(k.Algorithm), State: state,
		CreatedAt: k.CreatedAt, SignsFrom: k.SignsFrom, RevokedAt: k.RevokedAt,
	}
	if members, err := k.published(); err == nil {
		v.PublicJWK = make(map[string]any, len(members))
		for name, value := range members {
			v.PublicJWK[name] = value
		}
	}
	i := slices.IndexFunc(r.keys, named(k.KeyID))
	if i < 0 {
		return v
	}
	if until, found := signsUntil(r.keys, i); found {
		v.SignsUntil = &until
		if until.Before(k.SignsFrom) {
			v.SignsUntil = &k.SignsFrom // a newer key overtook it: it never signs
		}
	}
	if until, found := verifiesUntil(r.keys, i); found {
		v.VerifiesUntil = &until
	}
	if k.RevokedAt != nil {
		v.SignsUntil, v.VerifiesUntil = earlier(v.SignsUntil, k.RevokedAt), earlier(v.VerifiesUntil, k.RevokedAt)
	}
	return v
}

func earlier(a, b *time.Time) *time.Time {
	if a != nil && a.Before(*b) {
		return a
	}
	return b
}
