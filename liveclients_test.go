package main

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fieldward/fieldward/cli"
	"github.com/fieldward/fieldward/web"
)

// relay is an address behind which one server takes the place of another: POST /restart drains the one that is there.
func relay(t *testing.T, change func(*cli.ServeSettings)) *api {
	t.Helper()
	settings, err := cli.DefaultServeSettings()
	if err != nil {
		t.Fatal(err)
	}
	settings.StoreSettings = storeOf(t)
	change(&settings)
	h, err := open(t.Context(), settings)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.store.Close() })
	a := &api{house: h, log: &syncBuffer{}}
	log := slog.New(slog.NewJSONHandler(a.log, nil))
	stop, err := h.follow(t.Context(), log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	next := func() http.Handler {
		handler, err := h.handler(settings, &atomic.Bool{}, log)
		if err != nil {
			t.Error(err)
		}
		return handler
	}
	var serves atomic.Value
	serves.Store(next())
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/restart" {
			serves.Load().(http.Handler).ServeHTTP(w, r)
			return
		}
		before := h.streams
		h.streams = web.NewStreams()
		serves.Store(next())
		ctx, cancel := context.WithTimeout(r.Context(), messageWithin)
		defer cancel()
		if err := before.Drain(ctx); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(server.Close)
	a.url = server.URL
	return a
}

func TestTheSocketClientFromNPMLivesThroughRenewalRevocationAndRestart(t *testing.T) {
	t.Setenv("NODE_OPTIONS", "--experimental-websocket") // from Node.js 22 on it is there by itself
	a := relay(t, func(*cli.ServeSettings) {})
	ada := a.person(t)
	var seen struct {
		Closed          []int
		ClosedByRenewal int
		Pong            []string
		Failed          any
		Subject         string
	}
	node(t, &seen, "socket.mjs", a.url, string(ada.User.Email), goodPassword)
	if seen.ClosedByRenewal != 0 || len(seen.Closed) < 2 || !slices.Equal(seen.Closed[:2], []int{4403, 1012}) || seen.Failed != nil {
		t.Errorf("the sockets were closed with %v, %d of them by the renewal; failed with %v", seen.Closed, seen.ClosedByRenewal, seen.Failed)
	}
	if !slices.Equal(seen.Pong, []string{"expiresAt"}) || seen.Subject != string(ada.User.ID) {
		t.Errorf("told %v of the new token, and the subject %s", seen.Pong, seen.Subject)
	}
}

func TestTheSocketClientFromNPMComesBackAfterItsCookiesAreRefreshed(t *testing.T) {
	t.Setenv("NODE_OPTIONS", "--experimental-websocket")
	a := relay(t, func(s *cli.ServeSettings) { s.AccessTokenTTL = 3 * time.Second })
	ada := a.person(t)
	var seen struct {
		Closed []string
		Failed any
	}
	node(t, &seen, "cookies.mjs", a.url, string(ada.User.Email), goodPassword)
	if !slices.Equal(seen.Closed, []string{"4403 The token has expired"}) || seen.Failed != nil {
		t.Errorf("the first socket was closed with %q, and then it is %v", seen.Closed, seen.Failed)
	}
}

func TestTheEventsClientFromNPMComesBackAfterARestart(t *testing.T) {
	a := relay(t, func(*cli.ServeSettings) {})
	ada := a.person(t)
	var seen struct {
		Subject string
		Denied  []string
		Failed  any
	}
	node(t, &seen, "events.mjs", a.url, string(ada.User.Email), goodPassword)
	if seen.Subject != string(ada.User.ID) || !slices.Equal(seen.Denied, []string{"FORBIDDEN", "FORBIDDEN"}) || seen.Failed != nil {
		t.Errorf("seen %+v", seen)
	}
}
