package auth

import "time"

// Event is something that happened: who did what to whom, when and from where. Events are only ever added.
type Event struct {
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
}

// Action is what an event records.
type Action string

// What can happen.
const (
	SignedUp           Action = "SIGNED_UP"
	SignedIn           Action = "SIGNED_IN"
	SignedOut          Action = "SIGNED_OUT"
	RefreshReplayed    Action = "REFRESH_REPLAYED"
	RefreshTokenReused Action = "REFRESH_TOKEN_REUSED"
	SessionRevoked     Action = "SESSION_REVOKED"
	TokensRevoked      Action = "TOKENS_REVOKED"
	UserCreated        Action = "USER_CREATED"
)

// EndsSession reports whether the tokens of the event's session are refused from then on.
func (a Action) EndsSession() bool {
	return a == SignedOut || a == SessionRevoked || a == RefreshTokenReused
}
