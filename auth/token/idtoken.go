package token

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/json"
	"fmt"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/keyring"
)

// idTokenType is the typ of an ID token. An access token has another, so neither passes for the other.
const idTokenType = "JWT"

// idPayload is what an ID token says (OpenID Connect Core 1.0, sections 2, 3.1.3.6 and 5.1).
type idPayload struct {
	Issuer          string   `json:"iss"`
	Subject         auth.ID  `json:"sub"`
	Audience        string   `json:"aud"`
	IssuedAt        int64    `json:"iat"`
	ExpiresAt       int64    `json:"exp"`
	AuthTime        int64    `json:"auth_time"`
	AuthMethods     []string `json:"amr"`
	SessionID       auth.ID  `json:"sid"`
	AccessTokenHash string   `json:"at_hash"`
	Name            string   `json:"name"`
	Email           string   `json:"email"`
	EmailVerified   bool     `json:"email_verified"`
}

// IssueID signs an ID token that goes with an access token: it tells the client itself who signed in. Its audience is
// the client, so no service takes it for an access token. It holds the address, which an access token never does.
func (i *Issuer) IssueID(u auth.User, access Issued) (string, error) {
	key := i.keys.Signing()
	c := access.Claims
	body, err := json.Marshal(idPayload{
		Issuer: c.Issuer, Subject: c.Subject, Audience: c.ClientID, IssuedAt: c.IssuedAt.Unix(), ExpiresAt: c.ExpiresAt.Unix(),
		AuthTime: c.AuthTime.Unix(), AuthMethods: c.AuthMethods, SessionID: *c.SessionID,
		AccessTokenHash: accessTokenHash(key.Algorithm, access.Token),
		Name:            u.Name, Email: string(u.Email), EmailVerified: u.EmailVerified,
	})
	if err != nil {
		return "", fmt.Errorf("issue ID token: %w", err)
	}
	text, err := sign(key, idTokenType, body)
	if err != nil {
		return "", fmt.Errorf("issue ID token: %w", err)
	}
	return text, nil
}

// accessTokenHash is at_hash: the left half of the hash that the ID token's algorithm uses, over the access token's
// text. Of EdDSA the specification does not say which; for Ed25519 it is the one that the signature uses.
func accessTokenHash(algorithm, access string) string {
	var sum []byte
	switch algorithm {
	case keyring.ES384:
		h := sha512.Sum384([]byte(access))
		sum = h[:]
	case keyring.EdDSA:
		h := sha512.Sum512([]byte(access))
		sum = h[:]
	default:
		h := sha256.Sum256([]byte(access))
		sum = h[:]
	}
	return base64URL.EncodeToString(sum[:len(sum)/2])
}
