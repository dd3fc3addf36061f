package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"strings"
	"time"
)

// The prefixes say what an ID is of.
const (
	UserPrefix    = "usr"
	SessionPrefix = "ses"
	KeyPrefix     = "key"
	EventPrefix   = "evt"
	TokenPrefix   = "tok"
)

// ID names an object for good: a prefix that says its type, an underscore, and a UUIDv7 (RFC 9562, section 5.7) in
// 26 characters of Crockford's base 32, small letters (the TypeID form): usr_01j8z3k5v9e4rt0q6m2x7n1c8d.
// IDs of one prefix sort by the millisecond in which they were made.
type ID string

// ErrMalformedID is what ParseID says of anything that is no ID.
var ErrMalformedID = errors.New("malformed ID")

const (
	idAlphabet = "0123456789abcdefghjkmnpqrstvwxyz"
	idDigits   = 26
)

// NewID makes an ID with 74 random bits.
func NewID(prefix string, at time.Time) ID {
	var u [16]byte
	_, _ = rand.Read(u[:]) // never fails: crypto/rand ends the program instead
	return idOf(prefix, u, at)
}

// FirstID is the least ID that NewID makes in the millisecond of at. There is none before 1970.
func FirstID(prefix string, at time.Time) ID {
	if epoch := time.UnixMilli(0); at.Before(epoch) {
		at = epoch
	}
	return idOf(prefix, [16]byte{}, at)
}

// idOf overwrites of 128 bits those that say when, and which version of UUID it is.
func idOf(prefix string, u [16]byte, at time.Time) ID {
	millis := uint64(at.UnixMilli())
	binary.BigEndian.PutUint16(u[0:], uint16(millis>>32))
	binary.BigEndian.PutUint32(u[2:], uint32(millis))
	u[6] = u[6]&0x0f | 0x70 // version 7
	u[8] = u[8]&0x3f | 0x80 // variant 10
	return ID(prefix + "_" + encode128(u))
}

// IDOf is the ID of what has no time of its own: the same content has the same ID wherever it is read.
func IDOf(prefix string, content []byte) ID {
	digest := sha256.Sum256(content)
	return ID(prefix + "_" + encode128([16]byte(digest[:16])))
}

// encode128 writes 128 bits as 26 digits of 5 bits; the first carries three.
func encode128(u [16]byte) string {
	hi, lo := binary.BigEndian.Uint64(u[:8]), binary.BigEndian.Uint64(u[8:])
	var digits [idDigits]byte
	for i := idDigits - 1; i >= 0; i-- {
		digits[i] = idAlphabet[lo&31]
		lo = lo>>5 | hi<<59
		hi >>= 5
	}
	return string(digits[:])
}

// ParseID reads an ID as NewID writes it, of any prefix, or fails with ErrMalformedID.
func ParseID(s string) (ID, error) {
	prefix, digits, found := strings.Cut(s, "_")
	if !found || len(prefix) == 0 || len(prefix) > 8 || len(digits) != idDigits || digits[0] > '7' {
		return "", ErrMalformedID
	}
	for i := range len(prefix) {
		if prefix[i] < 'a' || prefix[i] > 'z' {
			return "", ErrMalformedID
		}
	}
	for i := range len(digits) {
		if strings.IndexByte(idAlphabet, digits[i]) < 0 {
			return "", ErrMalformedID
		}
	}
	return ID(s), nil
}

// Is reports whether the ID is of the type that the prefix stands for.
func (id ID) Is(prefix string) bool {
	return len(id) > len(prefix) && id[len(prefix)] == '_' && string(id[:len(prefix)]) == prefix
}

// Node is any object with an ID of its own. It is empty, so that no word needs a method for the sake of a door.
type Node any

// Owned is what belongs to someone: to the user whose ID it answers.
type Owned interface{ OwnerID() ID }
