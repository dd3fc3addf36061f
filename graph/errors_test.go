package graph_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/graph"
)

func TestEachCodeIsShownAsItIs(t *testing.T) {
	present := graph.Present(slog.New(slog.DiscardHandler))
	for _, code := range auth.Codes() {
		shown := present(t.Context(), fmt.Errorf("while this: %w", &auth.Error{Code: code, Message: "so it is"}))
		if shown.Message != "so it is" || shown.Extensions["code"] != string(code) {
			t.Errorf("%s is shown as %v %v", code, shown.Message, shown.Extensions)
		}
	}
}

func TestAnyOtherErrorIsLoggedAndNotShown(t *testing.T) {
	var log bytes.Buffer
	present := graph.Present(slog.New(slog.NewTextHandler(&log, nil)))
	for _, err := range []error{errors.New("near SELECT: syntax error"), graph.Recover(t.Context(), "near SELECT: a panic")} {
		log.Reset()
		shown := present(auth.WithRequestID(t.Context(), "R1"), err)
		if strings.Contains(shown.Error(), "SELECT") || shown.Extensions["code"] != "INTERNAL" || shown.Extensions["requestId"] != "R1" {
			t.Errorf("shown: %v %v", shown, shown.Extensions)
		}
		if !strings.Contains(log.String(), "SELECT") || !strings.Contains(log.String(), "R1") {
			t.Errorf("logged: %s", log.String())
		}
	}
}
