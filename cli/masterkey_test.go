package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/fieldward/fieldward/auth/keyring"
	"github.com/fieldward/fieldward/cli"
)

func TestEightThatStartAtOnceReadOneMasterKey(t *testing.T) {
	t.Setenv("FIELDWARD_MASTER_KEY", "")
	settings := cli.StoreSettings{Database: "sqlite:" + filepath.Join(t.TempDir(), "x.db")}
	var (
		wg   sync.WaitGroup
		mu   sync.Mutex
		seen = map[string]int{}
	)
	for range 8 {
		wg.Go(func() {
			key, err := settings.MasterKey("")
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			seen[key.Fingerprint()]++
		})
	}
	wg.Wait()
	if len(seen) != 1 {
		t.Errorf("there are %d master keys", len(seen))
	}
	info, err := os.Stat(settings.MasterKeyPath())
	if err != nil {
		t.Fatal(err)
	}
	if mode := info.Mode().Perm(); mode != 0o600 {
		t.Errorf("the file's mode is %o", mode)
	}
	files, err := os.ReadDir(filepath.Dir(settings.MasterKeyPath()))
	if err != nil || len(files) != 1 {
		t.Errorf("left behind: %v, %v", files, err)
	}
}

func TestADatabaseThatIsThrownAwayHasAMasterKeyOfItsOwn(t *testing.T) {
	other := keyring.NewMasterKey()
	t.Setenv("FIELDWARD_MASTER_KEY", other.Text())
	settings := cli.StoreSettings{Database: "sqlite:" + filepath.Join(t.TempDir(), "x.db"), OwnMasterKey: true}
	key, err := settings.MasterKey("")
	if err != nil {
		t.Fatal(err)
	}
	if key.Fingerprint() == other.Fingerprint() {
		t.Error("it is the key in the environment")
	}
	t.Setenv("FIELDWARD_MASTER_KEY_PREVIOUS", "nonsense")
	if _, err := settings.PreviousMasterKey(); err != nil {
		t.Errorf("the previous key in the environment is read: %v", err)
	}
	if _, err := (cli.StoreSettings{}).PreviousMasterKey(); err == nil || strings.Contains(err.Error(), "nonsense") {
		t.Errorf("where it counts the error is %v", err)
	}
}

func TestTheMasterKeyIsNeverMadeAnew(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "master.key")
	good := keyring.NewMasterKey()
	tests := map[string]struct {
		variable, file string
		want           string // the fingerprint, or a part of the error
	}{
		"it is in the variable":     {good.Text(), "", good.Fingerprint()},
		"it is in the file":         {"", good.Text() + "\n", good.Fingerprint()},
		"the variable counts first": {good.Text(), "nonsense", good.Fingerprint()},
		"the file is empty":         {"", " ", "the master key is empty"},
		"the file holds no key":     {"", "nonsense!", "not base64"},
		"the file is gone":          {"", "", "does not exist"},
		"the variable is no key":    {"nonsense!", good.Text(), "FIELDWARD_MASTER_KEY"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Setenv("FIELDWARD_MASTER_KEY", test.variable)
			_ = os.Remove(path)
			if test.file != "" {
				if err := os.WriteFile(path, []byte(test.file), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			key, err := cli.StoreSettings{MasterKeyFile: path}.MasterKey(good.Fingerprint())
			switch {
			case err == nil && key.Fingerprint() != test.want:
				t.Errorf("read the key %s", key.Fingerprint())
			case err != nil && !strings.Contains(err.Error(), test.want):
				t.Errorf("failed with %v, want %s", err, test.want)
			case err != nil && strings.Contains(err.Error(), "nonsense!"):
				t.Errorf("the error holds what was read: %v", err)
			}
		})
	}
	if files, err := os.ReadDir(folder); err != nil || len(files) > 1 {
		t.Errorf("made: %v, %v", files, err)
	}
}
