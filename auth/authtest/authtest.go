// Package authtest holds what tests of the domain stand on: a clock that is moved by hand.
package authtest

import (
	"sync"
	"time"
)

// Clock stands still until it is moved. It is safe for concurrent use.
type Clock struct {
	mu sync.Mutex
	at time.Time
}

// NewClock makes a clock that stands at an even second of 2027.
func NewClock() *Clock {
	return &Clock{at: time.Date(2027, time.January, 31, 8, 15, 0, 0, time.UTC)}
}

// Now is where the clock stands.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

// Move moves the clock.
func (c *Clock) Move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// Text is a pointer to s, for the words that may be null.
func Text(s string) *string { return &s }
