package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/fieldward/fieldward/auth/journal"
)

// Head returns the last number that was given, and its hash. Where the row was taken away, numbering fails.
func (s *Store) Head(ctx context.Context) (journal.Head, error) {
	const head = `SELECT number, hash FROM journal_head WHERE id = 1`
	var row headRow
	err := s.queryRow(ctx, head, nil, row.fields()...)
	if errors.Is(err, sql.ErrNoRows) {
		return journal.Head{}, nil
	}
	if err != nil {
		return journal.Head{}, s.explain("read the journal's head", err)
	}
	h, err := row.head()
	return h, s.explain("read the journal's head", err)
}

const numberedEvents = `
	SELECT ` + entryColumns + `
	FROM events
	WHERE number >= $1
	ORDER BY number LIMIT $2`

// Entries returns up to limit of the numbered events from a number on, in their order.
func (s *Store) Entries(ctx context.Context, from int64, limit int) ([]journal.Entry, error) {
	var entries []journal.Entry
	err := s.query(ctx, numberedEvents, []any{from, limit}, func(rows *sql.Rows) error {
		e, err := scanEntry(rows)
		entries = append(entries, e)
		return err
	})
	if err != nil {
		return nil, s.explain("read the journal", err)
	}
	return entries, nil
}

// countWaiting is answered from two indexes that hold little else.
const countWaiting = `
	SELECT (SELECT COUNT(*) FROM events WHERE number IS NULL AND tally_key IS NULL)
	     + (SELECT COUNT(*) FROM events WHERE tally_key IS NOT NULL)`

// Waiting returns how many events have no number.
func (s *Store) Waiting(ctx context.Context) (n int64, err error) {
	err = s.queryRow(ctx, countWaiting, nil, &n)
	return n, s.explain("count the events that wait", err)
}

// errNothing takes a numbering back that has found no event.
var errNothing = errors.New("no event waits")

// Number gives the next numbers to events that wait, and moves the head, in one transaction.
func (s *Store) Number(ctx context.Context, n journal.Numbering) (int, error) {
	waits, grown, err := s.anyWaits(ctx, n)
	if err != nil || !waits && !grown {
		return 0, s.explain("look for events that wait", err)
	}
	var numbered int
	err = s.change(ctx, func(ctx context.Context, tx *sql.Tx) error {
		head, err := holdHead(ctx, tx)
		if err != nil {
			return err
		}
		if err := finishGrown(ctx, tx, n, grown); err != nil {
			return err
		}
		entries, err := waiting(ctx, tx, n.Limit)
		if err != nil {
			return err
		}
		if numbered = len(entries); numbered == 0 {
			return errNothing
		}
		next := n.Link(head, entries)
		if err := s.keepLinks(ctx, tx, entries); err != nil {
			return err
		}
		return moveHead(ctx, tx, next)
	})
	if errors.Is(err, errNothing) {
		return 0, nil
	}
	if err != nil {
		return 0, s.explain("number events", err)
	}
	return numbered, nil
}

// anyWait is answered from two indexes that hold little else. The order is theirs: an engine that believes that many
// events wait would look for the first of them by reading all that do not.
const anyWait = `
	SELECT (SELECT id FROM events WHERE number IS NULL AND tally_key IS NULL ORDER BY id LIMIT 1) IS NOT NULL,
	       (SELECT id FROM events WHERE tally_key IS NOT NULL AND happened_at < $1 ORDER BY happened_at LIMIT 1) IS NOT NULL`

// anyWaits tells whether any event waits, and whether one has grown until now.
func (s *Store) anyWaits(ctx context.Context, n journal.Numbering) (waits, grown bool, err error) {
	err = s.queryRow(ctx, anyWait, []any{instant(n.Whole)}, &waits, &grown)
	return waits, grown, err
}

// holdHead reads the head, and holds its row from here on: others who number wait.
func holdHead(ctx context.Context, tx *sql.Tx) (journal.Head, error) {
	const hold = `UPDATE journal_head SET number = number WHERE id = 1 RETURNING number, hash`
	var row headRow
	if err := tx.QueryRowContext(ctx, hold).Scan(row.fields()...); err != nil {
		return journal.Head{}, fmt.Errorf("hold the journal's head: %w", err)
	}
	return row.head()
}

// finishTallies makes events final that do not grow any more: about as many as $2 and one, the oldest.
const finishTallies = `
	UPDATE events SET tally_key = NULL
	WHERE tally_key IS NOT NULL AND happened_at < $1 AND happened_at <= COALESCE(
		(SELECT happened_at FROM events WHERE tally_key IS NOT NULL AND happened_at < $1 ORDER BY happened_at LIMIT 1 OFFSET $2),
		$1)`

// finishGrown does so where there are any.
func finishGrown(ctx context.Context, tx *sql.Tx, n journal.Numbering, grown bool) error {
	if !grown {
		return nil
	}
	_, err := exec(ctx, tx, finishTallies, instant(n.Whole), n.Limit)
	return err
}

// waitingEvents are those that get the next numbers.
const waitingEvents = `
	SELECT ` + entryColumns + `
	FROM events
	WHERE number IS NULL AND tally_key IS NULL
	ORDER BY id LIMIT $1`

func waiting(ctx context.Context, tx *sql.Tx, limit int) ([]journal.Entry, error) {
	rows, err := tx.QueryContext(ctx, waitingEvents, limit)
	if err != nil {
		return nil, err
	}
	var entries []journal.Entry
	err = each(rows, func(rows *sql.Rows) error {
		e, err := scanEntry(rows)
		entries = append(entries, e)
		return err
	})
	return entries, err
}

// keepLinks takes as many links at once as the engine likes, and the rest in tens and ones: as few texts are planned, once
// on each connection.
func (s *Store) keepLinks(ctx context.Context, tx *sql.Tx, entries []journal.Entry) error {
	for size := max(1, s.engine.RowsAtOnce); size > 0; size /= 10 {
		some := entries[:len(entries)/size*size]
		entries = entries[len(some):]
		if err := keepSome(ctx, tx, some, size); err != nil {
			return err
		}
	}
	return nil
}

// keepSome keeps the links of so many entries with each statement.
func keepSome(ctx context.Context, tx *sql.Tx, entries []journal.Entry, size int) error {
	if len(entries) == 0 {
		return nil
	}
	stmt, err := tx.PrepareContext(ctx, keepLinksOf(size))
	if err != nil {
		return err
	}
	defer func() { _ = stmt.Close() }() // the transaction's end closes it too
	for ; len(entries) > 0; entries = entries[size:] {
		if _, err := stmt.ExecContext(ctx, linkArgs(entries[:size])...); err != nil {
			return fmt.Errorf("number the events from %s on: %w", entries[0].ID, err)
		}
	}
	return nil
}

// keepLinksOf is the statement for so many events. All of them are there, so that it inserts none: it is an UPDATE of
// many rows with a value of its own for each, in words that all engines know, and always by the primary key.
func keepLinksOf(n int) string {
	const columns = 7 // of linkArgs
	var b strings.Builder
	b.WriteString(`INSERT INTO events (id, happened_at, action, number, salt, client_digest, hash) VALUES `)
	for i := range n {
		if i > 0 {
			b.WriteString(`, `)
		}
		first := i*columns + 1
		_, _ = fmt.Fprintf(&b, `($%d, $%d, $%d, $%d, $%d, $%d, $%d)`, first, first+1, first+2, first+3, first+4, first+5, first+6)
	}
	b.WriteString(` ON CONFLICT (id) DO UPDATE SET
		number = excluded.number, salt = excluded.salt, client_digest = excluded.client_digest, hash = excluded.hash`)
	return b.String()
}

func linkArgs(entries []journal.Entry) []any {
	var args []any
	for _, e := range entries {
		args = append(args, e.ID, instant(e.At), e.Action, e.Link.Number, e.Link.Salt, e.Link.ClientDigest, e.Link.Hash[:])
	}
	return args
}

func moveHead(ctx context.Context, tx *sql.Tx, to journal.Head) error {
	const move = `UPDATE journal_head SET number = $1, hash = $2 WHERE id = 1`
	_, err := exec(ctx, tx, move, to.Number, to.Hash[:])
	return err
}

// headRow takes in a head.
type headRow struct {
	number int64
	hash   []byte
}

func (r *headRow) fields() []any { return []any{&r.number, &r.hash} }

func (r *headRow) head() (journal.Head, error) {
	hash, err := hashOf(r.hash)
	return journal.Head{Number: r.number, Hash: hash}, err
}

func hashOf(kept []byte) (hash journal.Hash, err error) {
	if len(kept) != len(hash) {
		return hash, fmt.Errorf("a hash of the journal has %d bytes, not %d", len(kept), len(hash))
	}
	return journal.Hash(kept), nil
}

// entryColumns are in the order of scanEntry.
const entryColumns = eventColumns + `, salt, client_digest`

// scanEntry reads a row of entryColumns. One that was tampered with is read as far as it can be: it must neither stop
// those who follow the journal, nor hide from those who verify it.
func scanEntry(rows *sql.Rows) (journal.Entry, error) {
	var row eventRow
	var e journal.Entry
	fields := row.fieldsWith((*writtenInstant)(&row.e.At))
	if err := rows.Scan(append(fields, &e.Link.Salt, &e.Link.ClientDigest)...); err != nil {
		return e, err
	}
	e.Event, _ = row.event() // details that are no JSON are left out, and are in Written
	e.Written = row.details
	if e.Number != nil {
		e.Link.Number = *e.Number
		e.Link.Hash, _ = hashOf(row.hash) // else zeros, which no event has
	}
	return e, nil
}
