package keyring

import "time"

// State is where a key stands in its life, by the clock.
type State string

// The states in their order.
const (
	// Announced keys are published before they sign, so that whoever caches the published keys has them in time.
	Announced State = "ANNOUNCED"
	// Signing is one key at a time.
	Signing State = "SIGNING"
	// Verifying keys sign no more, and tokens that they signed may still live.
	Verifying State = "VERIFYING"
	// Retired keys verify nothing.
	Retired State = "RETIRED"
)

// MaxTokenLife is the longest that a signed token may live: so long must a key verify once its successor signs.
const MaxTokenLife = 24 * time.Hour

// clockSkew covers what verifiers forgive, 30 s, and as much of a difference between two instances' clocks.
const clockSkew = time.Minute

// signing is the index of the key that signs at the given time, of keys by generation, the oldest first.
func signing(keys []Key, at time.Time) int {
	for i := len(keys) - 1; i >= 0; i-- {
		if !at.Before(keys[i].SignsFrom) {
			return i
		}
	}
	return len(keys) - 1
}

// state is where the key with the index stands at the given time.
func state(keys []Key, index int, at time.Time) State {
	switch {
	case index == signing(keys, at):
		return Signing
	case at.Before(keys[index].SignsFrom):
		return Announced
	case at.Before(verifiesUntil(keys, index)):
		return Verifying
	default:
		return Retired
	}
}

// verifiesUntil is when the last token that the key may have signed has expired, for a key that has a successor.
func verifiesUntil(keys []Key, index int) time.Time {
	until := keys[index+1].SignsFrom
	for _, successor := range keys[index+2:] {
		if successor.SignsFrom.Before(until) {
			until = successor.SignsFrom
		}
	}
	return until.Add(MaxTokenLife + clockSkew)
}
