package auth

// Page asks for a slice of a list that stands newest first, by keyset: the ID beyond which it begins.
type Page struct {
	// Limit is how many at the most, at least 1.
	Limit int
	// Backward takes the slice from the list's end, or from before Beyond. It is still answered newest first.
	Backward bool
	// Beyond is the ID after which (before which, where Backward) the slice begins; empty for the list's own end.
	Beyond ID
}

// Slice is what a page holds.
type Slice[T any] struct {
	Items []T
	// HasNext and HasPrevious tell whether there are older and newer items beyond.
	HasNext     bool
	HasPrevious bool
}

// SliceOf makes a page's slice of up to Limit+1 items, read in the page's direction: the one too many tells whether
// there are more. On the near side there are, since the page began beyond one of them.
func SliceOf[T any](p Page, read []T) Slice[T] {
	more := len(read) > p.Limit
	if more {
		read = read[:p.Limit]
	}
	if !p.Backward {
		return Slice[T]{Items: read, HasNext: more, HasPrevious: p.Beyond != ""}
	}
	for i, j := 0, len(read)-1; i < j; i, j = i+1, j-1 {
		read[i], read[j] = read[j], read[i]
	}
	return Slice[T]{Items: read, HasNext: p.Beyond != "", HasPrevious: more}
}
