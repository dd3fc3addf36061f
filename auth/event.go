package auth

import (
	"slices"
	"time"
)

// Event is something that happened: who did what to whom, when and from where. Events are only ever added.
type Event struct {
	// ID is of the millisecond of At: see NewEvent.
	ID     ID
	At     time.Time
	Action Action
	// ActorID is who did it; nil where nobody was signed in.
	ActorID *ID
	// SubjectID is to whom.
	SubjectID *ID
	SessionID *ID
	Client
	// Generation is the subject's from now on, where the event raised it: the subject's tokens that carry a smaller
	// one are refused.
	Generation *int64
	Details    map[string]any
	// Number is the event's place in the journal, counted from 1 without gaps. It is nil until the event has one,
	// which is shortly after it was written.
	Number *int64
	// Hash is over this event and the one before, in 64 hexadecimal digits: see auth/journal. It comes with the number.
	Hash *string
}

// NewEvent makes an event of what happens now; of whom it tells is for the caller to add.
func NewEvent(a Action, at time.Time, from Client) Event {
	return Event{ID: NewID(EventPrefix, at), At: at, Action: a, Client: from}
}

// Instant is t as fine as a store keeps it: in microseconds, UTC.
func Instant(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// Action is what an event records.
type Action string

// What can happen.
const (
	SignedUp           Action = "SIGNED_UP"
	SignedIn           Action = "SIGNED_IN"
	SignInFailed       Action = "SIGN_IN_FAILED"
	SignedOut          Action = "SIGNED_OUT"
	RefreshReplayed    Action = "REFRESH_REPLAYED"
	RefreshTokenReused Action = "REFRESH_TOKEN_REUSED"
	SessionRevoked     Action = "SESSION_REVOKED"
	TokensRevoked      Action = "TOKENS_REVOKED"
	PasswordChanged    Action = "PASSWORD_CHANGED"
	EmailChanged       Action = "EMAIL_CHANGED"
	ProfileUpdated     Action = "PROFILE_UPDATED"
	RolesChanged       Action = "ROLES_CHANGED"
	UserCreated        Action = "USER_CREATED"
	AccountDisabled    Action = "USER_DISABLED"
	UserEnabled        Action = "USER_ENABLED"
	UserDeleted        Action = "USER_DELETED"
	SigningKeyRotated  Action = "SIGNING_KEY_ROTATED"
	SigningKeyRevoked  Action = "SIGNING_KEY_REVOKED"
	JournalPruned      Action = "JOURNAL_PRUNED"
)

// StartsSession reports whether the event tells of a session that has begun. Who proves again who they are goes on in
// the same one.
func (e Event) StartsSession() bool {
	again, _ := e.Details["again"].(bool)
	return e.SessionID != nil && !again && (e.Action == SignedIn || e.Action == SignedUp)
}

// Actions lists every action, so that what depends on the action can be held against all of them.
func Actions() []Action {
	return []Action{
		SignedUp, SignedIn, SignInFailed, SignedOut, RefreshReplayed, RefreshTokenReused, SessionRevoked, TokensRevoked,
		PasswordChanged, EmailChanged, ProfileUpdated, RolesChanged, UserCreated, AccountDisabled, UserEnabled, UserDeleted,
		SigningKeyRotated, SigningKeyRevoked, JournalPruned,
	}
}

// EndsSession reports whether the tokens of the event's session are refused from then on.
func (a Action) EndsSession() bool {
	return a == SignedOut || a == SessionRevoked || a == RefreshTokenReused
}

// EventFilter narrows a list of events. All of the conditions that are given must hold.
type EventFilter struct {
	// Actions are those of which an event has one; all where there are none.
	Actions   []Action
	ActorID   *ID
	SubjectID *ID
	// Since is the first instant that counts, Until the first that does not any more.
	Since, Until *time.Time
}

// Matches reports whether the event keeps to all of the filter's conditions.
func (f EventFilter) Matches(e Event) bool {
	is := func(wanted, id *ID) bool { return wanted == nil || id != nil && *id == *wanted }
	return (len(f.Actions) == 0 || slices.Contains(f.Actions, e.Action)) && is(f.ActorID, e.ActorID) && is(f.SubjectID, e.SubjectID) &&
		(f.Since == nil || !e.At.Before(*f.Since)) && (f.Until == nil || e.At.Before(*f.Until))
}
