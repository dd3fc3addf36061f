package auth_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/fieldward/fieldward/auth"
)

func TestNewIDsAreReadBack(t *testing.T) {
	id := auth.NewID(auth.UserPrefix, time.Now())
	got, err := auth.ParseID(string(id))
	if err != nil || got != id {
		t.Errorf("ParseID(%q) = %q, %v", id, got, err)
	}
	if !id.Is(auth.UserPrefix) || id.Is(auth.SessionPrefix) || id.Is("us") {
		t.Errorf("%q is of the wrong type", id)
	}
}

func TestIDsSortByTheirMillisecond(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		millis := rapid.SliceOfDistinct(rapid.Int64Range(0, 1<<48-1), rapid.ID).Draw(t, "milliseconds")
		ids := make([]auth.ID, len(millis))
		slices.Sort(millis)
		for i, ms := range millis {
			ids[i] = auth.NewID(auth.EventPrefix, time.UnixMilli(ms))
		}
		if !slices.IsSorted(ids) {
			t.Errorf("%v do not sort as %v", ids, millis)
		}
	})
}

func TestFirstIDIsTheLeastOfItsMillisecond(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := time.UnixMicro(rapid.Int64Range(0, 1<<57).Draw(t, "µs"))
		first, id := auth.FirstID(auth.EventPrefix, at), auth.NewID(auth.EventPrefix, at)
		if _, err := auth.ParseID(string(first)); err != nil || first > id {
			t.Errorf("%s is not the first, nor before %s: %v", first, id, err)
		}
		if next := auth.FirstID(auth.EventPrefix, at.Add(time.Millisecond)); next <= id {
			t.Errorf("%s of the millisecond after is not beyond %s", next, id)
		}
	})
	for _, at := range []time.Time{{}, time.UnixMilli(-1), time.UnixMilli(0)} {
		if got, want := auth.FirstID(auth.EventPrefix, at), auth.ID("evt_0000000000e008000000000000"); got != want {
			t.Errorf("the first of %s is %s, want %s", at, got, want)
		}
	}
}

func TestTenThousandIDsOfOneMillisecondDiffer(t *testing.T) {
	seen := make(map[auth.ID]bool)
	at := time.Now()
	for range 10_000 {
		seen[auth.NewID(auth.TokenPrefix, at)] = true
	}
	if len(seen) != 10_000 {
		t.Errorf("only %d of 10,000 differ", len(seen))
	}
}

func TestTheSameContentHasTheSameID(t *testing.T) {
	a := auth.IDOf(auth.KeyPrefix, []byte("a"))
	if read, err := auth.ParseID(string(a)); err != nil || !read.Is(auth.KeyPrefix) {
		t.Errorf("%q is no ID of a key: %v", a, err)
	}
	if a != auth.IDOf(auth.KeyPrefix, []byte("a")) || a == auth.IDOf(auth.KeyPrefix, []byte("b")) {
		t.Error("the ID does not follow the content")
	}
}

func TestWhatIsNoID(t *testing.T) {
	good := string(auth.NewID(auth.UserPrefix, time.Now()))
	tests := map[string]string{
		"empty":                  "",
		"a UUID":                 "0197f2a4-5b6c-7d8e-9fa0-b1c2d3e4f506",
		"no prefix":              good[3:],
		"a prefix in capitals":   "USR" + good[3:],
		"digits in capitals":     good[:4] + strings.ToUpper(good[4:]),
		"one digit too few":      good[:len(good)-1],
		"one digit too many":     good + "0",
		"more than 128 bits":     "usr_8zzzzzzzzzzzzzzzzzzzzzzzzz",
		"a letter of no digit":   good[:10] + "l" + good[11:],
		"a NUL":                  good[:10] + "\x00" + good[11:],
		"a space before":         " " + good,
		"a line break behind":    good + "\n",
		"SQL":                    "usr_' OR 1=1 --",
		"two underscores":        "usr__" + good[5:],
		"a prefix of nine":       "abcdefghi" + good[3:],
		"a letter that is wider": "usr_" + "０" + good[7:],
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			if id, err := auth.ParseID(text); err == nil {
				t.Errorf("ParseID(%q) = %q", text, id)
			}
		})
	}
}

func FuzzParseID(f *testing.F) {
	f.Add(string(auth.NewID(auth.UserPrefix, time.Now())))
	f.Add("usr_")
	f.Add("_")
	f.Fuzz(func(t *testing.T, text string) {
		id, err := auth.ParseID(text)
		if err == nil && string(id) != text {
			t.Errorf("ParseID(%q) = %q", text, id)
		}
	})
}
