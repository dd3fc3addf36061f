package guard_test

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/graph/guard"
)

// logged is a log without times, and its lines so far.
func logged() (log *slog.Logger, lines func() []string) {
	var out written
	h := slog.NewTextHandler(&out, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey || a.Key == slog.LevelKey {
			return slog.Attr{}
		}
		return a
	}})
	return slog.New(h), out.take
}

// written is what is written by many.
type written struct {
	mu   sync.Mutex
	text strings.Builder
}

func (w *written) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.Write(b)
}

func (w *written) take() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := strings.Split(strings.TrimSpace(w.text.String()), "\n")
	w.text.Reset()
	return all
}

func TestATallyLogsTheFirstOfEachKindAtOnceAndCountsTheRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, lines := logged()
		tally := guard.NewTally(log)
		ctx := auth.WithRequestID(auth.WithCaller(t.Context(), auth.Caller{Claims: &auth.Claims{
			Subject: "usr_1", Roles: []auth.Role{"USER"}, Extra: map[string]any{"email": "ada@example.com"},
		}}), "REQUEST")
		want := func(when string, want ...string) {
			t.Helper()
			if diff := cmp.Diff(want, lines()); diff != "" {
				t.Errorf("%s the log differs (-want +got):\n%s", when, diff)
			}
		}
		for range 3 {
			tally.Report(ctx, "User.email", auth.Forbidden)
			tally.Report(context.Background(), "User.email", auth.Unauthenticated)
		}
		want("at once",
			`msg="trial would deny" coordinate=User.email code=FORBIDDEN requestId=REQUEST subject=usr_1 roles=[USER]`,
			`msg="trial would deny" coordinate=User.email code=UNAUTHENTICATED requestId="" subject="" roles=[]`)
		time.Sleep(time.Minute)
		synctest.Wait()
		want("after a minute",
			`msg="trial would deny more" coordinate=User.email code=FORBIDDEN count=2 total=3`,
			`msg="trial would deny more" coordinate=User.email code=UNAUTHENTICATED count=2 total=3`)
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		want("while nothing is reported", "")
		tally.Report(ctx, "User.email", auth.Forbidden)
		time.Sleep(30 * time.Second)
		tally.Report(ctx, "User.email", auth.Forbidden)
		time.Sleep(30 * time.Second)
		synctest.Wait()
		want("a minute after the next", `msg="trial would deny more" coordinate=User.email code=FORBIDDEN count=2 total=5`)
		tally.Report(ctx, "User.email", auth.Forbidden)
		tally.Report(ctx, "", auth.Internal)
		tally.Stop()
		want("at the end",
			`msg="trial failed" requestId=REQUEST`,
			`msg="trial would have denied" coordinate=User.email code=FORBIDDEN total=6`,
			`msg="trial would have denied" coordinate=User.email code=UNAUTHENTICATED total=3`,
			`msg="trial ended" failed=1`)
		tally.Report(ctx, "User.email", auth.Forbidden)
		tally.Stop()
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		want("after the end", "")
	})
}

func TestATallyCountsForManyAtOnce(t *testing.T) {
	log, lines := logged()
	tally := guard.NewTally(log)
	done := make(chan bool)
	for range 8 {
		go func() {
			for range 100 {
				tally.Report(context.Background(), "User.email", auth.Forbidden)
			}
			done <- true
		}()
	}
	for range 8 {
		<-done
	}
	tally.Stop()
	got := lines()
	want := `msg="trial would have denied" coordinate=User.email code=FORBIDDEN total=800`
	if len(got) != 3 || got[1] != want {
		t.Errorf("the log is %q", got)
	}
}
