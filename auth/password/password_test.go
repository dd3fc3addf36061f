package password_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/password"
)

func TestAHashMatchesItsOwnPasswordAlone(t *testing.T) {
	h := password.NewHasher(1)
	hash, err := h.Hash(t.Context(), password.Asker{}, "correct horse battery")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("the hash is %q, not Argon2id with OWASP's parameters", hash)
	}
	tests := map[string]struct {
		password auth.Secret
		want     bool
	}{
		"the password":          {"correct horse battery", true},
		"another":               {"correct horse batterz", false},
		"empty":                 {"", false},
		"with a space behind":   {"correct horse battery ", false},
		"in another case":       {"Correct horse battery", false},
		"in wide letters, NFKC": {"ｃorrect horse battery", true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			match, err := h.Check(t.Context(), password.Asker{}, hash, test.password)
			if err != nil {
				t.Fatal(err)
			}
			if match.OK != test.want {
				t.Errorf("matches: %v, want %v", match.OK, test.want)
			}
			if match.Stale {
				t.Error("a hash made just now is stale")
			}
		})
	}
}

func TestTwoHashesOfOnePasswordDiffer(t *testing.T) {
	h := password.NewHasher(1)
	one, err1 := h.Hash(t.Context(), password.Asker{}, "correct horse battery")
	two, err2 := h.Hash(t.Context(), password.Asker{}, "correct horse battery")
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	if one == two {
		t.Error("the salt is the same")
	}
}

func TestAHashOfOtherParametersIsStale(t *testing.T) {
	const weaker = "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQxMjM0NTY$"
	h := password.NewHasher(1)
	match, err := h.Check(t.Context(), password.Asker{}, weaker+strings.Repeat("A", 43), "whatever it is")
	if err != nil {
		t.Fatal(err)
	}
	if !match.Stale {
		t.Error("a hash of weaker parameters is not stale")
	}
}

func TestAMalformedHashIsAnError(t *testing.T) {
	tests := map[string]string{
		"empty":             "",
		"another algorithm": "$2a$10$abcdefghijklmnopqrstuv",
		"another version":   "$argon2id$v=16$m=64,t=1,p=1$c29tZXNhbHQxMjM0NTY$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"too much memory":   "$argon2id$v=19$m=4194304,t=1,p=1$c29tZXNhbHQxMjM0NTY$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"no passes":         "$argon2id$v=19$m=64,t=0,p=1$c29tZXNhbHQxMjM0NTY$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"not base64":        "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQxMjM0NTY$!!!",
		"no key":            "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQxMjM0NTY$",
	}
	h := password.NewHasher(1)
	for name, phc := range tests {
		t.Run(name, func(t *testing.T) {
			if match, err := h.Check(t.Context(), password.Asker{}, phc, "whatever it is"); err == nil {
				t.Errorf("no error, and match is %+v", match)
			}
		})
	}
}

func TestAFullGateTurnsAway(t *testing.T) {
	h := password.NewHasher(1)
	var (
		wg   sync.WaitGroup
		mu   sync.Mutex
		away int
	)
	for range 80 { // 1 inside and 32 waiting
		wg.Go(func() {
			_, err := h.Hash(t.Context(), password.Asker{}, "correct horse battery")
			if err == nil {
				return
			}
			if known, ok := errors.AsType[*auth.Error](err); !ok || known.Code != auth.Unavailable || known.RetryAfter <= 0 {
				t.Errorf("turned away with %v", err)
			}
			mu.Lock()
			defer mu.Unlock()
			away++
		})
	}
	wg.Wait()
	if away == 0 || away == 80 {
		t.Errorf("%d of 80 were turned away", away)
	}
}

func TestWhoHasGoneIsNotHashed(t *testing.T) {
	h := password.NewHasher(1)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var failed int
	for range 20 { // a free place may still be taken
		if _, err := h.Hash(ctx, password.Asker{}, "correct horse battery"); errors.Is(err, context.Canceled) {
			failed++
		}
	}
	if failed != 20 {
		t.Errorf("%d of 20 hashes were made for someone who has gone", 20-failed)
	}
}

func TestPolicy(t *testing.T) {
	tests := map[string]struct {
		password string
		want     auth.Code
	}{
		"long enough":                        {"correct horse battery", ""},
		"eight characters":                   {"vq7pzk2m", ""},
		"eight characters of several bytes":  {"äöüßäöüß", ""},
		"seven characters":                   {"vq7pzk2", auth.WeakPassword},
		"empty":                              {"", auth.InvalidInput},
		"256 characters":                     {strings.Repeat("ab", 128), ""},
		"257 characters":                     {strings.Repeat("ab", 128) + "c", auth.InvalidInput},
		"256 that are more when normal":      {strings.Repeat("ﬃ", 256), auth.InvalidInput},
		"among the commonest":                {"password1", auth.WeakPassword},
		"among the commonest, in capitals":   {"PassWord1", auth.WeakPassword},
		"among the commonest, wide":          {"ｐassword1", auth.WeakPassword},
		"the user's name":                    {"Ada Lovelace", auth.WeakPassword},
		"the user's address in another case": {"ADA@example.com", auth.WeakPassword},
		"a NUL":                              {"vq7pzk2m\x00", auth.InvalidInput},
		"invalid UTF-8":                      {"vq7pzk2m\xff", auth.InvalidInput},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			err := password.Policy{MinLength: 8}.Check("password", auth.Secret(test.password), "Ada Lovelace", "ada@example.com")
			if test.want == "" {
				if err != nil {
					t.Errorf("refused: %v", err)
				}
				return
			}
			known, ok := errors.AsType[*auth.Error](err)
			if !ok || known.Code != test.want || known.Field != "password" {
				t.Errorf("got %#v, want %s of the field password", err, test.want)
			}
		})
	}
}

func BenchmarkHash(b *testing.B) {
	h := password.NewHasher(1)
	for b.Loop() {
		if _, err := h.Hash(b.Context(), password.Asker{}, "correct horse battery"); err != nil {
			b.Fatal(err)
		}
	}
}
