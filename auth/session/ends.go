package session

import (
	"time"

	"github.com/fieldward/fieldward/auth"
)

// ends are when entries are to go, in the order in which they came: that is about the order in which they go, since all
// stay equally long. One that could go a moment earlier waits for those before it.
type ends struct {
	queue []end
	gone  int // so many at the front of queue are gone
}

type end struct {
	until      time.Time
	id         auth.ID
	ofSession  bool
	generation int64 // where it is not of a session
}

func (e *ends) add(one end) { e.queue = append(e.queue, one) }

// next takes the next one that is due.
func (e *ends) next(now time.Time) (one end, due bool) {
	if e.gone == len(e.queue) || !now.After(e.queue[e.gone].until) {
		return end{}, false
	}
	one = e.queue[e.gone]
	e.gone++
	if e.gone >= len(e.queue)-e.gone {
		// Half is gone: copying the rest costs no more than taking these did.
		e.queue = append([]end(nil), e.queue[e.gone:]...)
		e.gone = 0
	}
	return one, true
}

func (e *ends) len() int { return len(e.queue) - e.gone }
