package token

import (
	"strconv"
	"strings"
	"time"
)

// The seconds at which the years 0 and 10000 begin, before and after 1970.
const (
	year0     = -62167219200
	year10000 = 253402300800
)

// parseDate reads a NumericDate (RFC 7519, section 2) exactly: seconds since 1970, down to the nanosecond, within the
// years 0 to 9999, and without an exponent. The text is a number in JSON.
func parseDate(number string) (at time.Time, ok bool) {
	whole, fraction, _ := strings.Cut(number, ".")
	seconds, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || seconds < year0 || seconds >= year10000 || len(fraction) > 9 {
		return time.Time{}, false
	}
	if fraction == "" {
		return time.Unix(seconds, 0).UTC(), true
	}
	nanos, err := strconv.ParseUint(fraction+strings.Repeat("0", 9-len(fraction)), 10, 32)
	if err != nil {
		return time.Time{}, false
	}
	if strings.HasPrefix(whole, "-") {
		return time.Unix(seconds, -int64(nanos)).UTC(), true
	}
	return time.Unix(seconds, int64(nanos)).UTC(), true
}
