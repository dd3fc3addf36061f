package cli

import (
	"context"
	"io"
	"time"

	"github.com/fieldward/fieldward/auth/account"
)

// What the tests look at from outside.
var (
	ParseNewcomer = parseNewcomer
	ParseClaims   = parseClaims
	KnownClaims   = knownClaims
)

// PruneBefore is the time that --before means.
func PruneBefore(text string, now time.Time) (time.Time, error) {
	return (&AuditPrune{Before: text}).before(now)
}

// Line is what was read of a line of an import.
type Line struct {
	Number   int
	Newcomer account.Newcomer
	Err      error
}

// ReadLines reads all of an import.
func ReadLines(ctx context.Context, r io.Reader) (lines []Line, batches int, err error) {
	out := make(chan []record)
	failed := make(chan error, 1)
	go func() {
		defer close(out)
		failed <- readRecords(ctx, r, out)
	}()
	for batch := range out {
		batches++
		for _, b := range batch {
			lines = append(lines, Line{b.line, b.newcomer, b.err})
		}
	}
	return lines, batches, <-failed
}
