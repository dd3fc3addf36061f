package cli_test

import (
	"testing"
	"time"

	"github.com/fieldward/fieldward/cli"
)

func TestBeforeIsADateATimeOrHowLongAgo(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	tests := map[string]time.Time{ // zero where it is refused
		"2026-01-31":                time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC),
		"2026-01-31T12:30:00Z":      time.Date(2026, 1, 31, 12, 30, 0, 0, time.UTC),
		"2026-01-31T12:30:00+01:00": time.Date(2026, 1, 31, 11, 30, 0, 0, time.UTC),
		"365d":                      now.AddDate(0, 0, -365),
		"65535d":                    now.AddDate(0, 0, -65535),
		"61m":                       now.Add(-61 * time.Minute),
		"26h30m":                    now.Add(-26*time.Hour - 30*time.Minute),
		"2026-11-24T10:59:00Z":      time.Date(2026, 11, 24, 10, 59, 0, 0, time.UTC),
		"2026-11-24T10:59:01Z":      {},
		"60m59s":                    {},
		"0d":                        {},
		"0":                         {},
		"2026-11-25":                {},
		"-5h":                       {},
		"-365d":                     {},
		"65536d":                    {},
		"1.5d":                      {},
		"d":                         {},
		"2026-02-30":                {},
		"31.01.2026":                {},
		"yesterday":                 {},
		"":                          {},
	}
	for text, want := range tests {
		got, err := cli.PruneBefore(text, now)
		if (err != nil) != want.IsZero() || err == nil && !got.Equal(want) {
			t.Errorf("%q is %s, %v, want %s", text, got, err, want)
		}
	}
}
