package web

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"
)

// alive says that the process answers.
func alive(w http.ResponseWriter, _ *http.Request) { plain(w, http.StatusOK, "ok\n") }

// readyTimeout is how long the database may take to answer.
const readyTimeout = 2 * time.Second

// ready says whether requests should be sent here. Why not is for the log, once until it changes: some ask each second.
func ready(check func(context.Context) error, log *slog.Logger) http.HandlerFunc {
	var said standing
	return func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), readyTimeout)
		defer cancel()
		err := check(ctx)
		if r.Context().Err() == nil && said.changes(err) { // one who has left finds nothing out
			tell(r.Context(), log, err)
		}
		if err != nil {
			plain(w, http.StatusServiceUnavailable, "not ready\n")
			return
		}
		plain(w, http.StatusOK, "ready\n")
	}
}

func tell(ctx context.Context, log *slog.Logger, err error) {
	if err != nil {
		log.WarnContext(ctx, "not ready", "err", err)
		return
	}
	log.InfoContext(ctx, "ready again")
}

// standing is the reason that was logged last, empty while the server is ready.
type standing struct {
	mu     sync.Mutex
	reason string
}

func (s *standing) changes(err error) bool {
	reason := ""
	if err != nil {
		reason = err.Error()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	changed := reason != s.reason
	s.reason = reason
	return changed
}

func plain(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text)
}
