package password_test

import (
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"
	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/password"
)

const (
	salt16 = "c29tZXNhbHQxMjM0NTY"
	key32  = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	hex32  = "0000000000000000000000000000000000000000000000000000000000000000"
	tail53 = "CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"
)

func TestWhatCostsTooMuchOrIsNoHashIsNotAdopted(t *testing.T) {
	tests := map[string]struct {
		hash string
		want bool
	}{
		"nothing":                               {"", false},
		"a password":                            {"correct horse battery", false},
		"hexadecimal digits alone":              {hex32, false},
		"one of ours, marked":                   {"raw:$2b$12$" + tail53, false},
		"as long as no hash is":                 {"$pbkdf2-sha256$1000$" + strings.Repeat("A", 600) + "$" + key32, false},
		"MD5 crypt":                             {"$1$Gwzk6VAb$0b.FnV/z3WV7JsdT0JUMT1", false},
		"a NUL":                                 {"$2b$12$" + tail53[:52] + "\x00", false},
		"bcrypt, cost 14":                       {"$2b$14$" + tail53, true},
		"bcrypt, cost 15":                       {"$2b$15$" + tail53, false},
		"bcrypt, cost 31":                       {"$2b$31$" + tail53, false},
		"bcrypt, cost 3":                        {"$2b$03$" + tail53, false},
		"bcrypt, cost +9":                       {"$2b$+9$" + tail53, false},
		"bcrypt, no cost":                       {"$2b$$" + tail53, false},
		"bcrypt, 2x":                            {"$2x$10$" + tail53, false},
		"bcrypt, 2":                             {"$2$10$" + tail53 + "A", false},
		"bcrypt, cut":                           {"$2b$12$" + tail53[:52], false},
		"bcrypt, too long":                      {"$2b$12$" + tail53 + "A", false},
		"bcrypt, another letter":                {"$2b$12$" + tail53[:52] + "!", false},
		"bcrypt, a letter within":               {"$2b$12$" + tail53[:20] + "=" + tail53[21:], false},
		"Django's bcrypt, cost 15":              {"bcrypt_sha256$$2b$15$" + tail53, false},
		"Django's bcrypt, of nothing":           {"bcrypt$", false},
		"Argon2id, 256 MiB, 3 passes":           {"$argon2id$v=19$m=262144,t=3,p=4$" + salt16 + "$" + key32, true},
		"Argon2id, 256 MiB, 4 passes":           {"$argon2id$v=19$m=262144,t=4,p=4$" + salt16 + "$" + key32, false},
		"Argon2id, 257 MiB":                     {"$argon2id$v=19$m=263168,t=1,p=1$" + salt16 + "$" + key32, false},
		"Argon2id, 17 passes":                   {"$argon2id$v=19$m=64,t=17,p=1$" + salt16 + "$" + key32, false},
		"Argon2id, 17 lanes":                    {"$argon2id$v=19$m=1024,t=1,p=17$" + salt16 + "$" + key32, false},
		"Argon2id, 257 lanes":                   {"$argon2id$v=19$m=1024,t=1,p=257$" + salt16 + "$" + key32, false},
		"Argon2id, more than 32 bits":           {"$argon2id$v=19$m=4294967360,t=1,p=1$" + salt16 + "$" + key32, false},
		"Argon2id, no passes":                   {"$argon2id$v=19$m=64,t=0,p=1$" + salt16 + "$" + key32, false},
		"Argon2id, version 16":                  {"$argon2id$v=16$m=64,t=1,p=1$" + salt16 + "$" + key32, false},
		"Argon2id, no version":                  {"$argon2id$m=64,t=1,p=1$" + salt16 + "$" + key32, false},
		"Argon2id, with data":                   {"$argon2id$v=19$m=64,t=1,p=1,data=AAAA$" + salt16 + "$" + key32, false},
		"Argon2id, a salt of 7":                 {"$argon2id$v=19$m=64,t=1,p=1$c2Vhc2FsdA$" + key32, false},
		"Argon2id, no key":                      {"$argon2id$v=19$m=64,t=1,p=1$" + salt16 + "$", false},
		"Argon2i":                               {"$argon2i$v=19$m=4096,t=3,p=1$" + salt16 + "$" + key32, true},
		"Argon2d":                               {"$argon2d$v=19$m=4096,t=3,p=1$" + salt16 + "$" + key32, false},
		"Django's Argon2id":                     {"argon2$argon2id$v=19$m=102400,t=2,p=8$" + salt16 + "$" + key32, true},
		"scrypt, 128 MiB":                       {"$scrypt$ln=17,r=8,p=1$" + salt16 + "$" + key32, true},
		"scrypt, 128 MiB twice":                 {"$scrypt$ln=17,r=8,p=2$" + salt16 + "$" + key32, true},
		"scrypt, 128 MiB three times":           {"$scrypt$ln=17,r=8,p=3$" + salt16 + "$" + key32, false},
		"scrypt, 256 MiB":                       {"$scrypt$ln=18,r=8,p=1$" + salt16 + "$" + key32, false},
		"scrypt, 256 MiB by r":                  {"$scrypt$ln=14,r=128,p=1$" + salt16 + "$" + key32, false},
		"scrypt, beyond an int":                 {"$scrypt$ln=30,r=1073741824,p=1073741824$" + salt16 + "$" + key32, false},
		"scrypt, little but p":                  {"$scrypt$ln=1,r=1,p=1073741823$" + salt16 + "$" + key32, false},
		"scrypt, N 1":                           {"$scrypt$ln=0,r=8,p=1$" + salt16 + "$" + key32, false},
		"scrypt, N beyond an int":               {"$scrypt$ln=64,r=8,p=1$" + salt16 + "$" + key32, false},
		"scrypt, r 0":                           {"$scrypt$ln=14,r=0,p=1$" + salt16 + "$" + key32, false},
		"scrypt, p 0":                           {"$scrypt$ln=14,r=8,p=0$" + salt16 + "$" + key32, false},
		"scrypt, in another order":              {"$scrypt$r=8,ln=14,p=1$" + salt16 + "$" + key32, false},
		"scrypt, no salt":                       {"$scrypt$ln=14,r=8,p=1$$" + key32, false},
		"scrypt, padded":                        {"$scrypt$ln=14,r=8,p=1$" + salt16 + "=$" + key32 + "=", true},
		"scrypt, a line break":                  {"$scrypt$ln=14,r=8,p=1$" + salt16 + "$" + key32[:20] + "\n" + key32[20:], false},
		"scrypt, a part more":                   {"$scrypt$ln=14,r=8,p=1$" + salt16 + "$" + key32 + "$", false},
		"Django's scrypt, N no power of 2":      {"scrypt$16383$seasalt$8$1$" + key32, false},
		"Django's scrypt, N 1":                  {"scrypt$1$seasalt$8$1$" + key32, false},
		"Werkzeug's scrypt, no hexadecimal":     {"scrypt:32768:8:1$seasalt$" + key32, false},
		"Werkzeug's scrypt":                     {"scrypt:32768:8:1$seasalt$" + hex32, true},
		"Werkzeug's scrypt, short of p":         {"scrypt:32768:8$seasalt$" + hex32, false},
		"Firebase's":                            {"$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk=" + key32 + "$" + salt16 + "$" + key32, true},
		"Firebase's, version 2":                 {"$fbscrypt$v=2,n=14,r=8,p=1,ss=Bw==,sk=" + key32 + "$" + salt16 + "$" + key32, false},
		"Firebase's, no signer":                 {"$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk=$" + salt16 + "$" + key32, false},
		"Firebase's, 256 MiB":                   {"$fbscrypt$v=1,n=18,r=8,p=1,ss=Bw==,sk=" + key32 + "$" + salt16 + "$" + key32, false},
		"PBKDF2, 2,000,000":                     {"$pbkdf2-sha256$2000000$" + salt16 + "$" + key32, true},
		"PBKDF2, 2,000,001":                     {"$pbkdf2-sha256$2000001$" + salt16 + "$" + key32, false},
		"PBKDF2, 2,000,000, a key of two":       {"$pbkdf2$2000000$" + salt16 + "$" + key32, false},
		"PBKDF2, none":                          {"$pbkdf2-sha256$0$" + salt16 + "$" + key32, false},
		"PBKDF2, fewer than none":               {"$pbkdf2-sha256$-1$" + salt16 + "$" + key32, false},
		"PBKDF2, beyond an int":                 {"$pbkdf2-sha256$18446744073709551617$" + salt16 + "$" + key32, false},
		"PBKDF2, another length than it says":   {"$pbkdf2-sha256$i=1000,l=16$" + salt16 + "$" + key32, false},
		"PBKDF2, MD5":                           {"$pbkdf2-md5$1000$" + salt16 + "$" + key32, false},
		"PBKDF2, a key of 8":                    {"$pbkdf2-sha256$1000$" + salt16 + "$AAAAAAAAAAA", false},
		"Django's PBKDF2":                       {"pbkdf2_sha256$1200000$seasalt$" + key32 + "=", true},
		"Django's PBKDF2, a NUL in the salt":    {"pbkdf2_sha256$1000$sea\x00salt$" + key32, false},
		"Django's PBKDF2, of nothing":           {"pbkdf2_$1000$seasalt$" + key32, false},
		"Django's password that cannot be used": {"!4OKBEajkn5PIt4m6lA9DnmJsGss3n1Emot4vZPbb", false},
		"Werkzeug's PBKDF2":                     {"pbkdf2:sha512:210000$seasalt$" + hex32, true},
		"Werkzeug's PBKDF2, no iterations":      {"pbkdf2:sha256$seasalt$" + hex32, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			kept, err := password.Adopt(test.hash)
			if (err == nil) != test.want {
				t.Fatalf("adopted as %q, %v", kept, err)
			}
			if test.want {
				return
			}
			shown, ok := errors.AsType[*auth.Error](err)
			if !ok || shown.Code != auth.InvalidInput || shown.Field != "passwordHash" || kept != "" {
				t.Errorf("kept %q and failed with %#v, want INVALID_INPUT of the field passwordHash", kept, err)
			}
			if secret := test.hash[strings.LastIndexAny(test.hash, "$ ")+1:]; secret != "" && strings.Contains(err.Error(), secret) {
				t.Errorf("the message %q holds a part of the hash", err)
			}
		})
	}
}

func TestAHashMadeElsewhereIsOfThePasswordsOwnBytes(t *testing.T) {
	const typed, normal = auth.Secret("ﬁsh & ｃhips"), auth.Secret("fish & chips")
	if norm.NFKC.String(typed.Reveal()) != normal.Reveal() {
		t.Fatal("the one is not the other's normal form")
	}
	h := password.NewHasher(1)
	kept := adopt(t, cheapPBKDF2(typed.Reveal()))
	for p, want := range map[auth.Secret]bool{typed: true, normal: false} {
		match, err := h.Check(t.Context(), password.Asker{}, kept, p)
		if err != nil || match.OK != want {
			t.Errorf("matches: %v, want %v, %v", match.OK, want, err)
		}
	}
	ours, err := h.Hash(t.Context(), password.Asker{}, typed)
	if err != nil {
		t.Fatal(err)
	}
	match, err := h.Check(t.Context(), password.Asker{}, adopt(t, ours), typed)
	if err != nil || match.OK {
		t.Errorf("one of ours, adopted as someone else's, matches what its normal form was hashed of: %v, %v", match.OK, err)
	}
}

// cheapPBKDF2 hashes as others do, with a single iteration.
func cheapPBKDF2(p string) string {
	key, err := pbkdf2.Key(sha256.New, p, []byte("seasalt"), 1, 32)
	if err != nil {
		panic(err)
	}
	return "pbkdf2_sha256$1$seasalt$" + base64.StdEncoding.EncodeToString(key)
}

func TestOneByteMoreLessOrOtherwiseIsAnotherPassword(t *testing.T) {
	h := password.NewHasher(1)
	make := map[string]func(p []byte) string{
		"PBKDF2": func(p []byte) string { return cheapPBKDF2(string(p)) },
		"bcrypt": func(p []byte) string {
			hash, err := bcrypt.GenerateFromPassword(p, bcrypt.MinCost)
			if err != nil {
				panic(err)
			}
			return string(hash)
		},
	}
	for name, hash := range make {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				right := rapid.SliceOfN(rapid.ByteRange(1, 255), 1, 60).Draw(t, "password")
				kept, err := password.Adopt(hash(right))
				if err != nil {
					t.Fatal(err)
				}
				wrong := mutated(t, right)
				for p, want := range map[string]bool{string(right): true, string(wrong): string(wrong) == string(right)} {
					match, err := h.Check(t.Context(), password.Asker{}, kept, auth.Secret(p))
					if err != nil || match.OK != want {
						t.Fatalf("of %q, %q matches: %v, %v", right, p, match.OK, err)
					}
				}
			})
		})
	}
}

// mutated changes, adds, or takes away one byte. A NUL may come in too.
func mutated(t *rapid.T, p []byte) []byte {
	at := rapid.IntRange(0, len(p)-1).Draw(t, "at")
	with := rapid.Byte().Draw(t, "with")
	switch rapid.IntRange(0, 2).Draw(t, "how") {
	case 0:
		return []byte(string(p[:at]) + string(with) + string(p[at+1:]))
	case 1:
		return append(append(append([]byte{}, p[:at+1]...), with), p[at+1:]...)
	default:
		return append(append([]byte{}, p[:at]...), p[at+1:]...)
	}
}

func FuzzAdopt(f *testing.F) {
	for _, test := range published {
		f.Add(test.hash)
	}
	f.Add(fmt.Sprintf("$scrypt$ln=1,r=1,p=%d$%s$%s", 1<<30, salt16, key32))
	f.Fuzz(func(t *testing.T, hash string) {
		kept, err := password.Adopt(hash)
		if err != nil {
			if shown, ok := errors.AsType[*auth.Error](err); !ok || shown.Field != "passwordHash" {
				t.Errorf("failed with %#v", err)
			}
			return
		}
		if kept != "raw:"+hash {
			t.Errorf("%q is kept as %q", hash, kept)
		}
		if strings.ContainsAny(hash, "\x00\n\r ") {
			t.Errorf("%q is adopted", hash)
		}
	})
}

// BenchmarkCheckMadeElsewhere is of what those who write such hashes ask for by themselves, and of what is just let in.
func BenchmarkCheckMadeElsewhere(b *testing.B) {
	key64 := strings.Repeat("A", 86)
	tests := map[string]string{
		"bcrypt 10":                    "$2b$10$" + tail53,
		"bcrypt 12":                    "$2b$12$" + tail53,
		"bcrypt 14, the most":          "$2b$14$" + tail53,
		"Argon2id 64 MiB 3":            "$argon2id$v=19$m=65536,t=3,p=4$" + salt16 + "$" + key32,
		"Argon2id Django":              "argon2$argon2id$v=19$m=102400,t=2,p=8$" + salt16 + "$" + key32,
		"Argon2id 256 MiB 3, the most": "$argon2id$v=19$m=262144,t=3,p=1$" + salt16 + "$" + key32,
		"scrypt 2^14 8 1":              "$scrypt$ln=14,r=8,p=1$" + salt16 + "$" + key32,
		"scrypt 2^16 8 1":              "$scrypt$ln=16,r=8,p=1$" + salt16 + "$" + key32,
		"scrypt 2^17 8 2, the most":    "$scrypt$ln=17,r=8,p=2$" + salt16 + "$" + key32,
		"PBKDF2 SHA-256 600000":        "$pbkdf2-sha256$600000$" + salt16 + "$" + key32,
		"PBKDF2 SHA-256, the most":     "$pbkdf2-sha256$2000000$" + salt16 + "$" + key32,
		"PBKDF2 SHA-512 210000":        "$pbkdf2-sha512$210000$" + salt16 + "$" + key64,
		"PBKDF2 SHA-512, the most":     "$pbkdf2-sha512$2000000$" + salt16 + "$" + key64,
	}
	h := password.NewHasher(1)
	for name, hash := range tests {
		kept, err := password.Adopt(hash)
		if err != nil {
			b.Fatal(name, err)
		}
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := h.Check(b.Context(), password.Asker{}, kept, "correct horse battery"); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
