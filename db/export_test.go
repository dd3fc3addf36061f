package db

// Instant is a time as it is kept, WrittenInstant as it is read of the journal.
type (
	Instant        = instant
	WrittenInstant = writtenInstant
)

// EngineOf is the engine that the store works on.
func EngineOf(s *Store) Engine { return s.engine }
