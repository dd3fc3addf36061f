package token_test

import (
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/fieldward/fieldward/auth/token"
)

// broken is JSON text around a good object that is not one object in strict JSON and UTF-8.
func broken(object string) map[string]string {
	inner := strings.TrimSuffix(strings.TrimPrefix(object, "{"), "}")
	return map[string]string{
		"white space":                 " \n\t",
		"null":                        "null",
		"true":                        "true",
		"a number":                    "1",
		"a string":                    `"token"`,
		"the object in a string":      quote(object),
		"a list":                      "[]",
		"the object in a list":        "[" + object + "]",
		"no braces":                   inner,
		"no closing brace":            "{" + inner,
		"a brace too many":            object + "}",
		"two objects":                 object + object,
		"two objects on two lines":    object + "\n" + object,
		"an object and a word":        object + "x",
		"an object and a zero byte":   object + "\x00",
		"a byte order mark before":    "\ufeff" + object,
		"a byte order mark after":     object + "\ufeff",
		"a comma after the last":      "{" + inner + ",}",
		"a comma before the first":    "{," + inner + "}",
		"two commas":                  strings.Replace(object, ",", ",,", 1),
		"a semicolon":                 strings.Replace(object, ",", ";", 1),
		"no colon":                    strings.Replace(object, ":", " ", 1),
		"an equals sign":              strings.Replace(object, ":", "=", 1),
		"a comment":                   "{/* */" + inner + "}",
		"a comment to the end":        object + "// comment",
		"single quotes":               strings.ReplaceAll(object, `"`, "'"),
		"names without quotes":        `{x:1,` + inner + "}",
		"NaN":                         `{"x":NaN,` + inner + "}",
		"Infinity":                    `{"x":Infinity,` + inner + "}",
		"undefined":                   `{"x":undefined,` + inner + "}",
		"True":                        `{"x":True,` + inner + "}",
		"a number with a leading 0":   `{"x":01,` + inner + "}",
		"a number with a plus":        `{"x":+1,` + inner + "}",
		"a number in hexadecimal":     `{"x":0x1,` + inner + "}",
		"a number that ends in a dot": `{"x":1.,` + inner + "}",
		"a number that begins so":     `{"x":.1,` + inner + "}",
		"a number with underscores":   `{"x":1_0,` + inner + "}",
		"a number beyond a float64":   `{"x":1e400,` + inner + "}",
		"one below":                   `{"x":-1e400,` + inner + "}",
		"a line break in a string":    "{\"x\":\"\n\"," + inner + "}",
		"a tab in a string":           "{\"x\":\"\t\"," + inner + "}",
		"a zero byte in a string":     "{\"x\":\"\x00\"," + inner + "}",
		"an unknown escape":           `{"x":"\x41",` + inner + "}",
		"an escape cut short":         `{"x":"\u00",` + inner + "}",
		"a string without an end":     `{"x":"` + inner + "}",
		"a name that is a number":     `{1:1,` + inner + "}",
		"a name that is null":         `{null:1,` + inner + "}",
		"a no-break space between":    "{\u00a0" + inner + "}",
		"a form feed between":         "{\f" + inner + "}",
		"UTF-16":                      utf16Text(object),
		"Latin-1":                     "{\"x\":\"\xe9\"," + inner + "}",
	}
}

func utf16Text(s string) string {
	var b strings.Builder
	for _, unit := range utf16.Encode([]rune(s)) {
		b.WriteByte(byte(unit >> 8))
		b.WriteByte(byte(unit))
	}
	return b.String()
}

func jsonTexts(t testing.TB, h *house) class {
	c := newClass(token.ErrMalformed)
	for name, text := range broken(h.claims().String()) {
		c.add(t, name, h.sign(t, h.header().String(), text))
	}
	return c
}

func jsonHeaders(t testing.TB, h *house) class {
	c := newClass(token.ErrMalformed)
	for name, text := range broken(h.header().String()) {
		c.add(t, name, h.sign(t, text, h.claims().String()))
	}
	return c
}

// jsonStrings are invalid UTF-8, halves of surrogate pairs and zero characters, in names, values and lists.
func jsonStrings(t testing.TB, h *house) class {
	c := newClass(token.ErrMalformed)
	for what, s := range map[string]string{
		"a lone continuation byte":     "\x80",
		"a byte that is never UTF-8":   "\xff",
		"an overlong slash":            "\xc0\xaf",
		"an overlong zero":             "\xc0\x80",
		"a surrogate in UTF-8":         "\xed\xa0\x80",
		"a pair of them":               "\xed\xa0\xbd\xed\xb8\x80",
		"more than Unicode has":        "\xf4\x90\x80\x80",
		"a character cut short":        "\xe2\x82",
		"an escaped high half":         `\ud800`,
		"an escaped low half":          `\udc00`,
		"in capitals":                  `\uD83D`,
		"two high halves":              `\ud83d\ud83d`,
		"a low half and a high half":   `\ude00\ud83d`,
		"a pair and a low half":        `\ud83d\ude00\ude00`,
		"a high half and a letter":     `\ud83d\u0041`,
		"a high half, a backslash":     `\ud83d\\ude00`,
		"a high half, a line's end":    `\ud83d\n`,
		"a backslash and a high half":  `\\\ud83d`,
		"an escaped zero":              `\u0000`,
		"an escaped zero in the midst": `a\u0000b`,
	} {
		for where, members := range map[string]object{
			"a private claim":            h.claims().with("x", `"`+s+`"`),
			"the name of one":            h.claims().with("x"+s, "1"),
			"the roles":                  h.claims().with("roles", `["`+s+`"]`),
			"what is nested":             h.claims().with("x", `[{"y":{"`+s+`":1}}]`),
			"the subject":                h.claims().with("sub", `"`+string(h.user.ID)+s+`"`),
			"the name of the subject":    h.claims().with("sub"+s, "1"),
			"the issuer":                 h.claims().with("iss", `"`+issuer+s+`"`),
			"an audience more":           h.claims().with("aud", `[`+quote(audience)+`,"`+s+`"]`),
			"the client":                 h.claims().with("client_id", `"fieldward`+s+`"`),
			"a string after a backslash": h.claims().with("x", `"\\`+s+`"`),
		} {
			c.add(t, what+" in "+where, h.sign(t, h.header().String(), members.String()))
		}
		c.add(t, what+" in kid", h.sign(t, h.header().with("kid", `"`+h.ring.Signing().KeyID+s+`"`).String(), h.claims().String()))
		c.add(t, what+" in typ", h.sign(t, h.header().with("typ", `"at+jwt`+s+`"`).String(), h.claims().String()))
		c.add(t, what+" in a header's name", h.sign(t, h.header().with("x"+s, "1").String(), h.claims().String()))
	}
	return c
}

// depths are bombs for readers that recurse.
func depths(t testing.TB, h *house) class {
	c := newClass(token.ErrMalformed)
	for name, text := range map[string]string{
		"8 lists below the object":    strings.Repeat("[", 8) + strings.Repeat("]", 8),
		"8 objects below the object":  strings.Repeat(`{"x":`, 8) + "1" + strings.Repeat("}", 8),
		"500 lists":                   strings.Repeat("[", 500) + strings.Repeat("]", 500),
		"2,500 lists":                 strings.Repeat("[", 2500) + strings.Repeat("]", 2500),
		"800 objects":                 strings.Repeat(`{"x":`, 800) + "1" + strings.Repeat("}", 800),
		"5,000 lists that do not end": strings.Repeat("[", 5000),
		"lists and objects by turns":  strings.Repeat(`[{"x":`, 300) + "1" + strings.Repeat("}]", 300),
	} {
		c.add(t, name, h.sign(t, h.header().String(), h.claims().with("x", text).String()))
		if len(text) < 4000 {
			c.add(t, name+", in the header", h.sign(t, h.header().with("x", text).String(), h.claims().String()))
		}
	}
	return c
}

// twice are members that occur twice, with the same value and with another, spelled alike and with an escape.
func twice(t testing.TB, h *house) class {
	c := newClass(token.ErrMalformed)
	escape := func(name string) string { return `\u00` + hexByte(name[0]) + name[1:] }
	for _, m := range h.claims() {
		c.add(t, m[0]+", alike", h.sign(t, h.header().String(), h.claims().and(m[0], m[1]).String()))
		c.add(t, m[0]+", another first", h.sign(t, h.header().String(), append(object{{m[0], `"x"`}}, h.claims()...).String()))
		c.add(t, m[0]+", another last", h.sign(t, h.header().String(), h.claims().and(m[0], `"x"`).String()))
		c.add(t, m[0]+", null last", h.sign(t, h.header().String(), h.claims().and(m[0], "null").String()))
		c.add(t, m[0]+", escaped", h.sign(t, h.header().String(), h.claims().and(escape(m[0]), m[1]).String()))
	}
	for _, m := range h.header() {
		c.add(t, m[0]+" in the header, alike", h.sign(t, h.header().and(m[0], m[1]).String(), h.claims().String()))
		c.add(t, m[0]+" in the header, another first", h.sign(t, append(object{{m[0], `"none"`}}, h.header()...).String(), h.claims().String()))
		c.add(t, m[0]+" in the header, another last", h.sign(t, h.header().and(m[0], `"none"`).String(), h.claims().String()))
		c.add(t, m[0]+" in the header, escaped", h.sign(t, h.header().and(escape(m[0]), m[1]).String(), h.claims().String()))
	}
	for where, raw := range map[string]string{
		"a private claim's member":            `{"y":1,"y":1}`,
		"one below a list":                    `[{"y":1,"y":2}]`,
		"one three objects down":              `{"a":{"b":{"y":1,"y":2}}}`,
		"a member with no name":               `{"":1,"":2}`,
		"one spelled with an escape":          `{"y":1,"\u0079":2}`,
		"one that is an object":               `{"y":{},"y":{}}`,
		"one outside of the Basic Plane":      `{"😀":1,"\ud83d\ude00":2}`,
		"one among many":                      `{"a":1,"b":2,"c":3,"d":4,"a":5}`,
		"one in the second object of a list":  `[{"y":1},{"y":1,"y":1}]`,
		"one behind an object of another one": `{"y":{"y":1},"y":2}`,
	} {
		c.add(t, where, h.sign(t, h.header().String(), h.claims().with("x", raw).String()))
	}
	c.add(t, "a private claim", h.sign(t, h.header().String(), h.claims().and("x", "1").and("x", "2").String()))
	c.add(t, "act's subject", h.sign(t, h.header().String(), h.claims().with("act", `{"sub":"a","sub":"b"}`).String()))
	return c
}

func hexByte(b byte) string {
	const digits = "0123456789abcdef"
	return string([]byte{digits[b>>4], digits[b&15]})
}

// otherCases are names that are a claim's but for the case of a letter, beside the claim and in its stead.
func otherCases(t testing.TB, h *house) class {
	c := newClass(token.ErrClaims)
	values := h.claims().with("nbf", date(0)).with("scope", `"x"`).with("act", `{"sub":"x"}`).with("cnf", "{}")
	for _, m := range values {
		name := m[0]
		variants := map[string]bool{
			strings.ToUpper(name):                                       true,
			strings.ToUpper(name[:1]) + name[1:]:                        true,
			name[:len(name)-1] + strings.ToUpper(name[len(name)-1:]):    true,
			strings.ReplaceAll(name, "s", "ſ"):                          true,
			strings.ToUpper(strings.ReplaceAll(name, "s", "\x01")):      false,
			strings.Replace(strings.ToUpper(name), "S", "ſ", 1):         true,
			strings.ReplaceAll(name, "k", "\u212a"):                     true,
			`\u00` + hexByte(name[0]&^0x20) + strings.ToLower(name[1:]): true,
		}
		for variant, wanted := range variants {
			if !wanted || variant == name {
				continue
			}
			c.add(t, variant+" beside "+name, h.sign(t, h.header().String(), h.claims().and(variant, m[1]).String()))
			c.add(t, variant+" before "+name, h.sign(t, h.header().String(), append(object{{variant, m[1]}}, h.claims()...).String()))
			c.add(t, variant+" for "+name, h.sign(t, h.header().String(), h.claims().without(name).and(variant, m[1]).String()))
		}
	}
	return c
}
