package sqlite_test

import (
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
)

func TestFileThatMayNotBeWrittenIsRefusedInPlainWords(t *testing.T) {
	tests := map[string]struct {
		prepare func(t *testing.T, folder, path string)
		want    string
	}{
		"a new file in a folder that is read-only": {func(t *testing.T, folder, _ string) {
			must(t, os.Chmod(folder, 0o555))
		}, "the database cannot be made: this user may not write in the folder "},
		"a database in a folder that is read-only": {func(t *testing.T, folder, path string) {
			started(t, path)
			must(t, os.Chmod(path, 0o666))
			must(t, os.Chmod(folder, 0o555))
		}, "/test.db is read-only for this user, who needs to write it and the folder "},
		"a database that is read-only": {func(t *testing.T, folder, path string) {
			started(t, path)
			must(t, os.Chmod(path, 0o444))
			must(t, os.Chmod(folder, 0o777))
		}, "/test.db is read-only for this user"},
		"an empty file that is read-only": {func(t *testing.T, folder, path string) {
			must(t, os.WriteFile(path, nil, 0o444))
			must(t, os.Chmod(folder, 0o777))
		}, "/test.db is read-only for this user"},
		"a database that is secret": {func(t *testing.T, folder, path string) {
			started(t, path)
			must(t, os.Chmod(path, 0))
			must(t, os.Chmod(folder, 0o777))
		}, "this user needs to read and write it and the folder "},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			must(t, os.Chmod(filepath.Dir(folder), 0o755))
			path := filepath.Join(folder, "test.db")
			test.prepare(t, folder, path)
			t.Cleanup(func() { _ = os.Chmod(folder, 0o700) }) // so that it can be removed
			asNobody(t, func() { isRefused(t, path, test.want) })
		})
	}
}

// started makes a database at path, with everything in it that a start brings.
func started(t *testing.T, path string) {
	t.Helper()
	must(t, start(t, path))
}

// asNobody calls do without root's power over files, for which no file is read-only.
func asNobody(t *testing.T, do func()) {
	t.Helper()
	if os.Geteuid() != 0 {
		do()
		return
	}
	const root, nobody = 0, 65534
	runtime.LockOSThread() // the user is one of the thread
	defer runtime.UnlockOSThread()
	must(t, syscall.Setfsuid(nobody))
	defer func() { must(t, syscall.Setfsuid(root)) }()
	do()
}
