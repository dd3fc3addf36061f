package journal

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"time"
)

// Checkpoint is where the chain begins since older events were pruned. The zero Checkpoint is the journal's beginning.
//
// Its MAC is HMAC-SHA-256 (RFC 2104) with the journal's key over the text "fieldward checkpoint 1", number (8 bytes,
// big-endian), hash, time as in an event, and how many went (8 bytes, big-endian). So nobody without the key can cut
// events off the journal's beginning and say that they were pruned.
type Checkpoint struct {
	// Head is the last event that went. The first that is there is linked to its hash.
	Head
	// At is when the prune began by which it went, Removed how many that prune has removed so far.
	At      time.Time
	Removed int64
	MAC     Hash
}

const checkpointTag = "fieldward checkpoint 1"

// checkpointMAC is what the checkpoint's MAC must be.
func (c chain) checkpointMAC(p Checkpoint) Hash {
	mac := hmac.New(sha256.New, c.key)
	mac.Write([]byte(checkpointTag))
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(p.Number)))
	mac.Write(p.Hash[:])
	mac.Write([]byte(p.At.UTC().Format(timeLayout)))
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(p.Removed)))
	return Hash(mac.Sum(nil))
}

// Checkpoint returns where the chain begins. It fails with a *BrokenError where that is not what a prune has left.
func (j *Journal) Checkpoint(ctx context.Context) (Checkpoint, error) {
	p, err := j.store.Checkpoint(ctx)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("read the journal's checkpoint: %w", err)
	}
	if want := j.chain.checkpointMAC(p); p != (Checkpoint{}) && !hmac.Equal(p.MAC[:], want[:]) {
		return Checkpoint{}, &BrokenError{p.Number + 1, "the checkpoint before it is none that a prune has left"}
	}
	return p, nil
}
