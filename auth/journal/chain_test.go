package journal_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/journal"
)

// written writes values as the documentation of journal.Link says. What is nil is null.
func written(values ...any) []byte {
	var b []byte
	for _, v := range values {
		text, ok := v.(string)
		if !ok {
			b = append(b, 0)
			continue
		}
		b = append(b, 1)
		b = binary.BigEndian.AppendUint32(b, uint32(len(text)))
		b = append(b, text...)
	}
	return b
}

func mac(key []byte, parts ...[]byte) []byte {
	h := hmac.New(sha256.New, key)
	for _, p := range parts {
		h.Write(p)
	}
	return h.Sum(nil)
}

func TestALinkIsMadeAsItIsDocumented(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "test.db"))
	at := time.Date(2026, time.November, 24, 7, 52, 47, 123456789, time.FixedZone("", 3600))
	full := auth.NewEvent(auth.TokensRevoked, at, desk())
	full.ActorID, full.SubjectID, full.SessionID = new(auth.ID("usr_1")), new(auth.ID("usr_2")), new(auth.ID("ses_3"))
	full.Generation, full.Details = new(int64(42)), map[string]any{"b": "<", "a": 1}
	bare := auth.Event{ID: full.ID + "0", At: at, Action: auth.SignedOut}
	for _, e := range []auth.Event{full, bare} {
		must(t, s.Record(t.Context(), e))
	}
	numberAll(t, journal.New(s, key(), time.Now))

	entries := all(t, s)
	const when = "2026-11-24T06:52:47.123456Z"
	previous := make([]byte, 32)
	for i, want := range []struct {
		client  []byte
		content func(digest string) []byte
	}{
		{
			written("192.0.2.10", "Desk/1.0"),
			func(digest string) []byte {
				return written(string(full.ID), when, "TOKENS_REVOKED", "usr_1", "usr_2", "ses_3", digest, "42", `{"a":1,"b":"\u003c"}`)
			},
		},
		{
			written(nil, nil),
			func(digest string) []byte {
				return written(string(bare.ID), when, "SIGNED_OUT", nil, nil, nil, digest, nil, nil)
			},
		},
	} {
		link := entries[i].Link
		if len(link.Salt) != 16 || string(link.ClientDigest) != string(mac(link.Salt, want.client)) {
			t.Errorf("event %d: the client's digest is %x with the salt %x", i+1, link.ClientDigest, link.Salt)
		}
		content := sha256.Sum256(append([]byte("fieldward event 1"), want.content(string(link.ClientDigest))...))
		hash := mac(key(), previous, binary.BigEndian.AppendUint64(nil, uint64(i+1)), content[:])
		if string(hash) != string(link.Hash[:]) {
			t.Errorf("event %d: the hash is %s, not %x", i+1, link.Hash, hash)
		}
		previous = hash
	}
	if string(entries[0].Link.Salt) == string(entries[1].Link.Salt) {
		t.Error("two events have one salt")
	}
}

func TestAChainNeedsAKey(t *testing.T) {
	defer func() {
		if said, _ := recover().(string); !strings.Contains(said, "key") {
			t.Errorf("it panics with %q", said)
		}
	}()
	journal.New(nil, nil, time.Now)
}
