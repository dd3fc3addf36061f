package web_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/fieldward/fieldward/web"
)

func TestWhyAServerIsNotReadyIsLoggedOnceUntilItChanges(t *testing.T) {
	var why error
	var log bytes.Buffer
	handler := web.Ready(func(context.Context) error { return why }, slog.New(slog.NewTextHandler(&log, nil)))
	for _, turn := range []struct {
		why    error
		status int
	}{
		{nil, http.StatusOK},
		{errors.New("the first"), http.StatusServiceUnavailable},
		{errors.New("the first"), http.StatusServiceUnavailable},
		{errors.New("the second"), http.StatusServiceUnavailable},
		{nil, http.StatusOK},
		{nil, http.StatusOK},
	} {
		why = turn.why
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/readyz", nil))
		if w.Code != turn.status || strings.Contains(w.Body.String(), "the ") {
			t.Errorf("with %v it answers %d, %s", turn.why, w.Code, w.Body)
		}
	}
	for text, want := range map[string]int{"the first": 1, "the second": 1, "ready again": 1} {
		if got := strings.Count(log.String(), text); got != want {
			t.Errorf("%q is logged %d times: %s", text, got, &log)
		}
	}
}
