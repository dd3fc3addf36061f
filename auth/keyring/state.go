package keyring

import (
	"time"

	"github.com/fieldward/fieldward/auth"
)

// MaxTokenLife is the longest that a signed token may live: so long must a key verify once its successor signs.
const MaxTokenLife = 24 * time.Hour

// clockSkew covers what verifiers forgive, 30 s, and as much of a difference between two instances' clocks.
const clockSkew = time.Minute

// signing is the index of the key that signs at the given time, of keys by generation, the oldest first: of those
// that sign by the clock the newest. Where that one is revoked, or there is none because this clock is behind the one
// that made the first, it is the newest of those to come: no key that has stopped signing begins again, since others
// may have retired it. It is -1 where there is none of these either.
func signing(keys []Key, at time.Time) int {
	newest := -1
	for i := len(keys) - 1; i >= 0; i-- {
		revoked := keys[i].RevokedAt != nil
		switch {
		case at.Before(keys[i].SignsFrom):
			if newest < 0 && !revoked {
				newest = i
			}
		case revoked:
			return newest
		default:
			return i
		}
	}
	return newest
}

// state is where the key with the index stands at the given time. What a newer key has overtaken never signs.
func state(keys []Key, index int, at time.Time) auth.SigningKeyState {
	now := signing(keys, at)
	until, ends := verifiesUntil(keys, index)
	switch {
	case keys[index].RevokedAt != nil:
		return auth.KeyRetired
	case index == now:
		return auth.KeySigning
	case index > now && now >= 0:
		return auth.KeyAnnounced
	case !ends || at.Before(until):
		return auth.KeyVerifying
	default:
		return auth.KeyRetired
	}
}

// signsUntil is when the first of the key's successors signs; found is false where it has none.
func signsUntil(keys []Key, index int) (until time.Time, found bool) {
	for _, successor := range keys[index+1:] {
		if !found || successor.SignsFrom.Before(until) {
			until, found = successor.SignsFrom, true
		}
	}
	return until, found
}

// verifiesUntil is when the last token that the key may have signed has expired, for a key that has a successor.
func verifiesUntil(keys []Key, index int) (until time.Time, found bool) {
	until, found = signsUntil(keys, index)
	return until.Add(MaxTokenLife + clockSkew), found
}

const (
	// announceFor is how long a key is published before it signs.
	announceFor = time.Hour
	// rotateEvery is how long a key signs, unless it is rotated before.
	rotateEvery = 90 * 24 * time.Hour
)

// announced is the index of the successor that is about to sign. One that a clock far ahead has put off beyond the
// usual hour is none: it must not keep a better one from being made.
func announced(keys []Key, at time.Time) (index int, found bool) {
	last := len(keys) - 1
	found = last > signing(keys, at) && keys[last].RevokedAt == nil && !keys[last].SignsFrom.After(at.Add(announceFor+clockSkew))
	return last, found
}

// due reports whether a successor must be announced now, so that it signs when rotateEvery is over.
func due(keys []Key, at time.Time) bool {
	now := signing(keys, at)
	if _, found := announced(keys, at); found || now < 0 {
		return false
	}
	return !at.Before(keys[now].SignsFrom.Add(rotateEvery - announceFor))
}
