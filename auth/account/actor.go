package account

import (
	"time"

	"github.com/fieldward/fieldward/auth"
)

// Actor is who acts on an account: a caller, or the operator at the command line.
type Actor struct {
	caller   auth.Caller
	from     auth.Client
	operator bool
}

// By is a caller who acts.
func By(c auth.Caller, from auth.Client) Actor { return Actor{caller: c, from: from} }

// Operator is who runs the program's commands: above everyone, and on record as nobody.
var Operator = Actor{operator: true}

// mayActOn reports whether the actor's highest role is at least as high as each of these.
func (a Actor) mayActOn(roles []auth.Role) bool {
	return a.operator || auth.Rank(roles) <= a.rank()
}

func (a Actor) rank() int {
	if !a.caller.Authenticated() {
		return 0
	}
	return auth.Rank(a.caller.Claims.Roles)
}

// event is what the actor did to the user.
func (a Actor) event(action auth.Action, userID auth.ID, at time.Time) auth.Event {
	e := auth.NewEvent(action, at, a.from)
	e.SubjectID = &userID
	if id := a.caller.ID(); id != "" {
		e.ActorID = &id
	}
	if id := a.caller.SessionID(); id != "" {
		e.SessionID = &id
	}
	return e
}
