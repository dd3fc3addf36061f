package auth

import "time"

// Claims are what a verified token says of its bearer: the registered claims (RFC 7519, section 4.1; RFC 9068,
// section 2.2) and the private ones.
type Claims struct {
	Issuer    string
	Subject   ID
	Audience  []string
	IssuedAt  time.Time
	ExpiresAt time.Time
	TokenID   ID
	// ClientID is Fieldward for a session's own token.
	ClientID string
	// SessionID is sid: the session of which the token was issued.
	SessionID *ID
	// AuthTime is when the bearer last proved who they are.
	AuthTime *time.Time
	// AuthMethods are amr (RFC 8176): "pwd".
	AuthMethods []string
	// Generation is gen: the token is refused once its subject's counter is above it.
	Generation int64
	Roles      []Role
	// Scopes are nil where the token is not limited to scopes: a session's own token.
	Scopes []string
	// Actor is the sub of act (RFC 8693, section 4.1): who acts in the subject's name.
	Actor *ID
	// Extra holds all other claims, as encoding/json decodes them with UseNumber: numbers are json.Number.
	Extra map[string]any
}

// ClientFieldward is the client_id of the tokens that signing in issues.
const ClientFieldward = "fieldward"
