package db

// What the tests look at from outside.
var UserPage = userPage

// Instant is a time as it is kept, WrittenInstant as it is read of the journal.
type (
	Instant        = instant
	WrittenInstant = writtenInstant
)

// The statements that are asked again and again.
const (
	RevokingEvents = revokingEvents
	AnyWait        = anyWait
	WaitingEvents  = waitingEvents
	FinishTallies  = finishTallies
	NumberedEvents = numberedEvents
	Standing       = standing
	CountWaiting   = countWaiting
	RemoveNumbered = removeNumbered
)
