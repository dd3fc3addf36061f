package postgres_test

import (
	"testing"
	"time"

	"github.com/fieldward/fieldward/auth/keyring"
)

// resealed seals everything again, as a serializable transaction, and has someone else be faster for so many times. It
// returns how often it was begun.
func resealed(t *testing.T, h house, overtakings int) (begun int, err error) {
	t.Helper()
	faster := raw(t, h.proxy.url)
	err = h.Reseal(t.Context(), func(all keyring.Sealed) (keyring.Sealed, error) {
		begun++
		if begun <= overtakings {
			_, err := faster.Exec(`UPDATE secrets SET created_at = created_at + INTERVAL '1 second'`)
			must(t, err)
		}
		for i := range all.Secrets {
			all.Secrets[i].Sealed = append(all.Secrets[i].Sealed, 2)
		}
		return all, nil
	})
	return begun, err
}

func houseWithSecret(t *testing.T) house {
	t.Helper()
	h := newHouse(t)
	must(t, h.AddSecret(t.Context(), keyring.SealedSecret{Kind: "refresh", Version: 1, Sealed: []byte{1}, CreatedAt: noon()}))
	return h
}

// sealIs wants the one secret to be sealed as if each transaction that succeeded had run alone.
func sealIs(t *testing.T, h house, want ...byte) {
	t.Helper()
	secrets, err := h.Secrets(t.Context())
	must(t, err)
	if len(secrets) != 1 || string(secrets[0].Sealed) != string(want) {
		t.Errorf("the secrets are %v", secrets)
	}
}

func TestSerializableChangeThatIsOvertakenIsBegunAnew(t *testing.T) {
	h := houseWithSecret(t)
	begun, err := resealed(t, h, 3)
	must(t, err)
	if begun != 4 {
		t.Errorf("it is begun %d times", begun)
	}
	sealIs(t, h, 1, 2)
}

func TestSerializableChangeThatIsOvertakenAlwaysGivesUp(t *testing.T) {
	h := houseWithSecret(t)
	const tries, longest = 20, 15 * time.Second
	from := time.Now()
	begun, err := resealed(t, h, 1000)
	isUnavailable(t, err, "The server is busy.")
	if took := time.Since(from); begun != tries || took > longest {
		t.Errorf("it is begun %d times, in %s", begun, took)
	}
	sealIs(t, h, 1)
}
