package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/fieldward/fieldward/auth/keyring"
)

// The variables that may hold a master key itself. There is no flag for it: others can read a process's arguments.
const (
	masterKeyVariable   = "FIELDWARD_MASTER_KEY"
	previousKeyVariable = "FIELDWARD_MASTER_KEY_PREVIOUS"
)

// MasterKeyPath is the file that is set, or else the one beside the embedded database.
func (s StoreSettings) MasterKeyPath() string {
	if s.MasterKeyFile != "" {
		return s.MasterKeyFile
	}
	return s.SQLiteFile() + ".key"
}

// CheckMasterKey fails where there is no master key, and none is made: with PostgreSQL, which several servers may share.
// What one of them made beside itself the others could not read.
func (s StoreSettings) CheckMasterKey() error {
	if !s.IsPostgres() || os.Getenv(masterKeyVariable) != "" {
		return nil
	}
	if s.MasterKeyFile == "" {
		return errors.New("there is no master key, and with PostgreSQL it is yours to make and to keep: set " + masterKeyVariable +
			" to 32 random bytes in base64 (openssl rand -base64 32), or --master-key-file to a file that holds them")
	}
	if _, err := os.Stat(s.MasterKeyFile); err != nil {
		return fmt.Errorf("find the master key, which with PostgreSQL is yours to make and to keep: %w", err)
	}
	return nil
}

// MasterKey reads the master key from the environment or the file. Where there is none, and sealedBy is empty because
// nothing is sealed yet, it makes one and writes the file, with mode 0600; sealedBy is else the fingerprint of the
// key that is needed.
func (s StoreSettings) MasterKey(sealedBy string) (keyring.MasterKey, error) {
	if err := s.CheckMasterKey(); err != nil {
		return keyring.MasterKey{}, err
	}
	if key, found, err := masterKeyFrom(masterKeyVariable); found && !s.OwnMasterKey {
		return key, err
	}
	path := s.MasterKeyPath()
	key, err := readMasterKey(path)
	switch {
	case err == nil || !errors.Is(err, fs.ErrNotExist):
		return key, err
	case sealedBy != "":
		return keyring.MasterKey{}, fmt.Errorf("there is no master key: %s does not exist, and the keys in the database are "+
			"sealed with the master key %s. Put that file back, or set %s; a new key would open nothing",
			path, sealedBy, masterKeyVariable)
	default:
		return makeMasterKey(path)
	}
}

// PreviousMasterKey is the one in the environment that opens and does not seal; the zero value where there is none.
func (s StoreSettings) PreviousMasterKey() (keyring.MasterKey, error) {
	if s.OwnMasterKey {
		return keyring.MasterKey{}, nil // nothing is sealed by any other
	}
	key, _, err := masterKeyFrom(previousKeyVariable)
	return key, err
}

// masterKeyFrom reads the variable; found is false where it is empty or not set.
func masterKeyFrom(variable string) (key keyring.MasterKey, found bool, err error) {
	text := os.Getenv(variable)
	if text == "" {
		return keyring.MasterKey{}, false, nil
	}
	if key, err = keyring.ParseMasterKey(text); err != nil {
		return keyring.MasterKey{}, true, fmt.Errorf("read %s: %w", variable, err)
	}
	return key, true, nil
}

func readMasterKey(path string) (keyring.MasterKey, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return keyring.MasterKey{}, fmt.Errorf("read the master key: %w", err)
	}
	key, err := keyring.ParseMasterKey(string(text))
	if err != nil {
		return keyring.MasterKey{}, fmt.Errorf("read the master key from %s: %w", path, err)
	}
	return key, nil
}

// makeMasterKey writes the file whole and then links it into its place, so that of several that start at once all
// read the same key, and none reads half of one.
func makeMasterKey(path string) (keyring.MasterKey, error) {
	draft, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*") // with mode 0600
	if err != nil {
		return keyring.MasterKey{}, fmt.Errorf("make the master key: %w", err)
	}
	defer func() { _ = os.Remove(draft.Name()) }()
	_, writeErr := draft.WriteString(keyring.NewMasterKey().Text() + "\n")
	if err := errors.Join(writeErr, draft.Sync(), draft.Close()); err != nil {
		return keyring.MasterKey{}, fmt.Errorf("write the master key: %w", err)
	}
	if err := os.Link(draft.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return keyring.MasterKey{}, fmt.Errorf("write the master key: %w", err)
	}
	return readMasterKey(path)
}
