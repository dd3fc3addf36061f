package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/fieldward/fieldward/auth"
)

// answerKind is what a client was told.
type answerKind string

const (
	toldDone    answerKind = "done"
	toldBusy    answerKind = "refused" // and not done: the server is busy
	toldUnsure  answerKind = "not known"
	toldNothing answerKind = "no answer"
	toldLate    answerKind = "invalid token"
	toldWrong   answerKind = "wrong" // whatever no client can act on
)

// attempt is one request, and what came of it.
type attempt struct {
	kind, key string
	from, to  time.Time
	answer    answerKind
	said      string // what was wrong
	// told is what a change that was done is known by: the time that it was done at.
	told time.Time
	// counter is that of the refresh token that was told.
	counter uint64
}

// ledger is what clients asked for, and what they were told.
type ledger struct {
	url    string
	client *http.Client

	mu       sync.Mutex
	attempts []attempt
}

func newLedger(url string) *ledger {
	return &ledger{url: url, client: &http.Client{Timeout: time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: 100}}}
}

// send asks, and decodes the data into out where there is any. The attempt is not entered yet.
func (l *ledger) send(kind, key, token, query string, variables map[string]any, out any) attempt {
	a := attempt{kind: kind, key: key, from: time.Now()}
	status, body, err := post(l.client, l.url, token, query, variables)
	a.to = time.Now()
	if err != nil {
		a.answer, a.said = toldNothing, err.Error()
		return a
	}
	var got struct {
		Data   json.RawMessage
		Errors []struct {
			Message    string
			Extensions struct{ Code auth.Code }
		}
	}
	err = json.Unmarshal(body, &got)
	switch {
	case err == nil && status == http.StatusOK && len(got.Errors) == 0:
		a.answer = toldDone
		err = json.Unmarshal(got.Data, out)
	case err != nil || len(got.Errors) == 0:
		err = fmt.Errorf("status %d: %s", status, body)
	case got.Errors[0].Extensions.Code == auth.Unavailable && got.Errors[0].Message == auth.Unsure(0).Message:
		a.answer = toldUnsure
	case got.Errors[0].Extensions.Code == auth.Unavailable:
		a.answer = toldBusy
	case status == http.StatusUnauthorized:
		a.answer = toldLate
	default:
		err = fmt.Errorf("status %d: %s", status, body)
	}
	if err != nil {
		a.answer, a.said = toldWrong, err.Error()
	}
	return a
}

// get asks for a document.
func (l *ledger) get(path string) attempt {
	a := attempt{kind: path, from: time.Now(), answer: toldDone}
	resp, err := l.client.Get(l.url + path)
	if err == nil {
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			a.answer, a.said = toldBusy, resp.Status
		}
	} else {
		a.answer, a.said = toldNothing, err.Error()
	}
	a.to = time.Now()
	return a
}

// enter takes an attempt in.
func (l *ledger) enter(a attempt) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.attempts = append(l.attempts, a)
}

// forget voids what was told until now: the database was put back to before it.
func (l *ledger) forget(before time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.attempts = slices.DeleteFunc(l.attempts, func(a attempt) bool { return isChange(a) && a.from.Before(before) })
}

// all are the attempts so far that some condition holds of, in the order of their answers.
func (l *ledger) all(is func(attempt) bool) []attempt {
	l.mu.Lock()
	defer l.mu.Unlock()
	var some []attempt
	for _, a := range l.attempts {
		if is(a) {
			some = append(some, a)
		}
	}
	slices.SortStableFunc(some, func(a, b attempt) int { return cmp.Compare(a.to.UnixNano(), b.to.UnixNano()) })
	return some
}

const (
	renaming   = "rename"
	renewing   = "renew"
	signingUp  = "sign up"
	signingOut = "sign out"
	reading    = "read"
	claiming   = "claims"
	keySet     = "/.well-known/jwks.json"
	probing    = "/readyz"
)

func isChange(a attempt) bool {
	return slices.Contains([]string{renaming, renewing, signingUp, signingOut}, a.kind)
}

// asksDatabase tells of a request that the database has a part in.
func asksDatabase(a attempt) bool { return isChange(a) || a.kind == reading }

func isProbe(a attempt) bool { return a.kind == probing }

// needsNoDatabase tells of a request that is answered from memory.
func needsNoDatabase(a attempt) bool { return a.kind == claiming || a.kind == keySet }

func (a attempt) String() string {
	return strings.TrimSpace(fmt.Sprintf("%s, %s to %s: %s %s", a.kind, a.from.Format("05.000"), a.to.Format("05.000"), a.answer, a.said))
}
