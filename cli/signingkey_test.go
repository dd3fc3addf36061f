package cli_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/fieldward/fieldward/cli"
)

// keyText is a new private key in PEM.
func keyText(t *testing.T, curve elliptic.Curve) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

func write(t *testing.T, name, text string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil { // past the umask
		t.Fatal(err)
	}
	return path
}

func TestSigningKeysAreReadInTheirOrder(t *testing.T) {
	first := write(t, "first.pem", keyText(t, elliptic.P384()), 0o600)
	second := write(t, "second.pem", keyText(t, elliptic.P256()), 0o400)
	made := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	if err := os.Chtimes(first, made, made); err != nil {
		t.Fatal(err)
	}
	keys, doubts, err := cli.ServeSettings{SigningKeyFile: []string{first, second}}.SigningKeys()
	if err != nil || len(doubts) > 0 || len(keys) != 2 {
		t.Fatalf("read %v, %q, %v", keys, doubts, err)
	}
	if keys[0].Algorithm != "ES384" || keys[1].Algorithm != "ES256" || !keys[0].CreatedAt.Equal(made) {
		t.Errorf("the keys are %s of %s, and %s", keys[0].Algorithm, keys[0].CreatedAt, keys[1].Algorithm)
	}
}

func TestAFileThatIsOpenToOthersIsDoubted(t *testing.T) {
	text := keyText(t, elliptic.P256())
	for mode, doubted := range map[os.FileMode]int{0o600: 0, 0o400: 0, 0o640: 1, 0o604: 1, 0o620: 1, 0o644: 1} {
		path := write(t, "key.pem", text, mode)
		keys, doubts, err := cli.ServeSettings{SigningKeyFile: []string{path}}.SigningKeys()
		if err != nil || len(keys) != 1 || len(doubts) != doubted {
			t.Errorf("with the mode %04o: %d keys, %q, %v", mode, len(keys), doubts, err)
		}
	}
}

func TestEveryBadSigningKeyFileIsNamedAndNothingOfItIsSaid(t *testing.T) {
	good := keyText(t, elliptic.P256())
	folder, pipe := t.TempDir(), filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	files := map[string]string{
		pipe: "not a file",
		write(t, "curve.pem", keyText(t, elliptic.P521()), 0o600):                                  "on the curve P-521",
		write(t, "short.jwk", `{"kty":"oct","k":"aHVudGVyMg"}`, 0o600):                             "the shared secret has 7 bytes",
		write(t, "encrypted.pem", strings.ReplaceAll(good, "PRIVATE", "ENCRYPTED PRIVATE"), 0o600): "encrypted",
		write(t, "public.pem", strings.ReplaceAll(good, "PRIVATE", "PUBLIC"), 0o600):               "public key",
		write(t, "empty.pem", "", 0o600):                                                           "neither a private JWK nor PEM",
		write(t, "endless.pem", strings.Repeat("A", 1<<20), 0o600):                                 "longer than",
		filepath.Join(folder, "missing.pem"):                                                       "no such file",
		folder:                                                                                     "not a file",
	}
	var paths []string
	for path := range files {
		paths = append(paths, path)
	}
	one, other := write(t, "one.pem", good, 0o600), write(t, "other.pem", good, 0o600)
	files[other] = "the same key as another file"
	keys, _, err := cli.ServeSettings{SigningKeyFile: append(paths, one, other)}.SigningKeys()
	if err == nil || len(keys) != 1 {
		t.Fatalf("read %d keys, %v", len(keys), err)
	}
	for path, says := range files {
		if !strings.Contains(err.Error(), path+": ") || !strings.Contains(err.Error(), says) {
			t.Errorf("of %s it does not say %q: %v", path, says, err)
		}
	}
	for line := range strings.SplitSeq(good, "\n") {
		if len(line) > 20 && !strings.HasPrefix(line, "-----") && strings.Contains(err.Error(), line[:20]) {
			t.Error("it repeats a part of a key")
		}
	}
	if strings.Contains(err.Error(), "aHVud") || strings.Contains(err.Error(), "hunter2") {
		t.Error("it repeats a secret")
	}
}
