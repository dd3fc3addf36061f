package auth_test

import (
	"errors"
	"testing"
	"time"

	"github.com/fieldward/fieldward/auth"
)

func TestAStreamTellsTheFirstReasonOfItsEnd(t *testing.T) {
	first, second := errors.New("first"), errors.New("second")
	ctx, ending := auth.WithEnding(t.Context())
	if err := ending.Err(); err != nil {
		t.Errorf("before anything was said it is %v", err)
	}
	auth.EndStream(ctx, first)
	auth.EndStream(ctx, second)
	auth.EndStream(t.Context(), second) // nobody asks there
	if err := ending.Err(); !errors.Is(err, first) {
		t.Errorf("the reason is %v", err)
	}
}

func TestALiveCallerIsWhoeverItIsByThen(t *testing.T) {
	now := auth.Nobody
	ctx := auth.WithLiveCaller(t.Context(), func() auth.Caller { return now })
	if auth.CallerFrom(ctx).Authenticated() {
		t.Error("somebody is there from the beginning")
	}
	now = auth.Caller{Claims: &auth.Claims{Subject: "usr_1"}}
	below, become := auth.WithChangingCaller(ctx)
	if id := auth.CallerFrom(ctx).ID(); id != "usr_1" {
		t.Errorf("after the change the caller is %q", id)
	}
	become(auth.Nobody)
	if auth.CallerFrom(below).Authenticated() || !auth.CallerFrom(ctx).Authenticated() {
		t.Error("a change below is one above, or none")
	}
}

func TestAnEventFilterLetsThroughWhatKeepsToAllOfIt(t *testing.T) {
	at := auth.Instant(time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC))
	actor, subject, other := auth.ID("usr_1"), auth.ID("usr_2"), auth.ID("usr_3")
	e := auth.Event{Action: auth.SignedIn, At: at, ActorID: &actor, SubjectID: &subject}
	later := at.Add(1)
	tests := map[string]struct {
		filter auth.EventFilter
		want   bool
	}{
		"nothing is asked":               {auth.EventFilter{}, true},
		"its action":                     {auth.EventFilter{Actions: []auth.Action{auth.SignedUp, auth.SignedIn}}, true},
		"another action":                 {auth.EventFilter{Actions: []auth.Action{auth.SignedUp}}, false},
		"its actor":                      {auth.EventFilter{ActorID: &actor}, true},
		"another actor":                  {auth.EventFilter{ActorID: &other}, false},
		"its subject":                    {auth.EventFilter{SubjectID: &subject}, true},
		"another subject":                {auth.EventFilter{SubjectID: &actor}, false},
		"since then":                     {auth.EventFilter{Since: &at}, true},
		"since later":                    {auth.EventFilter{Since: &later}, false},
		"until then, which is too early": {auth.EventFilter{Until: &at}, false},
		"until later":                    {auth.EventFilter{Until: &later}, true},
		"one of two that does not hold":  {auth.EventFilter{ActorID: &actor, SubjectID: &other}, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := test.filter.Matches(e); got != test.want {
				t.Errorf("it matches: %v", got)
			}
		})
	}
	if (auth.EventFilter{ActorID: &actor}).Matches(auth.Event{}) {
		t.Error("an event without an actor matches one")
	}
}
