package session

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/keyring"
)

// refreshPrefix begins every refresh token, so that scanners for leaked secrets know one.
const refreshPrefix = "fwr_"

// refreshToken is fwr_<key version>.<session>.<counter>.<mac>. The same session makes the same token.
func (m *Manager) refreshToken(s auth.Session) string {
	key := m.keys.Secret(keyring.RefreshSecret)
	p := presented{version: key.Version, session: s.ID, counter: s.Counter}
	p.mac = m.mac(key, p, s.UserID)
	return p.String()
}

// presented is what a refresh token says before anyone has looked whether it is true.
type presented struct {
	version int64
	session auth.ID
	counter uint64
	mac     []byte
}

// String is the token.
func (p presented) String() string {
	return p.head() + "." + base64.RawURLEncoding.EncodeToString(p.mac)
}

// head is the token without its MAC.
func (p presented) head() string {
	return refreshPrefix + strconv.FormatInt(p.version, 10) + "." + string(p.session) + "." + strconv.FormatUint(p.counter, 10)
}

var errNoRefreshToken = errors.New("this is no refresh token")

// parseRefreshToken reads the one spelling that refreshToken writes.
func parseRefreshToken(text string) (presented, error) {
	parts := strings.Split(strings.TrimPrefix(text, refreshPrefix), ".")
	if len(parts) != 4 {
		return presented{}, errNoRefreshToken
	}
	version, err1 := strconv.ParseInt(parts[0], 10, 64)
	session, err2 := auth.ParseID(parts[1])
	counter, err3 := strconv.ParseUint(parts[2], 10, 63)
	mac, err4 := base64.RawURLEncoding.Strict().DecodeString(parts[3])
	if errors.Join(err1, err2, err3, err4) != nil || len(mac) != sha256.Size || !session.Is(auth.SessionPrefix) {
		return presented{}, errNoRefreshToken
	}
	p := presented{version: version, session: session, counter: counter, mac: mac}
	if p.String() != text {
		return presented{}, errNoRefreshToken // leading zeros, a plus sign, line breaks that the decoder skips
	}
	return p, nil
}

// mac covers the issuer, the kind, the key's version, the session, its user and the counter. None of them can hold a
// line break, so no two lists of them read the same.
func (m *Manager) mac(key keyring.Secret, p presented, userID auth.ID) []byte {
	h := hmac.New(sha256.New, key.Bytes)
	h.Write([]byte(strings.Join([]string{m.settings.Issuer, keyring.RefreshSecret, p.head(), string(userID)}, "\n")))
	return h.Sum(nil)
}

// found is a refresh token that this server made.
type found struct {
	user    auth.User
	counter uint64
}

// find returns the session and the user of a refresh token that this server made, whatever has become of them.
// Anything else fails with auth.ErrSessionEnded, and changes nothing.
func (m *Manager) find(ctx context.Context, refresh auth.Secret) (auth.Session, found, error) {
	p, err := parseRefreshToken(refresh.Reveal())
	if err != nil {
		return auth.Session{}, found{}, auth.ErrSessionEnded
	}
	key, ok := m.keys.SecretVersion(keyring.RefreshSecret, p.version)
	if !ok {
		return auth.Session{}, found{}, auth.ErrSessionEnded
	}
	s, u, err := m.store.Session(ctx, p.session)
	if errors.Is(err, auth.ErrNotFound) {
		return auth.Session{}, found{}, auth.ErrSessionEnded
	}
	if err != nil {
		return auth.Session{}, found{}, fmt.Errorf("read a session: %w", err)
	}
	if !hmac.Equal(p.mac, m.mac(key, p, s.UserID)) {
		return auth.Session{}, found{}, auth.ErrSessionEnded
	}
	return s, found{user: u, counter: p.counter}, nil
}
