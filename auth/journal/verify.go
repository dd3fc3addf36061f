package journal

import (
	"context"
	"crypto/hmac"
	"fmt"
)

// BrokenError says where the journal is not what it was when its events were numbered.
type BrokenError struct {
	// Number is the first event of which that is known; all before it are as they were.
	Number int64
	// Reason is what is wrong with it, in plain words.
	Reason string
}

// Error is the number and the reason.
func (e *BrokenError) Error() string {
	return fmt.Sprintf("the journal is broken at event %d: %s", e.Number, e.Reason)
}

// Verify walks the chain from a head that is known to be right to the journal's own, which it returns. It fails with a
// *BrokenError where an event was changed, removed, put in, or cut off at the end.
//
// The zero Head walks all. Who could write to the database, and cut off the newest events together with the head, is
// found out only with a head that was noted elsewhere after them: the journal must have come at least so far.
func (j *Journal) Verify(ctx context.Context, from Head) (Head, error) {
	head, err := j.Head(ctx)
	if err != nil {
		return Head{}, err
	}
	if head.Number < from.Number {
		return Head{}, &BrokenError{head.Number + 1, "it was cut off, and with it all up to " + from.String()}
	}
	at := from
	for at.Number < head.Number {
		entries, err := j.store.Entries(ctx, at.Number+1, Batch)
		if err != nil {
			return Head{}, fmt.Errorf("read the journal: %w", err)
		}
		if len(entries) == 0 {
			return Head{}, &BrokenError{at.Number + 1, "it is missing"}
		}
		if at, err = j.chain.verify(at, entries, head.Number); err != nil {
			return Head{}, err
		}
	}
	if !hmac.Equal(at.Hash[:], head.Hash[:]) {
		return Head{}, &BrokenError{at.Number, "its hash is not the journal's last"}
	}
	return at, nil
}

// verify walks the entries after a head, up to a number. What was numbered since the walk began is left to the next.
func (c chain) verify(at Head, entries []Entry, to int64) (Head, error) {
	for _, e := range entries {
		number := at.Number + 1
		switch hash := c.hash(at.Hash, e); {
		case number > to:
			return at, nil
		case e.Link.Number != number:
			return at, &BrokenError{number, "it is missing"}
		case !hmac.Equal(hash[:], e.Link.Hash[:]):
			return at, &BrokenError{number, "it was changed, or the one before it"}
		case !e.clientIsWhole():
			return at, &BrokenError{number, "its address or user agent was changed"}
		}
		at = e.head()
	}
	return at, nil
}

// clientIsWhole reports whether address and user agent are those that were linked, or were erased, both together.
func (e Entry) clientIsWhole() bool {
	if e.Link.Salt == nil {
		return e.IPAddress == nil && e.UserAgent == nil
	}
	return hmac.Equal(clientDigest(e.Link.Salt, e.Client), e.Link.ClientDigest)
}
