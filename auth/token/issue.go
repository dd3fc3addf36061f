package token

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/keyring"
)

// Issuer issues the access tokens of sessions.
type Issuer struct {
	keys     *keyring.Keyring
	settings Settings
	hook     Hook
	now      func() time.Time
}

// Hook adds private claims to a user's tokens (RFC 7519, section 4.3), under names that are no other claim's, in any
// case. Whoever holds a token can read them. Where it fails, or what it adds does not read back, no token is issued.
type Hook func(ctx context.Context, u auth.User) (map[string]any, error)

// NewIssuer makes an issuer that signs with the ring's signing key. A nil hook adds nothing.
func NewIssuer(keys *keyring.Keyring, s Settings, hook Hook, now func() time.Time) *Issuer {
	return &Issuer{keys: keys, settings: s, hook: hook, now: now}
}

// Issued is a new token and the claims that a verifier will read from it.
type Issued struct {
	Token  string
	Claims auth.Claims
}

// Issue signs an access token of the session for its user: with the user's roles and generation as they are given, and
// the session's auth_time. It ends with the session at the latest. It carries no scope, and nothing that is anybody else's business, since whoever holds a
// token can read it.
func (i *Issuer) Issue(ctx context.Context, u auth.User, s auth.Session) (Issued, error) {
	if s.UserID != u.ID {
		return Issued{}, errors.New("issue token: the session is another user's")
	}
	if s.ExpiresAt.Sub(i.now()) < time.Second {
		return Issued{}, errors.New("issue token: the session is about to end")
	}
	if i.settings.TTL < time.Second || i.settings.TTL > keyring.MaxTokenLife {
		return Issued{}, fmt.Errorf("issue token: a token may live from a second to %s, not %s", keyring.MaxTokenLife, i.settings.TTL)
	}
	c := i.claims(u, s)
	body, err := i.encode(ctx, u, &c)
	if err != nil {
		return Issued{}, fmt.Errorf("issue token: %w", err)
	}
	text, err := sign(i.keys.Signing(), tokenType, body)
	if err != nil {
		return Issued{}, fmt.Errorf("issue token: %w", err)
	}
	if len(text) > MaxTokenLength {
		return Issued{}, fmt.Errorf("issue token: %d bytes are more than the %d that are accepted", len(text), MaxTokenLength)
	}
	return Issued{Token: text, Claims: c}, nil
}

// claims are the new token's. NumericDates are whole seconds.
func (i *Issuer) claims(u auth.User, s auth.Session) auth.Claims {
	at := i.now()
	issuedAt := at.UTC().Truncate(time.Second)
	authTime := s.AuthTime.UTC().Truncate(time.Second)
	sessionID := s.ID
	return auth.Claims{
		Issuer:      i.settings.Issuer,
		Subject:     u.ID,
		Audience:    slices.Clone(i.settings.TokenAudience),
		IssuedAt:    issuedAt,
		ExpiresAt:   earlier(issuedAt.Add(i.settings.TTL.Truncate(time.Second)), s.ExpiresAt.UTC().Truncate(time.Second)),
		TokenID:     auth.NewID(auth.TokenPrefix, at),
		ClientID:    auth.ClientFieldward,
		SessionID:   &sessionID,
		AuthTime:    &authTime,
		AuthMethods: []string{"pwd"},
		Generation:  u.Generation,
		Roles:       append([]auth.Role(nil), u.Roles...),
	}
}

// earlier keeps a token from outliving its session.
func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// payload is a token's claims as they are written.
type payload struct {
	Issuer      string      `json:"iss"`
	Subject     auth.ID     `json:"sub"`
	Audience    []string    `json:"aud"`
	IssuedAt    int64       `json:"iat"`
	ExpiresAt   int64       `json:"exp"`
	TokenID     auth.ID     `json:"jti"`
	ClientID    string      `json:"client_id"`
	SessionID   auth.ID     `json:"sid"`
	AuthTime    int64       `json:"auth_time"`
	AuthMethods []string    `json:"amr"`
	Generation  int64       `json:"gen"`
	Roles       []auth.Role `json:"roles"`
}

func payloadOf(c auth.Claims) payload {
	return payload{
		Issuer: c.Issuer, Subject: c.Subject, Audience: c.Audience,
		IssuedAt: c.IssuedAt.Unix(), ExpiresAt: c.ExpiresAt.Unix(), TokenID: c.TokenID,
		ClientID: c.ClientID, SessionID: *c.SessionID, AuthTime: c.AuthTime.Unix(), AuthMethods: c.AuthMethods,
		Generation: c.Generation, Roles: append([]auth.Role{}, c.Roles...), // a list even where it is empty
	}
}

// encode writes the claims, and behind them what the hook adds. What it adds is read back as a verifier will: a name
// that stands twice then, or is another claim's in another case, is found out here.
func (i *Issuer) encode(ctx context.Context, u auth.User, c *auth.Claims) ([]byte, error) {
	body, err := json.Marshal(payloadOf(*c))
	if err != nil || i.hook == nil {
		return body, err
	}
	added, err := i.hook(ctx, u)
	if err != nil {
		return nil, fmt.Errorf("ask the claims hook: %w", err)
	}
	if len(added) == 0 {
		return body, nil
	}
	private, err := json.Marshal(added)
	if err != nil {
		return nil, fmt.Errorf("encode what the claims hook adds: %w", err)
	}
	body = slices.Concat(body[:len(body)-1], []byte{','}, private[1:])
	read, err := parseClaims(body)
	if err != nil {
		return nil, fmt.Errorf("read back what the claims hook adds: %w", err)
	}
	c.Extra = read.Extra
	return body, nil
}

// header is a token's header as it is written.
type header struct {
	Type      string `json:"typ"`
	Algorithm string `json:"alg"`
	KeyID     string `json:"kid"`
}

// sign writes a JWS in compact form (RFC 7515, section 7.1).
func sign(key keyring.Key, typ string, body []byte) (string, error) {
	head, err := json.Marshal(header{Type: typ, Algorithm: key.Algorithm, KeyID: key.KeyID})
	if err != nil {
		return "", fmt.Errorf("encode header: %w", err)
	}
	text := base64URL.EncodeToString(head) + "." + base64URL.EncodeToString(body)
	signature, err := key.Sign(text)
	if err != nil {
		return "", err
	}
	return text + "." + base64URL.EncodeToString(signature), nil
}
