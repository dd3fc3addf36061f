package graph

import (
	"context"
	"errors"
	"time"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/journal"
	"github.com/fieldward/fieldward/graph/model"
)

// SessionChanged tells the caller of their own sessions, and of nobody else's.
func (s subscription) SessionChanged(ctx context.Context) (<-chan *model.SessionEvent, error) {
	owner := auth.CallerFrom(ctx).ID()
	of := journal.Interest{Subject: owner, Wants: func(e auth.Event) bool {
		return e.SessionID != nil && (e.StartsSession() || e.Action.EndsSession())
	}}
	if owner == "" { // the empty ID would be everybody's
		return nil, auth.ErrInvalidToken
	}
	return follow(ctx, s.feed, of, func(ctx context.Context, e auth.Event) (*model.SessionEvent, error) {
		kind := model.SessionEventKindStarted
		if e.Action.EndsSession() {
			kind = model.SessionEventKindEnded
		}
		of, err := s.ownSession(ctx, *e.SessionID, owner)
		return &model.SessionEvent{Kind: kind, Session: of}, err
	}), nil
}

// readAtMost is how long a stream may wait for what belongs to one event.
const readAtMost = 5 * time.Second

// ownSession is null where it is gone, or is not the owner's.
func (s subscription) ownSession(ctx context.Context, id, owner auth.ID) (*auth.Session, error) {
	ctx, cancel := context.WithTimeout(ctx, readAtMost)
	defer cancel()
	of, err := found(s.sessions.Session(ctx, id))
	if err != nil || of == nil || of.UserID != owner {
		return nil, err
	}
	return of, nil
}

// AuditEventRecorded tells what happens, as it gets its place in the journal.
func (s subscription) AuditEventRecorded(ctx context.Context, filter *auth.EventFilter) (<-chan *auth.Event, error) {
	of := journal.Interest{}
	if filter != nil {
		of.Wants = filter.Matches
	}
	return follow(ctx, s.feed, of, func(_ context.Context, e auth.Event) (*auth.Event, error) { return &e, nil }), nil
}

// follow makes a stream of what the feed hands on. Where it does not end by itself, the reason is told to whoever asked.
func follow[T any](
	ctx context.Context, feed *journal.Feed, of journal.Interest, shown func(context.Context, auth.Event) (*T, error),
) <-chan *T {
	out, ready := make(chan *T), make(chan struct{})
	go func() {
		defer close(out)
		defer func() {
			if panicked := recover(); panicked != nil {
				auth.EndStream(ctx, Recover(ctx, panicked))
			}
		}()
		err := feed.Read(ctx, of, func() { close(ready) }, func(e auth.Event) error {
			event, err := shown(ctx, e)
			if err != nil {
				return err
			}
			select {
			case out <- event:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
		if ctx.Err() == nil && !errors.Is(err, context.Canceled) {
			auth.EndStream(ctx, err)
		}
	}()
	<-ready
	return out
}
