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

// heads remembers the head's row as it is now, to be put back later.
const heads = `CREATE TABLE heads AS SELECT * FROM journal_head`

func TestVerifyFindsWhatWasDoneToTheJournal(t *testing.T) {
	const events = 5
	set := func(assignment string) string { return `UPDATE events SET ` + assignment + ` WHERE number = 3` }
	put := func(number string) string {
		return `INSERT INTO events (id, happened_at, action, number, hash) VALUES ('evt_2', '2026-01-31T08:15:00.000001Z', 'SIGNED_OUT', ` + number + `, {zero})`
	}
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
		"another digest of the client":      {set(`client_digest = {zero}`), 3},
		"another hash":                      {set(`hash = {zero}`), 3},
		"half a hash":                       {set(`hash = salt`), 3},
		"removed":                           {`DELETE FROM events WHERE number = 3`, 3},
		"the first removed":                 {`DELETE FROM events WHERE number = 1`, 1},
		"the last removed":                  {`DELETE FROM events WHERE number = 5`, 5},
		"all removed":                       {`DELETE FROM events`, 1},
		"its number taken away":             {set(`number = NULL`), 3},
		"another number":                    {set(`number = 9`), 3},
		"two changed places":                {`UPDATE events SET number = CASE number WHEN 2 THEN -3 ELSE -2 END WHERE number IN (2, 3); UPDATE events SET number = -number WHERE number < 0`, 2},
		"all turned round":                  {`UPDATE events SET number = -number; UPDATE events SET number = number + 6`, 1},
		"put in far before the first":       {put(`-7`), -7},
		"put in after the last":             {put(`6`), 6},
		"put in far after the last":         {put(`9`), 9},
		"put in twice": {
			`DROP INDEX events_by_number; INSERT INTO events SELECT 'evt_3', happened_at, action, actor_id, subject_id, session_id, ip_address, user_agent, generation, details, tally_key, tally, number, salt, client_digest, hash FROM events WHERE number = 3`, 3,
		},
		"the head put back":            {`UPDATE journal_head SET number = 4`, 4},
		"an older head":                {`DELETE FROM journal_head; INSERT INTO journal_head SELECT * FROM heads`, 3},
		"the head's hash changed":      {`UPDATE journal_head SET hash = {zero}`, 5},
		"the head put ahead":           {`UPDATE journal_head SET number = 7`, 6},
		"the head removed":             {`DELETE FROM journal_head`, 1},
		"a checkpoint made up":         {`INSERT INTO journal_checkpoint SELECT 1, number, hash, happened_at, 2, hash FROM events WHERE number = 2; DELETE FROM events WHERE number <= 2`, 3},
		"a checkpoint without its MAC": {`INSERT INTO journal_checkpoint SELECT 1, number, hash, happened_at, 2, {zero} FROM events WHERE number = 2; DELETE FROM events WHERE number <= 2`, 3},
	}
	for engine, open := range engines() {
		for name, test := range tests {
			t.Run(engine+"/"+name, func(t *testing.T) {
				t.Parallel()
				d := open(t)
				j := journal.New(d, key(), time.Now)
				happen(t, d.Store, 2)
				numberAll(t, j)
				d.tamper(t, heads)
				happen(t, d.Store, events-2)
				numberAll(t, j)
				d.tamper(t, test.change)
				intact, err := j.Verify(t.Context(), journal.Head{})
				isBrokenAt(t, err, test.broken)
				if err == nil && (intact.Number != events || intact.Events() != events) {
					t.Errorf("%d are whole, up to %s", intact.Events(), intact)
				}
			})
		}
	}
}

func TestVerifyFindsTextThatIsNoTimeAndTextThatSortsElsewhere(t *testing.T) {
	for name, text := range map[string]string{"no time": "noon", "an offset": "2026-11-24T08:52:47.123456+01:00", "more digits": "2026-11-24T07:52:47.1234560Z"} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "test.db")
			s := open(t, path)
			j := journal.New(s, key(), time.Now)
			e := auth.NewEvent(auth.SignedIn, time.Date(2026, 11, 24, 7, 52, 47, 123456000, time.UTC), desk())
			must(t, s.Record(t.Context(), e))
			numberAll(t, j)
			_, err := raw(t, path).Exec(`UPDATE events SET happened_at = $1`, text)
			must(t, err)
			_, err = j.Verify(t.Context(), journal.Head{})
			isBrokenAt(t, err, 1)
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
		heads = append(heads, head.Head)
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
	isBrokenAt(t, err, 6)
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
