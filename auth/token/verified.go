package token

import (
	"crypto/sha256"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/fieldward/fieldward/auth/keyring"
)

// maxRemembered bounds, in bytes, about, what is remembered of verified tokens: some twenty thousand of the usual size.
const maxRemembered = 64 << 20

// verified remembers the tokens whose signatures were good. It is the signature's verdict that is remembered and the
// claims as they were read, and nothing that time or anyone can change, so that nothing needs to be forgotten in time.
type verified struct {
	cache *otter.Cache[digest, signed]
}

// digest is all of the SHA-256 of a token's text. Less of it would do for a table, and not against those who look for a
// text that has the digest of someone else's token.
type digest [sha256.Size]byte

// signed is a token with a good signature.
type signed struct {
	key         keyring.Key
	claims      claims
	from, until time.Time // the time in which the registered claims hold, leeway included
	length      int       // of the text, in bytes
}

func newSigned(key keyring.Key, c claims, length int) signed {
	from := c.IssuedAt
	if c.notBefore != nil && c.notBefore.After(from) {
		from = *c.notBefore
	}
	return signed{
		key: key, claims: c, from: from.Add(-Leeway), until: c.ExpiresAt.Truncate(time.Second).Add(Leeway), length: length,
	}
}

func newVerified() verified {
	return verified{otter.Must(&otter.Options[digest, signed]{
		MaximumWeight: maxRemembered,
		Weigher:       func(_ digest, s signed) uint32 { return s.weight() },
	})}
}

// weight is what the claims take in memory, about: a private claim of many small values takes several times its text.
func (s signed) weight() uint32 {
	const base, perByte = 1024, 4
	return uint32(base + perByte*s.length) //nolint:gosec // a token's length is bounded
}

// find looks a token up by its whole text.
func (v verified) find(token string) (signed, bool) {
	if len(token) > MaxTokenLength {
		return signed{}, false
	}
	return v.cache.GetIfPresent(digestOf(token))
}

func (v verified) remember(token string, s signed) { v.cache.Set(digestOf(token), s) }

// digestOf does not allocate for tokens of the usual size.
func digestOf(token string) digest {
	var usual [1024]byte
	return sha256.Sum256(append(usual[:0], token...))
}
