package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/fieldward/fieldward/auth/keyring"
)

// SigningKeys reads the keys of --signing-key-file, in their order. Doubts are about files that are taken all the same;
// each file that cannot be taken is an error of its own, which names it and repeats nothing of it.
func (s ServeSettings) SigningKeys() (keys []keyring.Key, doubts []string, err error) {
	var problems []error
	for _, path := range s.SigningKeyFile {
		key, found, err := readSigningKey(path)
		for _, doubt := range found {
			doubts = append(doubts, path+": "+doubt)
		}
		if err == nil && slices.ContainsFunc(keys, func(k keyring.Key) bool { return k.KeyID == key.KeyID }) {
			err = errors.New("it holds the same key as another file: give each key once")
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("--signing-key-file: %s: %w", path, err))
			continue
		}
		keys = append(keys, key)
	}
	return keys, doubts, errors.Join(problems...)
}

func readSigningKey(path string) (k keyring.Key, doubts []string, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return k, nil, errors.Unwrap(err) // the path is said already
	}
	if !info.Mode().IsRegular() {
		return k, nil, errors.New("it is not a file") // to open a pipe would wait for who writes into it
	}
	file, err := os.Open(path)
	if err != nil {
		return k, nil, errors.Unwrap(err)
	}
	defer func() { _ = file.Close() }() // it was only read
	text, err := io.ReadAll(io.LimitReader(file, keyring.MaxKeyText+1))
	if err != nil {
		return k, nil, errors.Unwrap(err)
	}
	k, doubts, err = keyring.ParsePrivate(text, info.ModTime())
	if mode := info.Mode().Perm(); err == nil && mode&0o077 != 0 {
		doubts = append(doubts, fmt.Sprintf("others can read or change it (mode %04o): make it 0600", mode))
	}
	return k, doubts, err
}
