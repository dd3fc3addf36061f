package session

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/keyring"
)

// refreshPrefix begins every refresh token, so that scanners for leaked secrets know one.
const refreshPrefix = "fwr_"

// refreshToken is fwr_<key version>.<session>.<counter>.<mac>, and fwr_<key version>.<user>.<session>.<counter>.<mac>
// where it goes into a cookie: neither passes for the other, and the latter's MAC can be checked without a store. The same
// session makes the same token.
func (m *Manager) refreshToken(s auth.Session) string {
	key := m.keys.Secret(keyring.RefreshSecret)
	p := presented{version: key.Version, session: s.ID, counter: s.Counter}
	if s.Delivery == auth.InCookies {
		p.user = s.UserID
	}
	p.mac = m.mac(key, p, s.UserID)
	return p.String()
}

// presented is what a refresh token says before anyone has looked whether it is true.
type presented struct {
	version int64
	user    auth.ID // in a cookie only
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
	parts := []string{strconv.FormatInt(p.version, 10), string(p.session), strconv.FormatUint(p.counter, 10)}
	if p.user != "" {
		parts = slices.Insert(parts, 1, string(p.user))
	}
	return refreshPrefix + strings.Join(parts, ".")
}

// delivery is how the token was handed out.
func (p presented) delivery() auth.TokenDelivery {
	if p.user != "" {
		return auth.InCookies
	}
	return auth.InBody
}

var errNoRefreshToken = errors.New("this is no refresh token")

// maxParts are those of a cookie's refresh token. Of what has more, no more are looked at.
const maxParts = 5

// parseRefreshToken reads the two spellings that refreshToken writes, and no other.
func parseRefreshToken(text string) (presented, error) {
	parts := strings.SplitN(strings.TrimPrefix(text, refreshPrefix), ".", maxParts)
	var p presented
	if len(parts) == maxParts {
		user, err := auth.ParseID(parts[1])
		if err != nil || !user.Is(auth.UserPrefix) {
			return presented{}, errNoRefreshToken
		}
		p.user, parts = user, slices.Delete(parts, 1, 2)
	}
	if len(parts) != maxParts-1 {
		return presented{}, errNoRefreshToken
	}
	var errs [4]error
	p.version, errs[0] = strconv.ParseInt(parts[0], 10, 64)
	p.session, errs[1] = auth.ParseID(parts[1])
	p.counter, errs[2] = strconv.ParseUint(parts[2], 10, 63)
	p.mac, errs[3] = base64.RawURLEncoding.Strict().DecodeString(parts[3])
	if errors.Join(errs[:]...) != nil || len(p.mac) != sha256.Size || !p.session.Is(auth.SessionPrefix) {
		return presented{}, errNoRefreshToken
	}
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

// Opens reports whether a refresh token is one that this server made for a cookie. It goes by the MAC alone and reads no
// store, so that it says nothing of what has become of the session: who refreshes with it is told.
func (m *Manager) Opens(refresh auth.Secret) bool {
	p, err := parseRefreshToken(refresh.Reveal())
	if err != nil || p.delivery() != auth.InCookies {
		return false
	}
	key, ok := m.keys.SecretVersion(keyring.RefreshSecret, p.version)
	return ok && hmac.Equal(p.mac, m.mac(key, p, p.user))
}

// find returns the session and the user of a refresh token that this server made, and that came by the way by which the
// session's tokens go out, whatever has become of them. Anything else fails with auth.ErrSessionEnded, and changes
// nothing.
func (m *Manager) find(ctx context.Context, refresh auth.Secret) (auth.Session, found, error) {
	p, err := parseRefreshToken(refresh.Reveal())
	if err != nil || p.delivery() != m.delivery.by() {
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
	if (p.user != "") != (s.Delivery == auth.InCookies) || !hmac.Equal(p.mac, m.mac(key, p, s.UserID)) {
		return auth.Session{}, found{}, auth.ErrSessionEnded
	}
	return s, found{user: u, counter: p.counter}, nil
}
