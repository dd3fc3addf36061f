package keyring_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/fieldward/fieldward/auth/keyring"
)

// masterBytes hold every character in which the two base64 alphabets differ.
func masterBytes() []byte { return bytes.Repeat([]byte{0xfb, 0xff, 0xbf, 0x01}, 8) }

func TestAMasterKeyIsReadInEveryBase64(t *testing.T) {
	raw := masterBytes()
	want, err := keyring.ParseMasterKey(base64.StdEncoding.EncodeToString(raw))
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]string{
		"standard, without padding": base64.RawStdEncoding.EncodeToString(raw),
		"for URLs":                  base64.URLEncoding.EncodeToString(raw),
		"for URLs, without padding": base64.RawURLEncoding.EncodeToString(raw),
		"with a line's end":         base64.StdEncoding.EncodeToString(raw) + "\n",
		"with white space around":   " \t\r\n" + base64.StdEncoding.EncodeToString(raw) + " \r\n",
		"as it writes itself":       want.Text(),
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := keyring.ParseMasterKey(text)
			if err != nil || got != want {
				t.Errorf("not read: %v", err)
			}
		})
	}
}

func TestWhatIsNoMasterKeyIsRefusedAndNotRepeated(t *testing.T) {
	raw := masterBytes()
	text := base64.StdEncoding.EncodeToString(raw)
	tests := map[string]struct{ text, says string }{
		"nothing":               {"", "empty"},
		"white space":           {" \n\t", "empty"},
		"31 bytes":              {base64.StdEncoding.EncodeToString(raw[:31]), "31 bytes"},
		"33 bytes":              {base64.StdEncoding.EncodeToString(append(raw, 7)), "33 bytes"},
		"hexadecimal":           {hex.EncodeToString(raw), "48 bytes"},
		"a passphrase":          {"correct horse battery staple", "not base64"},
		"both alphabets":        {"+" + strings.Replace(text[1:], "/", "_", 1), "not base64"},
		"padding in the middle": {text[:8] + "=" + text[8:], "not base64"},
		"a line break within":   {text[:20] + "\n" + text[20:], "not base64"},
		"loose bits":            {text[:42] + "R=", "not base64"},
		"all zeros":             {base64.StdEncoding.EncodeToString(make([]byte, 32)), "zeros"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := keyring.ParseMasterKey(test.text)
			if err == nil || !strings.Contains(err.Error(), test.says) {
				t.Fatalf("the error does not say %q", test.says)
			}
			if given := strings.TrimSpace(test.text); given != "" && strings.Contains(err.Error(), given) {
				t.Error("the error repeats the text")
			}
		})
	}
}

func TestFingerprintsTellMasterKeysApart(t *testing.T) {
	a, b := keyring.NewMasterKey(), keyring.NewMasterKey()
	if a.Fingerprint() == b.Fingerprint() || len(a.Fingerprint()) != 16 {
		t.Errorf("the fingerprints are %s and %s", a.Fingerprint(), b.Fingerprint())
	}
}

func TestNothingSecretIsPrintedLoggedOrEncoded(t *testing.T) {
	master := keyring.NewMasterKey()
	ring := openNew(t, &memory{}, master)
	masterKey, err := base64.StdEncoding.DecodeString(master.Text())
	if err != nil {
		t.Fatal(err)
	}
	secret := ring.Secret(keyring.RefreshSecret)
	tests := map[string]struct {
		value any
		holds []byte
		shows string
	}{
		"a master key":            {master, masterKey, master.Fingerprint()},
		"a master key's address":  {&master, masterKey, master.Fingerprint()},
		"a master key in a field": {struct{ M keyring.MasterKey }{master}, masterKey, master.Fingerprint()},
		"a secret":                {secret, secret.Bytes, "refresh.1"},
		"a secret in a field":     {struct{ S keyring.Secret }{secret}, secret.Bytes, "refresh.1"},
		"a key":                   {ring.Signing(), []byte("private:"), ring.Signing().KeyID},
		"a key in a field":        {struct{ K keyring.Key }{ring.Signing()}, []byte("private:"), ring.Signing().KeyID},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			shown := map[string]string{}
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%o", "%b", "%c", "%U"} {
				shown[verb] = fmt.Sprintf(verb, test.value)
			}
			var log bytes.Buffer
			slog.New(slog.NewTextHandler(&log, nil)).Info("opened", "value", test.value)
			slog.New(slog.NewJSONHandler(&log, nil)).Info("opened", "value", test.value)
			shown["slog"] = log.String()
			text, _ := json.Marshal(test.value)
			shown["json"] = string(text)
			text, _ = xml.Marshal(test.value)
			shown["xml"] = string(text)
			for how, s := range shown {
				if leaks(s, test.holds) {
					t.Errorf("%s shows it", how)
				}
			}
			if !strings.Contains(shown["%v"], test.shows) {
				t.Errorf("%%v shows %s", shown["%v"])
			}
		})
	}
}

// leaks looks for a secret as it would be printed, by its first bytes.
func leaks(s string, secret []byte) bool {
	head := secret[:min(8, len(secret))]
	for _, form := range []string{
		string(head), hex.EncodeToString(head), base64.RawStdEncoding.EncodeToString(head[:len(head)/3*3]),
		strings.Trim(fmt.Sprintf("%d", head), "[]"), strings.Trim(fmt.Sprintf("%#v", head), "[]byte{}"),
	} {
		if form != "" && strings.Contains(strings.ToLower(s), strings.ToLower(form)) {
			return true
		}
	}
	return false
}

func FuzzParseMasterKey(f *testing.F) {
	f.Add(base64.StdEncoding.EncodeToString(masterBytes()))
	f.Add(base64.RawURLEncoding.EncodeToString(masterBytes()))
	f.Add("")
	f.Add("====")
	f.Fuzz(func(t *testing.T, text string) {
		m, err := keyring.ParseMasterKey(text)
		if err != nil {
			return
		}
		again, err := keyring.ParseMasterKey(m.Text())
		if err != nil || again != m {
			t.Error("what was read and written is not read again")
		}
	})
}
