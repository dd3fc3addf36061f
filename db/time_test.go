package db_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/fieldward/fieldward/db"
)

func TestInstantIsReadFromWhatEitherKindOfEngineKeeps(t *testing.T) {
	want := time.Date(2026, 11, 24, 7, 52, 47, 123456000, time.UTC)
	for name, kept := range map[string]any{
		"text":                         "2026-11-24T07:52:47.123456Z",
		"a timestamp":                  want,
		"a timestamp in another place": want.In(time.FixedZone("", 3600)),
	} {
		var got db.Instant
		must(t, got.Scan(kept))
		if read := time.Time(got); !read.Equal(want) || read.Location() != time.UTC {
			t.Errorf("from %s: %v, want %v", name, read, want)
		}
	}
	for name, kept := range map[string]any{"a number": int64(1), "a word": "noon", "nothing": nil} {
		var got db.Instant
		if err := got.Scan(kept); err == nil {
			t.Errorf("from %s: %v, want an error", name, time.Time(got))
		}
	}
}

func TestInstantOutsideOfWhatEnginesKnowIsNotWritten(t *testing.T) {
	for _, year := range []int{-1, 0, 10000} {
		if kept, err := db.Instant(time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)).Value(); err == nil {
			t.Errorf("the year %d is written as %v", year, kept)
		}
	}
}

func TestInstantsSortAsText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		micros := rapid.SliceOfN(rapid.Int64Range(-62135596800_000000, 253402300799_999999), 2, 2).Draw(t, "µs")
		slices.Sort(micros)
		var texts []string
		for _, m := range micros {
			kept, err := db.Instant(time.UnixMicro(m)).Value()
			if err != nil {
				t.Fatal(err)
			}
			texts = append(texts, kept.(string))
			var back db.Instant
			if err := back.Scan(kept); err != nil || time.Time(back).UnixMicro() != m {
				t.Fatalf("%v is read back as %v (%v)", kept, time.Time(back), err)
			}
		}
		if !slices.IsSorted(texts) || len(texts[0]) != len(texts[1]) {
			t.Fatalf("%q do not sort", texts)
		}
	})
}

func TestATimeOfTheJournalIsReadOnlyAsItWasWritten(t *testing.T) {
	want := time.Date(2026, 11, 24, 7, 52, 47, 123456000, time.UTC)
	for kept, good := range map[any]bool{
		"2026-11-24T07:52:47.123456Z": true, want: true, "2026-11-24T08:52:47.123456+01:00": false,
		"2026-11-24T07:52:47.1234560Z": false, "noon": false, "": false,
	} {
		var got db.WrittenInstant
		must(t, got.Scan(kept))
		if read := time.Time(got); good != read.Equal(want) || !good && !read.IsZero() {
			t.Errorf("%v is read as %v", kept, read)
		}
	}
}
