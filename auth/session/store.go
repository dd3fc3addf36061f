package session

import (
	"context"
	"errors"
	"time"

	"github.com/fieldward/fieldward/auth"
)

// Store remembers sessions. Each of its changes is one transaction, and writes its events in it.
type Store interface {
	// Session returns the session, ended or not, and its user as both are in one snapshot, or auth.ErrNotFound.
	Session(ctx context.Context, id auth.ID) (auth.Session, auth.User, error)
	// Open adds the session and notes its beginning as the user's last sign-in, if the user is still as o says and
	// is not disabled; else nothing has changed and the error is ErrChanged. Where the user then has more than o.Limit
	// live sessions (neither ended nor expired), the oldest of the others end, and their events are returned.
	Open(ctx context.Context, o Opening) (crowdedOut []auth.Event, err error)
	// Advance moves the counter of a session that has not ended. Of parallel callers with the same a.From exactly one
	// succeeds; the others get ErrSpent, and nothing of theirs has changed.
	Advance(ctx context.Context, a Advance) error
	// End ends the session if it is live, and reports whether it was; the event is written only then.
	End(ctx context.Context, id auth.ID, e auth.Event) (ended bool, err error)
	// EndAll raises the user's generation, ends every live session of the user, and writes the event with the new
	// generation in it. Fails with auth.ErrNotFound where there is no such user.
	EndAll(ctx context.Context, userID auth.ID, e auth.Event) (EndedAll, error)
	// Sessions returns a slice of the user's live sessions, as of at, newest first by ID.
	Sessions(ctx context.Context, userID auth.ID, at time.Time, p auth.Page) (auth.Slice[auth.Session], error)
	// Record writes an event that comes with no change.
	Record(ctx context.Context, e auth.Event) error
	// RevokedSince hands over, oldest first, what the events from since on revoke: those that end a session or raise a
	// generation, whether they have a number yet or not. Where it fails some may have been handed over.
	RevokedSince(ctx context.Context, since time.Time, take func(Revoked)) error
	// ForgetSessions removes up to limit of the sessions that ended or expired before the time, the longest over first,
	// and returns how many.
	ForgetSessions(ctx context.Context, before time.Time, limit int) (int, error)
	// Standing returns what decides about the tokens of a user's session as it is at this moment, or auth.ErrNotFound
	// where there is no such user, or the session is not theirs.
	Standing(ctx context.Context, userID, sessionID auth.ID) (Standing, error)
}

// ErrChanged says that the user is no longer as they were when the session was prepared.
var ErrChanged = errors.New("the user has changed")

// ErrSpent says that the session's counter is no longer where the caller saw it, or that the session has ended.
var ErrSpent = errors.New("the counter has moved")

// Opening is a session to be, and what must still be true of its user.
type Opening struct {
	Session auth.Session
	Event   auth.Event
	// PasswordHash and Generation are the user's, as they were read before the password was proved.
	PasswordHash string
	Generation   int64
	// Rehashed takes the place of the password's hash where it is not empty.
	Rehashed string
	// Limit is how many live sessions a user may have, this one counted.
	Limit int
	// CrowdedOut makes the event of a session that ends because of the limit.
	CrowdedOut func(sessionID auth.ID) auth.Event
}

// Advance is a step of a session's counter.
type Advance struct {
	SessionID auth.ID
	From, To  uint64
	At        time.Time
	Client    auth.Client
	// AuthTime is when the user has proved again who they are; nil leaves it as it is.
	AuthTime *time.Time
	// Event is written with it where there is one.
	Event *auth.Event
}

// Revoked is what an event says of what it revokes.
type Revoked struct {
	At         time.Time
	Action     auth.Action
	SessionID  *auth.ID
	SubjectID  *auth.ID
	Generation *int64
}

// EndedAll is what EndAll did.
type EndedAll struct {
	Sessions   int
	Generation int64
}
