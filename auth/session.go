package auth

import "time"

// Session is one signing in on one device: the record of the tokens issued to it.
type Session struct {
	ID     ID
	UserID ID
	// Counter is the number of the refresh token in force. The first is 0.
	Counter uint64
	// AuthTime is when the user last proved who they are in this session.
	AuthTime time.Time
	// Delivery is how its tokens reach its client, from its first to its last.
	Delivery TokenDelivery
	// Client is from where the session was last opened or renewed.
	Client
	CreatedAt time.Time
	// RenewedAt is when the counter last moved. It is told to nobody: a thief who knew it could follow within the grace
	// time.
	RenewedAt time.Time
	// ExpiresAt is the absolute end, which no refresh moves.
	ExpiresAt time.Time
	EndedAt   *time.Time
}

// OwnerID is the user whose session it is.
func (s Session) OwnerID() ID { return s.UserID }

// Client is where a request came from.
type Client struct {
	// IPAddress is the peer's, without a port; null where it is not known.
	IPAddress *string
	// UserAgent is what the peer says of itself, cut to 256 bytes; null where it says nothing.
	UserAgent *string
}

// Tokens are what a session hands to its client.
type Tokens struct {
	Access  string
	Refresh string
	// ID is an ID token (OpenID Connect Core 1.0, section 2): it tells the client who signed in, and opens nothing.
	ID        string
	ExpiresAt time.Time // the end of the access token
	// RefreshExpiresAt is the end of the refresh token, as of when it was handed out: it does not tell when the session
	// was last renewed.
	RefreshExpiresAt time.Time
}
