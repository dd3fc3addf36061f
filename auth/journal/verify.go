package journal

import (
	"context"
	"crypto/hmac"
	"errors"
	"fmt"
	"math"
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

// ErrPruned says that a head was noted before events that were pruned since. Nothing can be held against it any more.
var ErrPruned = errors.New("it was noted before events that were pruned since")

// Intact is a journal that is as it was when its events were numbered.
type Intact struct {
	// Head is the journal's. Noted elsewhere, it tells later whether the end was cut off.
	Head
	// Checkpoint is where the chain begins; zero where nothing was pruned.
	Checkpoint Checkpoint
}

// Events is how many were walked, from the checkpoint to the head.
func (i Intact) Events() int64 { return i.Number - i.Checkpoint.Number }

// Verify walks the chain from its beginning, or the checkpoint, to the journal's head, in batches, while others write
// and prune. It fails with a *BrokenError where an event was changed, removed, put in, or cut off at the end.
//
// Who could write to the database, and cut off the newest events together with the head, is found out only with a head
// that was noted elsewhere after them: it must be in the chain. The zero Head is in every chain. One that was noted
// before events that were pruned since is ErrPruned.
func (j *Journal) Verify(ctx context.Context, noted Head) (Intact, error) {
	for {
		from, err := j.Checkpoint(ctx)
		if err != nil {
			return Intact{}, err
		}
		head, err := j.walk(ctx, from.Head, noted)
		if j.wasPruned(ctx, from, err) {
			continue // from where the chain begins now
		}
		if err != nil {
			return Intact{}, err
		}
		return Intact{Head: head, Checkpoint: from}, nil
	}
}

// wasPruned reports whether what is broken is so because it was pruned since the chain began after from.
func (j *Journal) wasPruned(ctx context.Context, from Checkpoint, err error) bool {
	broken, ok := errors.AsType[*BrokenError](err)
	if !ok {
		return false
	}
	now, err := j.Checkpoint(ctx)
	return err == nil && from.Number < broken.Number && broken.Number <= now.Number
}

// walk walks the chain from a head that is known to be right to the journal's own.
func (j *Journal) walk(ctx context.Context, from, noted Head) (Head, error) {
	head, err := j.Head(ctx)
	switch {
	case err != nil:
		return Head{}, err
	case noted != Head{} && noted.Number < from.Number:
		return Head{}, fmt.Errorf("%s: %w, up to event %d", noted, ErrPruned, from.Number)
	case head.Number < noted.Number:
		return Head{}, &BrokenError{head.Number + 1, "it was cut off, and with it all up to " + noted.String()}
	case head.Number < from.Number:
		return Head{}, &BrokenError{head.Number + 1, "it was cut off, and with it all up to the checkpoint " + from.String()}
	}
	if err := j.beginsAfter(ctx, from); err != nil {
		return Head{}, err
	}
	at, err := j.walkTo(ctx, from, head.Number, noted)
	if err != nil {
		return Head{}, err
	}
	if !hmac.Equal(at.Hash[:], head.Hash[:]) {
		return Head{}, &BrokenError{at.Number, "its hash is not the journal's last"}
	}
	return head, j.endsAt(ctx, head)
}

// walkTo walks the chain up to a number.
func (j *Journal) walkTo(ctx context.Context, at Head, to int64, noted Head) (Head, error) {
	if err := noted.isIn(at); err != nil {
		return Head{}, err
	}
	for at.Number < to {
		entries, err := j.linked(ctx, at, to)
		if err != nil {
			return Head{}, err
		}
		for _, e := range entries {
			at = e.head()
			if err := noted.isIn(at); err != nil {
				return Head{}, err
			}
		}
	}
	return at, nil
}

// linked reads the next events after a head, up to a number and a Batch of them, and holds them against the chain.
func (j *Journal) linked(ctx context.Context, at Head, to int64) ([]Entry, error) {
	entries, err := j.store.Entries(ctx, at.Number+1, int(min(Batch, to-at.Number)))
	if err != nil {
		return nil, fmt.Errorf("read the journal: %w", err)
	}
	if len(entries) == 0 {
		return nil, &BrokenError{at.Number + 1, "it is missing"}
	}
	return entries, j.chain.verify(at, entries)
}

// verify holds entries against the chain that ends with a head.
func (c chain) verify(at Head, entries []Entry) error {
	for _, e := range entries {
		number := at.Number + 1
		switch hash := c.hash(at.Hash, e); {
		case e.Link.Number < number:
			return &BrokenError{e.Link.Number, "there is another with its number"}
		case e.Link.Number > number:
			return &BrokenError{number, "it is missing"}
		case !hmac.Equal(hash[:], e.Link.Hash[:]):
			return &BrokenError{number, "it was changed, or the one before it"}
		case !e.clientIsWhole():
			return &BrokenError{number, "its address or user agent was changed"}
		}
		at = e.head()
	}
	return nil
}

// isIn asks that a chain has the noted head at its number. At all other numbers there is nothing to ask.
func (h Head) isIn(at Head) error {
	if h.Number != at.Number || h == (Head{}) || hmac.Equal(h.Hash[:], at.Hash[:]) {
		return nil
	}
	return &BrokenError{at.Number, "it is another than the one that was noted as " + h.String()}
}

// beginsAfter asks that no event stands before the chain's first, where no link is held against it.
func (j *Journal) beginsAfter(ctx context.Context, from Head) error {
	entries, err := j.store.Entries(ctx, math.MinInt64, 1)
	if err != nil {
		return fmt.Errorf("read the journal's first event: %w", err)
	}
	if len(entries) > 0 && entries[0].Link.Number <= from.Number {
		return &BrokenError{entries[0].Link.Number, fmt.Sprintf("it was put in before the first, which is %d", from.Number+1)}
	}
	return nil
}

// endsAt asks that no event stands after the head. Where the head has moved on meanwhile, those after it are new.
func (j *Journal) endsAt(ctx context.Context, head Head) error {
	entries, err := j.store.Entries(ctx, head.Number+1, 1)
	if err != nil {
		return fmt.Errorf("read beyond the journal's head: %w", err)
	}
	now, err := j.Head(ctx)
	if err != nil {
		return err
	}
	if len(entries) > 0 && now.Number < entries[0].Link.Number {
		return &BrokenError{entries[0].Link.Number, "it stands after the journal's last: that was put back, or it was put in"}
	}
	return nil
}

// clientIsWhole reports whether address and user agent are those that were linked, or were erased, both together.
func (e Entry) clientIsWhole() bool {
	if e.Link.Salt == nil {
		return e.IPAddress == nil && e.UserAgent == nil
	}
	return hmac.Equal(clientDigest(e.Link.Salt, e.Client), e.Link.ClientDigest)
}
