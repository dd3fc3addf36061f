package journal_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/journal"
)

func TestVerifyFindsWhatWasDoneToTheJournal(t *testing.T) {
	const events = 5
	set := func(assignment string) string { return `UPDATE events SET ` + assignment + ` WHERE number = 3` }
	tests := map[string]struct {
		change string
		broken int64 // 0 where it is whole
	}{
		"nothing":                           {`SELECT 1`, 0},
		"another time":                      {set(`happened_at = '2027-01-31T08:15:00.000001Z'`), 3},
		"another action":                    {set(`action = 'SIGNED_OUT'`), 3},
		"another actor":                     {set(`actor_id = 'usr_1'`), 3},
		"another subject":                   {set(`subject_id = 'usr_1'`), 3},
		"another session":                   {set(`session_id = 'ses_1'`), 3},
		"another generation":                {set(`generation = 2`), 3},
		"other details":                     {set(`details = '{"i":7}'`), 3},
		"the same details, written apart":   {set(`details = '{"i": 2}'`), 3},
		"no details":                        {set(`details = NULL`), 3},
		"details that are no JSON":          {set(`details = '{'`), 3},
		"another ID":                        {set(`id = 'evt_1'`), 3},
		"another address":                   {set(`ip_address = '192.0.2.11'`), 3},
		"another user agent":                {set(`user_agent = 'Desk/2.0'`), 3},
		"address and user agent in one":     {set(`ip_address = '192.0.2.10Desk/1.0', user_agent = ''`), 3},
		"address erased, with the salt":     {set(`ip_address = NULL, salt = NULL`), 3},
		"both erased, but the salt is kept": {set(`ip_address = NULL, user_agent = NULL`), 3},
		"both erased, with the salt":        {set(`ip_address = NULL, user_agent = NULL, salt = NULL`), 0},
		"erased, and put in again":          {set(`ip_address = '192.0.2.10', user_agent = 'Desk/1.0', salt = NULL`), 3},
		"another digest of the client":      {set(`client_digest = zeroblob(32)`), 3},
		"another hash":                      {set(`hash = zeroblob(32)`), 3},
		"half a hash":                       {set(`hash = zeroblob(16)`), 3},
		"removed":                           {`DELETE FROM events WHERE number = 3`, 3},
		"the first removed":                 {`DELETE FROM events WHERE number = 1`, 1},
		"the last removed":                  {`DELETE FROM events WHERE number = 5`, 5},
		"all removed":                       {`DELETE FROM events`, 1},
		"its number taken away":             {set(`number = NULL`), 3},
		"another number":                    {set(`number = 9`), 3},
		"two changed places":                {`UPDATE events SET number = CASE number WHEN 2 THEN -3 ELSE -2 END WHERE number IN (2, 3); UPDATE events SET number = -number WHERE number < 0`, 2},
		"the head put back":                 {`UPDATE journal_head SET number = 4`, 4},
		"the head's hash changed":           {`UPDATE journal_head SET hash = zeroblob(32)`, 5},
		"the head put ahead":                {`UPDATE journal_head SET number = 7`, 6},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "test.db")
			s := open(t, path)
			j := journal.New(s, key(), time.Now)
			happen(t, s, events)
			numberAll(t, j)
			_, err := raw(t, path).Exec(test.change)
			must(t, err)
			head, err := j.Verify(t.Context(), journal.Head{})
			isBrokenAt(t, err, test.broken)
			if err == nil && head.Number != events {
				t.Errorf("it is whole up to %s", head)
			}
		})
	}
}

// isBrokenAt wants an error that names the event, or none where the number is 0.
func isBrokenAt(t *testing.T, err error, number int64) {
	t.Helper()
	broken, ok := errors.AsType[*journal.BrokenError](err)
	switch {
	case number == 0 && err != nil:
		t.Errorf("it is whole, and the error is %v", err)
	case number != 0 && (!ok || broken.Number != number):
		t.Errorf("it is broken at %d, and the error is %v", number, err)
	}
}

func TestOnlyAHeadThatWasNotedTellsOfACutEnd(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	s := open(t, path)
	j := journal.New(s, key(), time.Now)
	var heads []journal.Head
	for range 3 {
		happen(t, s, 2)
		numberAll(t, j)
		head, err := j.Verify(t.Context(), journal.Head{})
		must(t, err)
		heads = append(heads, head)
	}
	for _, noted := range heads {
		_, err := j.Verify(t.Context(), noted)
		isBrokenAt(t, err, 0)
	}
	pool := raw(t, path)
	cut := func() {
		_, err := pool.Exec(`DELETE FROM events WHERE number > 3`)
		must(t, err)
		_, err = pool.Exec(`UPDATE journal_head SET number = 3, hash = (SELECT hash FROM events WHERE number = 3)`)
		must(t, err)
	}
	cut()
	_, err := j.Verify(t.Context(), journal.Head{})
	isBrokenAt(t, err, 0)
	_, err = j.Verify(t.Context(), heads[0])
	isBrokenAt(t, err, 0)
	_, err = j.Verify(t.Context(), heads[1])
	isBrokenAt(t, err, 4)
	if !strings.Contains(err.Error(), heads[1].String()) {
		t.Errorf("the error is %q", err)
	}
	happen(t, s, 5) // others take the places of those that were cut
	numberAll(t, j)
	_, err = j.Verify(t.Context(), journal.Head{})
	isBrokenAt(t, err, 0)
	_, err = j.Verify(t.Context(), heads[2])
	isBrokenAt(t, err, 7)
}

func TestWithoutTheKeyNoChainVerifies(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "test.db"))
	happen(t, s, 3)
	numberAll(t, journal.New(s, []byte("another key of thirty-two bytes!"), time.Now))
	_, err := journal.New(s, key(), time.Now).Verify(t.Context(), journal.Head{})
	isBrokenAt(t, err, 1)
}

func TestALongJournalIsVerifiedWhileItGrows(t *testing.T) {
	const events = 2*journal.Batch + 7
	path := filepath.Join(t.TempDir(), "test.db")
	s := open(t, path)
	j := journal.New(s, key(), time.Now)
	bulk(t, path, events)
	grown := make(chan struct{})
	go func() {
		defer close(grown)
		for range 3 {
			_ = s.Record(t.Context(), auth.NewEvent(auth.SignedOut, time.Now(), desk()))
			_, _ = j.Number(t.Context())
		}
	}()
	for range 5 {
		_, err := j.Verify(t.Context(), journal.Head{})
		must(t, err)
	}
	<-grown
	numberAll(t, j)
	if head, err := j.Verify(t.Context(), journal.Head{}); err != nil || head.Number != events+3 {
		t.Errorf("it is whole up to %s, %v", head, err)
	}
}
