package keyring_test

import (
	"bytes"
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"maps"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/keyring"
)

// made are private keys for these tests alone.
type made struct {
	p256, p384, p521 *ecdsa.PrivateKey
	rsa, short       *rsa.PrivateKey
	edwards          ed25519.PrivateKey
	secret           []byte
}

func makeAll(t testing.TB) made {
	t.Helper()
	var m made
	var errs [6]error
	m.p256, errs[0] = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	m.p384, errs[1] = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	m.p521, errs[2] = ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	m.rsa, errs[3] = rsa.GenerateKey(rand.Reader, 2048)
	m.short, errs[4] = rsa.GenerateKey(rand.Reader, 1024)
	_, m.edwards, errs[5] = ed25519.GenerateKey(rand.Reader)
	m.secret = make([]byte, 32)
	_, _ = rand.Read(m.secret)
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
	return m
}

func encoded(kind string, der []byte, err error) string {
	if err != nil {
		panic(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

func pkcs8(private any) string {
	der, err := x509.MarshalPKCS8PrivateKey(private)
	return encoded("PRIVATE KEY", der, err)
}

func sec1(private *ecdsa.PrivateKey) string {
	der, err := x509.MarshalECPrivateKey(private)
	return encoded("EC PRIVATE KEY", der, err)
}

func pkcs1(private *rsa.PrivateKey) string {
	return encoded("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(private), nil)
}

// jwk is a JWK under construction.
type jwk map[string]any

func (j jwk) with(name string, value any) jwk {
	changed := maps.Clone(j)
	changed[name] = value
	return changed
}

func (j jwk) without(names ...string) jwk {
	changed := maps.Clone(j)
	for _, name := range names {
		delete(changed, name)
	}
	return changed
}

func (j jwk) String() string {
	text, err := json.Marshal(j)
	if err != nil {
		panic(err)
	}
	return string(text)
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func ecJWK(k *ecdsa.PrivateKey) jwk {
	point, _ := k.PublicKey.Bytes()
	d, _ := k.Bytes()
	size := len(point) / 2
	return jwk{"kty": "EC", "crv": k.Curve.Params().Name, "x": b64(point[1 : 1+size]), "y": b64(point[1+size:]), "d": b64(d)}
}

func rsaJWK(k *rsa.PrivateKey) jwk {
	return jwk{
		"kty": "RSA", "n": b64(k.N.Bytes()), "e": b64(big.NewInt(int64(k.E)).Bytes()), "d": b64(k.D.Bytes()),
		"p": b64(k.Primes[0].Bytes()), "q": b64(k.Primes[1].Bytes()),
	}
}

func okpJWK(k ed25519.PrivateKey) jwk {
	return jwk{"kty": "OKP", "crv": "Ed25519", "x": b64(k.Public().(ed25519.PublicKey)), "d": b64(k.Seed())}
}

func octJWK(secret []byte) jwk { return jwk{"kty": "oct", "k": b64(secret)} }

func TestAPrivateKeyIsReadInEachForm(t *testing.T) {
	m := makeAll(t)
	tests := map[string]struct {
		text, algorithm string
		public          crypto.PublicKey
	}{
		"PKCS #8 on P-256":                {pkcs8(m.p256), "ES256", m.p256.Public()},
		"PKCS #8 on P-384":                {pkcs8(m.p384), "ES384", m.p384.Public()},
		"PKCS #8 on Ed25519":              {pkcs8(m.edwards), "EdDSA", m.edwards.Public()},
		"PKCS #8 of RSA":                  {pkcs8(m.rsa), "RS256", m.rsa.Public()},
		"SEC 1 on P-256":                  {sec1(m.p256), "ES256", m.p256.Public()},
		"SEC 1 on P-384":                  {sec1(m.p384), "ES384", m.p384.Public()},
		"PKCS #1":                         {pkcs1(m.rsa), "RS256", m.rsa.Public()},
		"SEC 1 with OpenSSL's parameters": {encoded("EC PARAMETERS", []byte{6, 8}, nil) + sec1(m.p256), "ES256", m.p256.Public()},
		"PEM with text around":            {"Bag Attributes\n" + pkcs8(m.p256) + "\n", "ES256", m.p256.Public()},
		"a JWK on P-256":                  {ecJWK(m.p256).String(), "ES256", m.p256.Public()},
		"a JWK on P-384":                  {ecJWK(m.p384).String(), "ES384", m.p384.Public()},
		"a JWK on Ed25519":                {okpJWK(m.edwards).String(), "EdDSA", m.edwards.Public()},
		"a JWK of RSA":                    {rsaJWK(m.rsa).String(), "RS256", m.rsa.Public()},
		"a JWK of a shared secret":        {octJWK(m.secret).String(), "HS256", m.secret},
		"a JWK that says what it is for": {
			ecJWK(m.p256).with("alg", "ES256").with("use", "sig").with("key_ops", []string{"sign"}).String(), "ES256", m.p256.Public(),
		},
		"a JWK with white space and more": {" \n" + okpJWK(m.edwards).with("nbf", 1).String() + "\n", "EdDSA", m.edwards.Public()},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			k, doubts, err := keyring.ParsePrivate([]byte(test.text), start())
			if err != nil || len(doubts) > 0 {
				t.Fatalf("not read: %v, %q", err, doubts)
			}
			if k.Algorithm != test.algorithm || !k.ID.Is(auth.KeyPrefix) || !k.CreatedAt.Equal(start()) {
				t.Errorf("it is %s, %s, %s", k.Algorithm, k.ID, k.CreatedAt)
			}
			signature, err := k.Sign("text")
			if err != nil {
				t.Fatal(err)
			}
			trusted, err := keyring.Trust(k.KeyID, test.algorithm, test.public)
			if err != nil {
				t.Fatal(err)
			}
			if trusted.Verify("text", signature) != nil || trusted.Verify("another", signature) == nil {
				t.Error("the public key does not verify what the private one signs, or more")
			}
			again, _, err := keyring.ParsePrivate([]byte(test.text), start())
			if err != nil || again.KeyID != k.KeyID || again.ID != k.ID {
				t.Errorf("read again it has another name: %v", err)
			}
		})
	}
}

func TestTheThumbprintIsThatOfTheRFC(t *testing.T) {
	// RFC 8037, appendix A.1 and A.3: a published key, which signs nothing.
	const text = `{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
		"x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`
	k, _, err := keyring.ParsePrivate([]byte(text), start())
	if err != nil || k.KeyID != "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k" {
		t.Errorf("it is %s, %v", k.KeyID, err)
	}
}

func TestAForeignKidIsDoubtedAndNotUsed(t *testing.T) {
	m := makeAll(t)
	plain, _, err := keyring.ParsePrivate([]byte(ecJWK(m.p256).String()), start())
	if err != nil {
		t.Fatal(err)
	}
	for kid, doubted := range map[string]int{"of-another-house": 1, plain.KeyID: 0} {
		k, doubts, err := keyring.ParsePrivate([]byte(ecJWK(m.p256).with("kid", kid).String()), start())
		if err != nil || len(doubts) != doubted || k.KeyID != plain.KeyID {
			t.Errorf("with the kid %s: %s, %q, %v", kid, k.KeyID, doubts, err)
		}
	}
}

func TestWhatIsNoPrivateKeyOfOursIsRefusedAndNotRepeated(t *testing.T) {
	m := makeAll(t)
	spki, err := x509.MarshalPKIXPublicKey(m.p256.Public())
	publicPEM := encoded("PUBLIC KEY", spki, err)
	p224, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	agreement, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	locked := string(pem.EncodeToMemory(&pem.Block{
		Type: "RSA PRIVATE KEY", Headers: map[string]string{"Proc-Type": "4,ENCRYPTED", "DEK-Info": "AES-128-CBC,00"}, Bytes: []byte("sealed"),
	}))
	cut := pkcs8(m.p256)
	ec, rs, okp := ecJWK(m.p256), rsaJWK(m.rsa), okpJWK(m.edwards)
	other := rsaJWK(makeAll(t).rsa)
	text := ec.String()
	tests := map[string]struct{ text, says string }{
		"nothing":                        {"", "neither a private JWK nor PEM"},
		"a letter":                       {"Dear diary,", "neither a private JWK nor PEM"},
		"a master key":                   {keyring.NewMasterKey().Text(), "neither a private JWK nor PEM"},
		"too long":                       {strings.Repeat(" ", keyring.MaxKeyText+1), "longer than"},
		"DER":                            {string(spki), "neither a private JWK nor PEM"},
		"P-521 in PEM":                   {pkcs8(m.p521), "on the curve P-521"},
		"P-521 in SEC 1":                 {sec1(m.p521), "on the curve P-521"},
		"P-224 in PEM":                   {pkcs8(p224), "on the curve P-224"},
		"X25519":                         {pkcs8(agreement), "signs by none of"},
		"RSA of 1024 bits, PKCS #8":      {pkcs8(m.short), "1024 bits"},
		"RSA of 1024 bits, PKCS #1":      {pkcs1(m.short), "1024 bits"},
		"a public key in PEM":            {publicPEM, "public key"},
		"an RSA public key in PEM":       {encoded("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(&m.rsa.PublicKey), nil), "public key"},
		"a certificate":                  {encoded("CERTIFICATE", spki, nil), "public key"},
		"encrypted PKCS #8":              {encoded("ENCRYPTED PRIVATE KEY", spki, nil), "encrypted"},
		"encrypted PKCS #1":              {locked, "encrypted"},
		"OpenSSH's form":                 {encoded("OPENSSH PRIVATE KEY", spki, nil), "OpenSSH"},
		"PEM of something else":          {encoded("X509 CRL", spki, nil), "neither a private JWK nor PEM"},
		"PEM that is cut":                {cut[:len(cut)/2], "neither a private JWK nor PEM"},
		"PEM with a broken key":          {encoded("PRIVATE KEY", []byte{1, 2, 3}, nil), "does not hold a sound private key"},
		"PKCS #8 under PKCS #1's name":   {strings.ReplaceAll(cut, "PRIVATE KEY", "RSA PRIVATE KEY"), "does not hold a sound private key"},
		"two keys":                       {pkcs8(m.p256) + pkcs8(m.p384), "more than one"},
		"a key and its public one":       {pkcs8(m.p256) + publicPEM, "more than one"},
		"a public JWK on P-256":          {ec.without("d").String(), "public key"},
		"a public JWK of RSA":            {rs.without("d", "p", "q").String(), "public key"},
		"a public JWK on Ed25519":        {okp.without("d").String(), "public key"},
		"a key set":                      {jwk{"keys": []any{ec}}.String(), "key set"},
		"no kty":                         {ec.without("kty").String(), "kty is none of"},
		"a shared secret of 31 bytes":    {octJWK(m.secret[:31]).String(), "31 bytes"},
		"a shared secret that is none":   {jwk{"kty": "oct"}.String(), "public key"},
		"a shared secret for HS512":      {octJWK(m.secret).with("alg", "HS512").String(), "alg is not HS256"},
		"P-521 in a JWK":                 {ecJWK(m.p521).String(), "on the curve P-521"},
		"secp256k1 in a JWK":             {ec.with("crv", "secp256k1").String(), "crv is neither"},
		"P-256's key under P-384's name": {ec.with("crv", "P-384").String(), "not a private key on P-384"},
		"another x":                      {ec.with("x", ecJWK(m.p384)["x"]).String(), "member x is not its private key's"},
		"no y":                           {ec.without("y").String(), "member y is not its private key's"},
		"a d of zero":                    {ec.with("d", b64(make([]byte, 32))).String(), "not a private key on P-256"},
		"a short d":                      {ec.with("d", b64([]byte{1})).String(), "not a private key on P-256"},
		"a d that is a number":           {ec.with("d", 7).String(), "member d is no string"},
		"a d with padding":               {ec.with("d", ec["d"].(string)+"=").String(), "member d is not base64url"},
		"a d with a line break":          {ec.with("d", ec["d"].(string)+"\n").String(), "member d is not base64url"},
		"ES384 on P-256":                 {ec.with("alg", "ES384").String(), "alg is not ES256"},
		"an alg that is a list":          {ec.with("alg", []string{"ES256"}).String(), "alg is not ES256"},
		"a key for encryption":           {ec.with("use", "enc").String(), "use is not sig"},
		"a key that may only verify":     {ec.with("key_ops", []string{"verify"}).String(), "key_ops"},
		"Ed448":                          {okp.with("crv", "Ed448").String(), "crv is not Ed25519"},
		"a short seed":                   {okp.with("d", b64(m.edwards.Seed()[:31])).String(), "not a private key on Ed25519"},
		"another key's x":                {okp.with("x", b64(m.secret)).String(), "member x is not its private key's"},
		"RSA of 1024 bits in a JWK":      {rsaJWK(m.short).String(), "1024 bits"},
		"RSA without its primes":         {rs.without("p", "q").String(), "member p is missing"},
		"RSA with another's primes":      {rs.with("p", other["p"]).with("q", other["q"]).String(), "not one RSA key"},
		"RSA with primes of one":         {rs.with("p", b64([]byte{1})).with("q", b64([]byte{1})).String(), "not one RSA key"},
		"RSA with another's exponent":    {rs.with("d", other["d"]).String(), "not one RSA key"},
		"RSA with a huge e":              {rs.with("e", rs["n"]).String(), "member e is too large"},
		"RSA of three primes":            {rs.with("oth", []any{}).String(), "more than two primes"},
		"a member twice":                 {text[:len(text)-1] + `,"d":"AQ"}`, "twice"},
		"JSON that is cut":               {text[:len(text)-1], "cannot be read"},
		"JSON with more behind":          {text + text, "cannot be read"},
		"JSON with a bracket behind":     {text + "]", "cannot be read"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			k, _, err := keyring.ParsePrivate([]byte(test.text), start())
			if err == nil || !strings.Contains(err.Error(), test.says) {
				t.Fatalf("the error is %v, not one of %q", err, test.says)
			}
			if _, err := k.Sign("text"); err == nil {
				t.Error("what was refused signs")
			}
			for _, secret := range []any{ec["d"], rs["d"], rs["p"], okp["d"], b64(m.secret), "Dear"} {
				if strings.Contains(err.Error(), secret.(string)) {
					t.Error("the error repeats a part of the text")
				}
			}
		})
	}
}

func TestASecretOfTheRightLengthIsTaken(t *testing.T) {
	for _, size := range []int{32, 33, 64, 1024} {
		secret := bytes.Repeat([]byte{7}, size)
		k, _, err := keyring.ParsePrivate([]byte(octJWK(secret).with("alg", "HS256").String()), start())
		if err != nil {
			t.Fatalf("%d bytes: %v", size, err)
		}
		if strings.Contains(k.String(), b64(secret)[:8]) {
			t.Error("its name holds the secret")
		}
	}
}

func FuzzParsePrivate(f *testing.F) {
	m := makeAll(f)
	for _, text := range []string{
		pkcs8(m.p256), pkcs8(m.edwards), sec1(m.p384), pkcs1(m.rsa), pkcs8(m.p521), ecJWK(m.p256).String(), rsaJWK(m.rsa).String(),
		okpJWK(m.edwards).String(), octJWK(m.secret).String(), `{"kty":"RSA"}`, "-----BEGIN", "{",
	} {
		f.Add([]byte(text))
	}
	known := []string{keyring.ES256, keyring.ES384, keyring.EdDSA, keyring.RS256, keyring.HS256}
	f.Fuzz(func(t *testing.T, text []byte) {
		k, _, err := keyring.ParsePrivate(text, start())
		if err != nil {
			return
		}
		signature, err := k.Sign("text")
		if err != nil || k.Verify("text", signature) != nil || !slices.Contains(known, k.Algorithm) {
			t.Errorf("a key of %s was taken that does not verify what it signs: %v", k.Algorithm, err)
		}
	})
}
