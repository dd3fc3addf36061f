// Package sample makes the users, sessions and events of a large server, for benchmarks: any one of millions by its
// number, and the same for the same seed. It refuses to be anything but made up: the addresses are of example.org, and
// all users have one password, which stands here.
package sample

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/fieldward/fieldward/auth"
)

// Password is everybody's, and PasswordHash what is kept of it (Argon2id, 19 MiB, 2 passes).
const (
	Password     = "correct horse battery staple"
	PasswordHash = "$argon2id$v=19$m=19456,t=2,p=1$3HjVCYQc0PwuC1f2JOb/LA$uNYLPsywmzErF/yf9PCAZGxhbq6JIUEG4Ab2sDfjQcQ"
)

// Crowd is how many there are.
type Crowd struct {
	Users, Sessions, Events int
	Seed                    uint64
	// Until is the end of the time in which all of it happened.
	Until time.Time
}

const (
	day = 24 * time.Hour
	// SessionTTL is the life of a session. Sessions were opened up to a day longer ago, so that some have expired.
	SessionTTL = 30 * day
	sessionAge = SessionTTL + day
	userAge    = 5 * 365 * day
	eventAge   = 90 * day
)

// The kinds of rows, so that no two draw the same numbers.
const (
	ofUser = iota + 1
	ofSession
	ofEvent
)

// draw is the source of what is by chance in row i of a kind.
func (c Crowd) draw(kind, i int) *rand.Rand {
	return rand.New(rand.NewPCG(c.Seed<<2|uint64(kind), uint64(i))) //nolint:gosec // it is to be the same each time
}

// at is when row i of n came, evenly within the age before the end.
func (c Crowd) at(age time.Duration, i, n int) time.Time {
	ago := float64(age) * float64(n-i) / float64(n+1)
	return auth.Instant(c.Until.Add(-time.Duration(ago)))
}

const alphabet = "0123456789abcdefghjkmnpqrstvwxyz"

// id is one as auth.NewID makes it in the millisecond of at, with 60 bits of this source of chance.
func id(prefix string, at time.Time, r *rand.Rand) auth.ID {
	const random = 12 // digits
	first := string(auth.FirstID(prefix, at))
	made := []byte(first)
	for i := range random {
		made[len(made)-1-i] = alphabet[r.Uint64N(uint64(len(alphabet)))]
	}
	return auth.ID(made)
}

// UserID is the ID of user i.
func (c Crowd) UserID(i int) auth.ID {
	return id(auth.UserPrefix, c.at(userAge, i, c.Users), c.draw(ofUser, i))
}

// User is user i.
func (c Crowd) User(i int) auth.User {
	r, at := c.draw(ofUser, -i-1), c.at(userAge, i, c.Users)
	u := auth.User{
		ID: c.UserID(i), Email: Email(i), EmailVerified: true, Name: name(r), Roles: []auth.Role{auth.RoleUser},
		CreatedAt: at, UpdatedAt: at, LastSignInAt: &at,
	}
	switch {
	case i == 0:
		u.Roles = append(u.Roles, auth.RoleAdmin)
	case i%5000 == 0:
		u.Roles = append(u.Roles, auth.RoleSupport)
	case i%500 == 1:
		u.DisabledAt = &at
	}
	return u
}

// Email is the address of user i.
func Email(i int) auth.EmailAddress { return auth.EmailAddress(fmt.Sprintf("user%d@example.org", i)) }

func name(r *rand.Rand) string {
	first := []string{"Ada", "Bob", "Cleo", "Dan", "Eve", "Fritz", "Grace", "Hana", "Ivo", "Juno"}
	last := []string{"Lovelace", "Hopper", "Curie", "Noether", "Turing", "Liskov", "Knuth", "Perlman", "Ritchie", "Hamilton"}
	return first[r.IntN(len(first))] + " " + last[r.IntN(len(last))]
}

// Session is session j, of a user by chance.
func (c Crowd) Session(j int) auth.Session {
	r, at := c.draw(ofSession, j), c.at(sessionAge, j, c.Sessions)
	s := auth.Session{
		ID: id(auth.SessionPrefix, at, r), UserID: c.UserID(r.IntN(c.Users)), Counter: r.Uint64N(100), AuthTime: at,
		Delivery: auth.InBody, Client: client(r), CreatedAt: at, RenewedAt: auth.Instant(at.Add(c.Until.Sub(at) / 2)),
		ExpiresAt: at.Add(SessionTTL),
	}
	if r.IntN(4) == 0 {
		ended := s.RenewedAt
		s.EndedAt = &ended
	}
	return s
}

func client(r *rand.Rand) auth.Client {
	address := fmt.Sprintf("10.%d.%d.%d", r.IntN(256), r.IntN(256), r.IntN(256))
	agent := fmt.Sprintf("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/%d.0.0.0 Safari/537.36", 120+r.IntN(20))
	return auth.Client{IPAddress: &address, UserAgent: &agent}
}

// Event is event k, whose place in the journal is k+1. Its hash is made up too: the journal does not verify.
func (c Crowd) Event(k int) auth.Event {
	r, at := c.draw(ofEvent, k), c.at(eventAge, k, c.Events)
	of := c.UserID(r.IntN(c.Users))
	session := id(auth.SessionPrefix, at, r)
	e := auth.Event{ID: id(auth.EventPrefix, at, r), At: at, SubjectID: &of, ActorID: &of, SessionID: &session, Client: client(r)}
	e.Number = new(int64(k) + 1)
	switch n := r.IntN(100); {
	case n < 70:
		e.Action = auth.SignedIn
	case n < 85:
		e.Action = auth.SignedOut
	case n < 97:
		e.Action, e.ActorID, e.SessionID = auth.SignInFailed, nil, nil
	case n < 99:
		e.Action = auth.ProfileUpdated
	default:
		e.Action, e.Generation = auth.TokensRevoked, new(int64(1))
	}
	return e
}

// Link are bytes of the journal's chain for event k: a salt of 16, and a digest and a hash of 32.
func (c Crowd) Link(k int) (salt, digest, hash []byte) {
	r := c.draw(ofEvent, -k-1)
	bytes := make([]byte, 80)
	for i := range 10 {
		binary.LittleEndian.PutUint64(bytes[8*i:], r.Uint64())
	}
	return bytes[:16:16], bytes[16:48:48], bytes[48:]
}
