package cli

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/fieldward/fieldward/auth/journal"
	"github.com/fieldward/fieldward/auth/token"
)

// Audit holds the commands for the journal of audit events. All of them work beside servers that run on the same
// database.
type Audit struct {
	Verify AuditVerify `cmd:"" help:"Prove that no audit event was changed, removed or put in."`
	Prune  AuditPrune  `cmd:"" help:"Remove old audit events, so that what is left can still be proved."`
}

// reading opens the journal of the database, and does what is to be done with it.
func (h House) reading(ctx context.Context, s StoreSettings, do func(*journal.Journal) error) (err error) {
	j, done, err := h.Journal(ctx, s)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	return do(j)
}

// AuditVerify walks the chain.
type AuditVerify struct {
	StoreSettings `embed:""`

	FromHead string `help:"A head of the journal that was noted earlier: the log has one each minute, and this command prints one. It must still be in the chain, so that events that were cut off since are found out." placeholder:"NUMBER:HASH" env:"-"`
}

// Help is what --help says besides the flags.
func (AuditVerify) Help() string {
	return "Each event is linked to the one before it with a key that is sealed in the database. Who can write to the " +
		"database can neither change nor remove one of them unnoticed, but for the newest, together with the head: keep the " +
		"head that is printed in another place, and name it the next time."
}

// Validate refuses what is no head.
func (v *AuditVerify) Validate() error {
	_, err := v.noted()
	return errors.Join(v.StoreSettings.Validate(), err)
}

// noted is the head that was noted, or the zero Head.
func (v *AuditVerify) noted() (journal.Head, error) {
	if v.FromHead == "" {
		return journal.Head{}, nil
	}
	head, err := journal.ParseHead(v.FromHead)
	if err != nil {
		return head, fmt.Errorf("--from-head: %w", err)
	}
	return head, nil
}

// Run walks it, and says what is intact, or what is not.
func (v *AuditVerify) Run(ctx context.Context, t Terminal, h House) error {
	noted, err := v.noted()
	if err != nil {
		return err
	}
	return h.reading(ctx, v.StoreSettings, func(j *journal.Journal) error {
		intact, err := j.Verify(ctx, noted)
		if errors.Is(err, journal.ErrPruned) {
			return fmt.Errorf("--from-head: %w: name a head that was noted since", err)
		}
		if err != nil {
			return err
		}
		waiting, err := j.Waiting(ctx)
		if err != nil {
			return err
		}
		if p := intact.Checkpoint; p.Number > 0 {
			_, _ = fmt.Fprintf(t.Out, "Pruned are the events up to %d, since %s UTC; the chain goes on from %s\n", p.Number, moment(&p.At), p.Head)
		}
		_, _ = fmt.Fprintf(t.Out, "Intact are %s\n", count(intact.Events()))
		if waiting > 0 {
			_, _ = fmt.Fprintf(t.Out, "Not in the chain yet: %s\n", count(waiting))
		}
		_, _ = fmt.Fprintf(t.Out, "Head %s\n", intact.Head)
		return nil
	})
}

func count(events int64) string {
	if events == 1 {
		return "1 event"
	}
	return strconv.FormatInt(events, 10) + " events"
}

// refusing is for how long an event can refuse tokens, on whatever server.
const refusing = maxAccessTokenTTL + 2*token.Leeway

// AuditPrune removes old events.
type AuditPrune struct {
	StoreSettings `embed:""`

	Before string `help:"What happened before goes: a date in UTC (2026-01-31), a time (2026-01-31T12:00:00Z), or how long ago (365d, 8760h)." required:"" placeholder:"DATE|DURATION" env:"-"`
}

// Help is what --help says besides the flags.
func (AuditPrune) Help() string {
	return "Events go from the journal's beginning up to the first that is not so old, a few at a time, while servers run. A " +
		"checkpoint stays from which the chain goes on, and an event that tells what went. Where this is interrupted, run " +
		"it again. Nothing goes where the chain is broken, nor what may still refuse a token. A head that was noted before " +
		"the last event that went can prove nothing any more: note the one that is printed."
}

// Validate refuses what is no time, and one that is too late.
func (p *AuditPrune) Validate() error {
	_, err := p.before(time.Now())
	return errors.Join(p.StoreSettings.Validate(), err)
}

// before is the time that is meant.
func (p *AuditPrune) before(now time.Time) (time.Time, error) {
	at, err := parseBefore(p.Before, now)
	if err != nil {
		return at, fmt.Errorf("--before: %q is neither a date (2026-01-31), a time (2026-01-31T12:00:00Z), nor how long ago (365d, 8760h)", p.Before)
	}
	if latest := now.Add(-refusing); at.After(latest) {
		return at, fmt.Errorf("--before: what happened in the last %s can still refuse a token: the latest is %s", refusing, latest.UTC().Format(time.RFC3339))
	}
	return at, nil
}

const hoursOfDay = 24

func parseBefore(text string, now time.Time) (time.Time, error) {
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if at, err := time.Parse(layout, text); err == nil {
			return at, nil
		}
	}
	if days, ok := strings.CutSuffix(text, "d"); ok {
		n, err := strconv.ParseUint(days, 10, 16)
		if err != nil {
			return time.Time{}, err
		}
		return now.Add(-time.Duration(n) * hoursOfDay * time.Hour), nil
	}
	ago, err := time.ParseDuration(text)
	if err == nil && ago < 0 {
		err = errors.New("it is to come")
	}
	return now.Add(-ago), err
}

// Run removes them, and says what went, where it fails too.
func (p *AuditPrune) Run(ctx context.Context, t Terminal, h House) error {
	before, err := p.before(time.Now())
	if err != nil {
		return &wrongUseError{err.Error()}
	}
	return h.reading(ctx, p.StoreSettings, func(j *journal.Journal) error {
		done, err := j.Prune(ctx, journal.Pruning{Before: before, Refusing: refusing})
		_, _ = fmt.Fprintf(t.Out, "Removed %s from before %s UTC\n", count(done.Removed), moment(&before))
		if done.Checkpoint.Number > 0 {
			_, _ = fmt.Fprintf(t.Out, "The chain goes on from %s\n", done.Checkpoint.Head)
		}
		if ctx.Err() != nil {
			return errors.New("interrupted: what is left goes when this is run again")
		}
		if err != nil {
			return err
		}
		head, err := j.Head(ctx)
		if err == nil {
			_, _ = fmt.Fprintf(t.Out, "Head %s\n", head)
		}
		return err
	})
}
