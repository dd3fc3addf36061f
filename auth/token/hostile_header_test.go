package token_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/asn1"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"hash"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"github.com/fieldward/fieldward/auth/token"
)

// headerMembers tell a verifier what to do or whom to trust, or nothing that this server would say.
func headerMembers(t testing.TB, h *house) class {
	c := newClass(token.ErrHeader)
	ownKey := string(h.store.keys[0].Public)
	members := object{
		{"crit", `["exp"]`},
		{"crit", `["b64"]`},
		{"crit", `[]`},
		{"crit", `null`},
		{"crit", `"exp"`},
		{"b64", `false`},
		{"b64", `true`},
		{"zip", `"DEF"`},
		{"jwk", ownKey},
		{"jwk", `{}`},
		{"jwk", `null`},
		{"jku", `"https://attacker.example/jwks.json"`},
		{"jku", quote(issuer + "/.well-known/jwks.json")},
		{"x5u", `"https://attacker.example/cert.pem"`},
		{"x5c", `["MIIB"]`},
		{"x5c", `[]`},
		{"x5t", `"AAAAAAAAAAAAAAAAAAAAAAAAAAA"`},
		{"x5t#S256", `"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"`},
		{"cty", `"JWT"`},
		{"cty", `"at+jwt"`},
		{"enc", `"A256GCM"`},
		{"epk", ownKey},
		{"apu", `"AA"`},
		{"apv", `"AA"`},
		{"p2c", `1000000000`},
		{"p2s", `"AAAAAAAAAAA"`},
		{"iv", `"AAAA"`},
		{"tag", `"AAAA"`},
		{"url", `"https://attacker.example"`},
		{"nonce", `"n"`},
		{"ppt", `"shaken"`},
		{"svt", `[]`},
		{"trust_chain", `[]`},
		{"iss", quote(issuer)},
		{"exp", date(life)},
		{"unknown", `true`},
		{"", `""`},
		{"ALG", `"ES256"`},
		{"Alg", `"none"`},
		{"KID", quote(h.ring.Signing().KeyID)},
		{"Kid", `"x"`},
		{"\u212aid", `"x"`},
		{"TYP", `"at+jwt"`},
		{"Crit", `["exp"]`},
		{"JWK", ownKey},
		{"alg ", `"none"`},
	}
	for _, m := range members {
		c.add(t, m[0]+": "+m[1], h.sign(t, h.header().and(m[0], m[1]).String(), h.claims().String()))
	}
	return c
}

// headerTypes are alg, kid or typ missing, or no string.
func headerTypes(t testing.TB, h *house) class {
	c := newClass(token.ErrHeader)
	for _, name := range []string{"alg", "kid", "typ"} {
		c.add(t, "no "+name, h.sign(t, h.header().without(name).String(), h.claims().String()))
		for _, raw := range []string{"null", "true", "0", "256", `""`, "[]", "{}", `["ES256"]`, `["at+jwt"]`, `{"alg":"ES256"}`} {
			c.add(t, name+": "+raw, h.sign(t, h.header().with(name, raw).String(), h.claims().String()))
		}
	}
	c.add(t, "no member at all", h.sign(t, "{}", h.claims().String()))
	c.add(t, "alg alone", h.sign(t, `{"alg":"ES256"}`, h.claims().String()))
	return c
}

// types are every other typ.
func types(t testing.TB, h *house) class {
	c := newClass(token.ErrHeader)
	for _, typ := range []string{
		"JWT", "jwt", "JOSE", "AT+JWT", "at+JWT", "At+jwt", "application/at+jwt", "application/AT+JWT", "application/jwt",
		"at+jwt ", " at+jwt", "at+jwt;v=1", "at+jwt\t", "at +jwt", "at-jwt", "at+jwts", "at+jw", "none", "rt+jwt", "refresh+jwt",
		"id+jwt", "it+jwt", "reset+jwt", "verify+jwt", "logout+jwt", "secevent+jwt", "dpop+jwt", "client-authentication+jwt",
		"token-introspection+jwt", "entity-statement+jwt", "kb+jwt", "vc+sd-jwt", "oauth-authz-req+jwt", "at+cwt", "ａt+jwt", "at＋jwt",
	} {
		c.add(t, typ, h.sign(t, h.header().with("typ", quote(typ)).String(), h.claims().String()))
	}
	return c
}

// algorithms are those that the key does not have, with its true signature, with none worth the name, and with zeros.
func algorithms(t testing.TB, h *house) class {
	c := newClass(token.ErrAlgorithm)
	for _, alg := range []string{
		"none", "None", "NONE", "nOnE", "none ", "HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512",
		"ES384", "ES512", "ES256K", "ESP256", "EdDSA", "Ed25519", "es256", "Es256", "ES-256", "ES256 ", " ES256", "ＥS256", "SHA256withECDSA",
		"dir", "RSA-OAEP", "A256GCMKW", "PBES2-HS256+A128KW", "true", "null", "../ES256",
	} {
		text := h.sign(t, h.header().with("alg", quote(alg)).String(), h.claims().String())
		signed := text[:strings.LastIndexByte(text, '.')]
		c.add(t, alg+", truly signed", text)
		c.add(t, alg+", with a byte for a signature", signed+".AA")
		c.add(t, alg+", with zeros for a signature", signed+"."+base64URL(strings.Repeat("\x00", 64)))
	}
	return c
}

// confusions use what is public, or empty, as the secret of an HMAC, or a key of another type.
func confusions(t testing.TB, h *house) class {
	c := newClass(token.ErrAlgorithm)
	public := h.public(t).(*ecdsa.PublicKey)
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	point, err := public.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	block := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	secrets := map[string][]byte{
		"PEM": block, "PEM without its last line break": block[:len(block)-1], "DER": der, "the JWK": h.store.keys[0].Public,
		"the point": point, "its coordinates": point[1:], "x": point[1:33], "the kid": []byte(h.ring.Signing().KeyID),
		"nothing": nil, "a zero": {0}, "32 zeros": make([]byte, 32), "the issuer": []byte(issuer),
	}
	for name, secret := range secrets {
		for alg, newHash := range map[string]func() hash.Hash{"HS256": sha256.New, "HS384": sha512.New384, "HS512": sha512.New} {
			mac := hmac.New(newHash, secret)
			signed := base64URL(h.header().with("alg", quote(alg)).String()) + "." + base64URL(h.claims().String())
			mac.Write([]byte(signed))
			c.add(t, alg+" with "+name, signed+"."+base64URL(string(mac.Sum(nil))))
		}
	}
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for alg, key := range map[string]any{"RS256": rsaKey, "PS256": rsaKey, "ES384": p384} {
		signed := base64URL(h.header().with("alg", quote(alg)).String()) + "." + base64URL(h.claims().String())
		signature, err := jwt.GetSigningMethod(alg).Sign(signed, key)
		if err != nil {
			t.Fatal(err)
		}
		c.add(t, alg+" with a key of that type", signed+"."+base64URL(string(signature)))
	}
	return c
}

// foreignKeys are named by kid, or stand behind the kid that is known.
func foreignKeys(t testing.TB, h *house) class {
	c := newClass(token.ErrUnknownKey, token.ErrSignature)
	other := newHouse(t)
	c.add(t, "another server's key under its own kid", other.sign(t, other.header().String(), h.claims().String()))
	c.add(t, "another server's key under our kid", other.sign(t, h.header().String(), h.claims().String()))
	c.add(t, "our key under another server's kid", h.sign(t, other.header().String(), h.claims().String()))
	c.add(t, "another server's token", other.issue(t).Token)
	kid := h.ring.Signing().KeyID
	swapped := strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' {
			return r - 'a' + 'A'
		}
		return r
	}, kid)
	for _, id := range []string{
		"unknown", " ", kid + " ", " " + kid, kid + "=", kid[:len(kid)-1], kid + "A", swapped + "!", string(h.store.keys[0].ID), "../../dev/null",
		"/proc/sys/kernel/randomize_va_space", "' OR 1=1 --", "1; DROP TABLE keys", "https://attacker.example/key", "*", "%", "0", "1", "null",
		kid + "," + kid, "file:///etc/passwd", "$(id)", strings.Repeat("A", 4000), kid[1:] + kid[:1],
	} {
		c.add(t, "kid "+id[:min(len(id), 60)], h.sign(t, h.header().with("kid", quote(id)).String(), h.claims().String()))
	}
	return c
}

// signatures are cut, stretched, spelled otherwise, out of range, or someone else's.
func signatures(t testing.TB, h *house) class {
	c := newClass(token.ErrSignature)
	good := h.sign(t, h.header().String(), h.claims().String())
	dot := strings.LastIndexByte(good, '.')
	signed, signature := good[:dot+1], unbase64(t, good[dot+1:])
	add := func(name string, signature []byte) { c.add(t, name, signed+base64URL(string(signature))) }

	for n := 1; n < len(signature); n++ {
		add(fmt.Sprintf("cut to %d bytes", n), signature[:n])
	}
	for i := range signature {
		changed := slices.Clone(signature)
		changed[i] ^= 1
		add(fmt.Sprintf("byte %d changed", i), changed)
	}
	r, s := signature[:32], signature[32:]
	zero := make([]byte, 32)
	add("a byte more", append(slices.Clone(signature), 0))
	add("a byte before", append([]byte{0}, signature...))
	add("twice", slices.Repeat(signature, 2))
	add("r and s changed over", slices.Concat(s, r))
	add("r and s stretched to 33 bytes", slices.Concat([]byte{0}, r, []byte{0}, s))
	add("r and s stretched to 48 bytes", slices.Concat(zero[:16], r, zero[:16], s))
	add("in hexadecimal", []byte(hex.EncodeToString(signature)))
	add("in base64 again", []byte(base64URL(string(signature))))
	add("a 4 before, as of a point", append([]byte{4}, signature...))
	for name, der := range map[string]any{
		"in DER":                         struct{ R, S *big.Int }{new(big.Int).SetBytes(r), new(big.Int).SetBytes(s)},
		"in DER with a third number":     struct{ R, S, T *big.Int }{new(big.Int).SetBytes(r), new(big.Int).SetBytes(s), new(big.Int)},
		"in DER of s, with a zero for r": struct{ R, S *big.Int }{new(big.Int), new(big.Int).SetBytes(s)},
	} {
		text, err := asn1.Marshal(der)
		if err != nil {
			t.Fatal(err)
		}
		add(name, text)
	}
	n := elliptic.P256().Params().N
	p := elliptic.P256().Params().P
	edge := map[string]*big.Int{
		"0": new(big.Int), "1": big.NewInt(1), "n-1": new(big.Int).Sub(n, big.NewInt(1)), "n": n, "n+1": new(big.Int).Add(n, big.NewInt(1)),
		"p": p, "p-n": new(big.Int).Sub(p, n), "2^256-1": new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 256), big.NewInt(1)),
	}
	for rName, rEdge := range edge {
		for sName, sEdge := range edge {
			add("r is "+rName+", s is "+sName, slices.Concat(rEdge.FillBytes(make([]byte, 32)), sEdge.FillBytes(make([]byte, 32))))
		}
		add("r is true, s is "+rName, slices.Concat(r, rEdge.FillBytes(make([]byte, 32))))
		add("s is true, r is "+rName, slices.Concat(rEdge.FillBytes(make([]byte, 32)), s))
	}
	another := h.issue(t).Token
	c.add(t, "another token's", signed+another[strings.LastIndexByte(another, '.')+1:])
	payloadSigned, err := h.ring.Signing().Sign(strings.Split(good, ".")[1])
	if err != nil {
		t.Fatal(err)
	}
	add("over the payload alone", payloadSigned)
	decodedSigned, err := h.ring.Signing().Sign(h.header().String() + "." + h.claims().String())
	if err != nil {
		t.Fatal(err)
	}
	add("over the decoded segments", decodedSigned)
	c.add(t, "over another header", base64URL(h.header().String()+" ")+strings.TrimPrefix(good, strings.Split(good, ".")[0]))
	c.add(t, "over another subject", signedOver(good, h.claims().with("sub", quote("usr_00000000000000000000000000")).String()))
	c.add(t, "over other roles", signedOver(good, h.claims().with("roles", `["ADMIN"]`).String()))
	return c
}

// signedOver puts another payload beneath a token's signature.
func signedOver(text, payload string) string {
	s := strings.Split(text, ".")
	return s[0] + "." + base64URL(payload) + "." + s[2]
}
