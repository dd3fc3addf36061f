package token_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/fieldward/fieldward/auth/token"
)

// class is a way to attack a verifier: what the log must say of its tokens, and the tokens by what is wrong with each.
type class struct {
	want   []error // any of them
	tokens map[string]string
}

// add fails the test where a sentence is said twice, since one token would stand for both.
func (c class) add(t testing.TB, name, text string) {
	t.Helper()
	if _, twice := c.tokens[name]; twice {
		t.Fatalf("there are two tokens %q", name)
	}
	c.tokens[name] = text
}

func newClass(want ...error) class { return class{want: want, tokens: map[string]string{}} }

// hostile is every token that must be refused. Wherever a signature could be true, it is: what is tested is that
// nothing passes because of who signed it.
func hostile(t testing.TB, h *house) map[string]class {
	all := map[string]class{
		"shape":           shapes(t, h),
		"characters":      characters(t, h),
		"loose bits":      looseBits(t, h),
		"header members":  headerMembers(t, h),
		"header types":    headerTypes(t, h),
		"typ":             types(t, h),
		"algorithm":       algorithms(t, h),
		"confusion":       confusions(t, h),
		"key":             foreignKeys(t, h),
		"signature":       signatures(t, h),
		"JSON text":       jsonTexts(t, h),
		"JSON header":     jsonHeaders(t, h),
		"JSON strings":    jsonStrings(t, h),
		"depth":           depths(t, h),
		"twice":           twice(t, h),
		"case":            otherCases(t, h),
		"dates":           dates(t, h),
		"expired":         expired(t, h),
		"not yet":         notYet(t, h),
		"too long a life": tooLong(t, h),
		"claim types":     claimTypes(t, h),
		"missing claims":  missingClaims(t, h),
		"IDs":             malformedIDs(t, h),
		"issuer":          issuers(t, h),
		"audience":        audiences(t, h),
		"other tokens":    otherKinds(t, h),
	}
	return all
}

func TestNoHostileTokenIsAccepted(t *testing.T) {
	h := newHouse(t)
	if _, err := h.Verify(t.Context(), h.sign(t, h.header().String(), h.claims().String())); err != nil {
		t.Fatalf("the good token that all others are made of is refused: %v", err)
	}
	all := hostile(t, h)
	plain, full := h.library(t, false), h.library(t, true)
	count, accepted, byPlain, byFull := 0, 0, 0, 0
	for _, name := range slices.Sorted(maps.Keys(all)) {
		p, f := 0, 0
		for what, text := range all[name].tokens {
			count++
			claims, err := h.Verify(t.Context(), text)
			if err == nil || claims.Subject != "" {
				accepted++
				t.Errorf("%s: %s: accepted", name, what)
				continue
			}
			if !slices.ContainsFunc(all[name].want, func(want error) bool { return errors.Is(err, want) }) {
				t.Errorf("%s: %s: refused because %q", name, what, err)
			}
			if repeats(err, text) {
				t.Errorf("%s: %s: the error repeats the token", name, what)
			}
			if _, err := plain(text); err == nil {
				p++
			}
			if _, err := full(text); err == nil {
				f++
			}
		}
		t.Logf("%-16s %4d hostile tokens; golang-jwt accepts %3d with no options, %3d with every option", name, len(all[name].tokens), p, f)
		byPlain, byFull = byPlain+p, byFull+f
	}
	t.Logf("%d hostile tokens, %d accepted; golang-jwt accepts %d with no options, %d with every option", count, accepted, byPlain, byFull)
}

// repeats reports whether the error holds a part of the token that tells it from others.
func repeats(err error, text string) bool {
	for segment := range strings.SplitSeq(text, ".") {
		if len(segment) >= 8 && strings.Contains(err.Error(), segment[len(segment)-8:]) {
			return true
		}
	}
	return false
}

// shapes are no three segments, or too many characters.
func shapes(t testing.TB, h *house) class {
	c := newClass(token.ErrMalformed)
	good := h.issue(t).Token
	s := strings.Split(good, ".")
	for name, text := range map[string]string{
		"nothing": "", "a dot": ".", "two dots": "..", "three dots": "...", "a word": "token", "null": "null",
		"a header alone":              s[0],
		"no signature and no dot":     s[0] + "." + s[1],
		"no signature":                s[0] + "." + s[1] + ".",
		"no payload":                  s[0] + ".." + s[2],
		"no payload, truly signed":    h.signSegments(t, s[0], ""),
		"no header":                   "." + s[1] + "." + s[2],
		"no header, truly signed":     h.signSegments(t, "", s[1]),
		"a signature alone":           ".." + s[2],
		"a payload alone":             "." + s[1] + ".",
		"a dot before":                "." + good,
		"a dot after":                 good + ".",
		"a fourth segment":            good + ".AAAA",
		"five segments, as of a JWE":  good + "." + s[0] + "." + s[1],
		"a token twice":               good + "." + good,
		"two tokens and a comma":      good + "," + good,
		"two tokens and a space":      good + " " + good,
		"a scheme before":             "Bearer " + good,
		"quotes around":               `"` + good + `"`,
		"percent-encoded dots":        strings.ReplaceAll(good, ".", "%2E"),
		"full-width dots":             strings.ReplaceAll(good, ".", "．"),
		"JSON serialization":          `{"protected":"` + s[0] + `","payload":"` + s[1] + `","signature":"` + s[2] + `"}`,
		"JSON serialization, general": `{"payload":"` + s[1] + `","signatures":[{"protected":"` + s[0] + `","signature":"` + s[2] + `"}]}`,
		"more than 8 KiB":             h.sign(t, h.header().String(), h.claims().with("x", quote(strings.Repeat("x", 6000))).String()),
		"a mebibyte of characters":    strings.Repeat("A", 1<<20),
		"a mebibyte of dots":          strings.Repeat(".", 1<<20),
		"8 KiB of signature":          s[0] + "." + s[1] + "." + strings.Repeat("A", token.MaxTokenLength),
	} {
		c.add(t, name, text)
	}
	return c
}

// characters are foreign to base64url, in every segment at its beginning, middle and end.
func characters(t testing.TB, h *house) class {
	c := newClass(token.ErrMalformed)
	good := strings.Split(h.sign(t, h.header().String(), h.claims().String()), ".")
	foreign := map[string]string{
		"CR": "\r", "LF": "\n", "CRLF": "\r\n", "a space": " ", "a tab": "\t", "NUL": "\x00", "padding": "=", "two paddings": "==",
		"a plus": "+", "a slash": "/", "a full-width letter": "Ａ", "half a letter": "\xc3", "a byte order mark": "\ufeff",
		"a no-break space": "\u00a0", "a question mark": "?", "a percent sign": "%41", "a comma": ",", "a delete": "\x7f",
	}
	for what, character := range foreign {
		for i, segment := range []string{"header", "payload", "signature"} {
			for where, at := range map[string]int{"begins": 0, "is in the middle": len(good[i]) / 2, "ends": len(good[i])} {
				s := slices.Clone(good)
				s[i] = s[i][:at] + character + s[i][at:]
				text := strings.Join(s, ".")
				if i < 2 {
					text = h.signSegments(t, s[0], s[1])
				}
				c.add(t, fmt.Sprintf("%s %s the %s", what, where, segment), text)
			}
		}
	}
	return c
}

// looseBits spell one token in several ways: bits after the last whole byte that are not zero, or a character too many.
func looseBits(t testing.TB, h *house) class {
	c := newClass(token.ErrMalformed)
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	header, payload := h.header().String(), h.claims().String()
	for rest, unused := range map[int]int{1: 4, 2: 2} { // bytes beyond the last three, and the bits that they leave
		for bits := 1; bits < 1<<unused; bits++ {
			loosen := func(text string) string {
				for len(text)%3 != rest {
					text += " " // which JSON does not mind
				}
				segment := base64URL(text)
				last := strings.IndexByte(alphabet, segment[len(segment)-1])
				return segment[:len(segment)-1] + alphabet[last|bits:last|bits+1]
			}
			c.add(t, fmt.Sprintf("bits %b of %d in the header", bits, unused), h.signSegments(t, loosen(header), base64URL(payload)))
			c.add(t, fmt.Sprintf("bits %b of %d in the payload", bits, unused), h.signSegments(t, base64URL(header), loosen(payload)))
			if good := h.sign(t, header, payload); rest == 1 {
				last := strings.IndexByte(alphabet, good[len(good)-1])
				c.add(t, fmt.Sprintf("bits %b in the signature", bits), good[:len(good)-1]+alphabet[last|bits:last|bits+1])
			}
		}
	}
	for len(header)%3 != 0 {
		header += " "
	}
	for len(payload)%3 != 0 {
		payload += " "
	}
	c.add(t, "a character too many in the header", h.signSegments(t, base64URL(header)+"A", base64URL(payload)))
	c.add(t, "a character too many in the payload", h.signSegments(t, base64URL(header), base64URL(payload)+"A"))
	return c
}
