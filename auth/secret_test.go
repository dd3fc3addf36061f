package auth_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/fieldward/fieldward/auth"
)

func TestASecretIsNeverPrinted(t *testing.T) {
	const word = "hunter22hunter22"
	secret := auth.Secret(word)
	inside := struct{ Password auth.Secret }{secret}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "secret", secret, "inside", inside)
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "secret", secret, "inside", inside)
	encoded, err := json.Marshal(inside)
	if err != nil {
		t.Fatal(err)
	}
	printed := log.String() + string(encoded)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		printed += fmt.Sprintf(verb, secret) + fmt.Sprintf(verb, inside)
	}
	if strings.Contains(printed, word) || strings.Contains(printed, fmt.Sprintf("%x", word)) {
		t.Errorf("the secret is in %s", printed)
	}
	if secret.Reveal() != word {
		t.Error("Reveal does not")
	}
}
