package main

import (
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestAServerWhoseClockIsNotTheDatabasesIsNotReady(t *testing.T) {
	a := newAPI(t)
	for name, test := range map[string]struct {
		off  time.Duration
		want string
	}{
		"right":            {0, ""},
		"a second ahead":   {time.Second, ""},
		"a second behind":  {-time.Second, ""},
		"a minute ahead":   {time.Minute, "ahead of the database's"},
		"a minute behind":  {-time.Minute, "behind the database's"},
		"3 seconds ahead":  {3 * time.Second, "ahead of the database's"},
		"3 seconds behind": {-3 * time.Second, "behind the database's"},
	} {
		err := readiness{&atomic.Bool{}, a.follower, a.store, func() time.Time { return time.Now().Add(test.off) }}.check(t.Context())
		want := test.want
		if os.Getenv(onPostgresVariable) == "" {
			want = "" // a file has no clock
		}
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
