package graphiql

import (
	"strconv"
	"strings"
)

// The content codings (RFC 9110, section 8.4.1; RFC 7932 for br).
const (
	brotli   = "br"
	gzipped  = "gzip"
	identity = "identity"
)

// negotiate picks the content coding that the client weighs highest (RFC 9110, section 12.5.3); of equals, the
// smallest. Identity is what remains, even for a client that refuses it: the header may be disregarded, and a page
// that works beats a 406.
func negotiate(acceptEncoding []string) string {
	weights := map[string]int{}
	for element := range strings.SplitSeq(strings.Join(acceptEncoding, ","), ",") {
		if coding, weight, ok := readElement(element); ok {
			weights[coding] = weight
		}
	}
	best, heaviest := identity, 0
	for _, coding := range []string{brotli, gzipped, identity} {
		weight, stated := weights[coding]
		if !stated {
			weight = weights["*"]
		}
		if weight > heaviest {
			best, heaviest = coding, weight
		}
	}
	return best
}

// readElement reads one of the header's elements, "gzip" or "br;q=0.8", and its weight in thousandths. What is
// malformed or unknown is as if it were not there.
func readElement(element string) (coding string, weight int, ok bool) {
	coding, parameter, weighted := strings.Cut(element, ";")
	coding = strings.ToLower(strings.Trim(coding, " \t"))
	switch coding {
	case "x-gzip":
		coding = gzipped // RFC 9110, section 8.4.1.3
	case brotli, gzipped, identity, "*":
	default:
		return "", 0, false
	}
	if !weighted {
		return coding, 1000, true
	}
	name, value, _ := strings.Cut(strings.Trim(parameter, " \t"), "=")
	if !strings.EqualFold(name, "q") {
		return "", 0, false
	}
	weight, ok = readWeight(value)
	return coding, weight, ok
}

// readWeight reads a qvalue (RFC 9110, section 12.4.2): 0 to 1 with up to three decimals, as thousandths.
func readWeight(s string) (thousandths int, ok bool) {
	whole, decimals, _ := strings.Cut(s, ".")
	if (whole != "0" && whole != "1") || len(decimals) > 3 {
		return 0, false
	}
	n, err := strconv.ParseUint(whole+decimals+"000"[len(decimals):], 10, 16)
	return int(n), err == nil && n <= 1000
}
