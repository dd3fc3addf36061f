package db

// Instant is a time as it is kept, WrittenInstant as it is read of the journal.
type (
	Instant        = instant
	WrittenInstant = writtenInstant
)

// What is asked to number the journal, and to prune it.
const (
	AnyWait        = anyWait
	WaitingEvents  = waitingEvents
	FinishTallies  = finishTallies
	NumberedEvents = numberedEvents
	RemoveNumbered = removeNumbered
)

// EngineOf is the engine that the store works on.
func EngineOf(s *Store) Engine { return s.engine }
