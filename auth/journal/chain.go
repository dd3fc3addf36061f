package journal

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"strconv"

	"github.com/fieldward/fieldward/auth"
)

// Hash is over an event and all those before it.
type Hash [sha256.Size]byte

// String is the hash in hexadecimal digits.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// Entry is an event as it stands in the journal.
type Entry struct {
	auth.Event
	// Written are the details as they are stored, byte by byte: the JSON text, or nil where there are none.
	Written *string
	// Link is zero where the event has no number yet.
	Link Link
}

// Link ties an event to the one before.
//
// An event's hash is HMAC-SHA-256 (RFC 2104) with the journal's key over the hash before it (of the first, 32 zero
// bytes), its number (8 bytes, big-endian) and the SHA-256 of its content. The content is the text "fieldward event 1",
// then id, time, action, actor, subject, session, ClientDigest, generation and details, each written as a byte 0 where
// it is null, and else as a byte 1, its length (4 bytes, big-endian) and its bytes. The time is UTC in microseconds, as
// 2026-11-24T07:52:47.123456Z; the generation is in decimal digits; the details are JSON as it was stored.
type Link struct {
	Number int64
	// Salt is 16 random bytes. It is nil where address and user agent were erased: then nobody can find out any more
	// what they were, not even by trying all addresses.
	Salt []byte
	// ClientDigest is HMAC-SHA-256 with the salt over address and user agent, written as in the content.
	ClientDigest []byte
	Hash         Hash
}

const (
	contentTag = "fieldward event 1"
	timeLayout = "2006-01-02T15:04:05.000000Z"
	saltSize   = 16 // bytes
)

// chain links events with the journal's key.
type chain struct{ key []byte }

// link numbers and links the entries after the head, and returns the last as the new head.
func (c chain) link(head Head, entries []Entry) Head {
	for i := range entries {
		e := &entries[i]
		salt := make([]byte, saltSize)
		_, _ = rand.Read(salt) // never fails: crypto/rand ends the program instead
		e.Link = Link{Number: head.Number + 1, Salt: salt, ClientDigest: clientDigest(salt, e.Client)}
		e.Link.Hash = c.hash(head.Hash, *e)
		head = Head{Number: e.Link.Number, Hash: e.Link.Hash}
	}
	return head
}

// hash is the entry's, after the one with the previous hash.
func (c chain) hash(previous Hash, e Entry) Hash {
	content := sha256.Sum256(e.content())
	mac := hmac.New(sha256.New, c.key)
	mac.Write(previous[:])
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(e.Link.Number)))
	mac.Write(content[:])
	return Hash(mac.Sum(nil))
}

func (e Entry) content() []byte {
	b := appendText([]byte(contentTag), string(e.ID))
	b = appendText(b, e.At.UTC().Format(timeLayout))
	b = appendText(b, string(e.Action))
	b = appendNullable(b, e.ActorID)
	b = appendNullable(b, e.SubjectID)
	b = appendNullable(b, e.SessionID)
	b = appendText(b, string(e.Link.ClientDigest))
	if e.Generation == nil {
		b = append(b, 0)
	} else {
		b = appendText(b, strconv.FormatInt(*e.Generation, 10))
	}
	return appendNullable(b, e.Written)
}

func clientDigest(salt []byte, c auth.Client) []byte {
	mac := hmac.New(sha256.New, salt)
	mac.Write(appendNullable(appendNullable(nil, c.IPAddress), c.UserAgent))
	return mac.Sum(nil)
}

func appendNullable[T ~string](b []byte, value *T) []byte {
	if value == nil {
		return append(b, 0)
	}
	return appendText(b, string(*value))
}

// appendText writes the length before the text, so that no two lists of values are written alike.
func appendText(b []byte, text string) []byte {
	b = binary.BigEndian.AppendUint32(append(b, 1), uint32(len(text)))
	return append(b, text...)
}
