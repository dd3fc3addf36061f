package main

import (
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

func faults() map[string]fault {
	return map[string]fault{
		"PostgreSQL is killed with -9": {harm: func(s *scene) {
			s.postgres.Kill()
			s.silence(2 * time.Second)
			s.postgres.Start()
		}},
		"PostgreSQL restarts in immediate mode": {harm: func(s *scene) {
			s.postgres.Quit()
			s.postgres.Start()
		}},
		"PostgreSQL stands still for 24 s": {harm: func(s *scene) {
			s.postgres.Freeze()
			s.silence(24 * time.Second)
			s.postgres.Thaw()
		}},
		"PostgreSQL stands still for 3 s": {harm: func(s *scene) {
			s.postgres.Freeze()
			s.silence(3 * time.Second)
			s.postgres.Thaw()
		}},
		"the database is read-only for all": {harm: func(s *scene) {
			s.postgres.Exec(`ALTER SYSTEM SET default_transaction_read_only = on`, `SELECT pg_reload_conf()`)
			time.Sleep(4 * time.Second)
			s.postgres.Exec(`ALTER SYSTEM RESET default_transaction_read_only`, `SELECT pg_reload_conf()`)
		}},
		"the database is read-only for new sessions": {harm: func(s *scene) {
			name := s.nameOfDatabase()
			s.postgres.Exec(`ALTER DATABASE `+name+` SET default_transaction_read_only = on`,
				`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '`+name+`'`)
			time.Sleep(4 * time.Second)
			s.postgres.Exec(`ALTER DATABASE ` + name + ` RESET default_transaction_read_only`)
		}},
		"connections are cut in the middle of commits": {stage: behindCutter, harm: func(s *scene) {
			s.cutting.cut(true)
			time.Sleep(4 * time.Second)
			s.cutting.cut(false)
		}},
		"PostgreSQL's disk is full":  {stage: onSmallDisk, harm: (*scene).fillDisk},
		"SQLite's disk is full":      {stage: onSmallFile, harm: (*scene).fillDisk},
		"a clock is off by a minute": {stage: besideAnother, estranges: true, harm: (*scene).setClock},
		"the server is killed three times": {ends: true, harm: func(s *scene) {
			for range 3 {
				time.Sleep(700 * time.Millisecond)
				s.crash()
			}
		}},
		"the database is put back to a backup": {stage: withBackup, harm: func(s *scene) {
			s.postgres.Quit()
			s.postgres.PutBack(s.backup)
			s.since = time.Now()
			s.load.forget(s.since)
			s.silence(0)
			s.postgres.Start()
		}},
	}
}

func (s *scene) nameOfDatabase() string {
	u, err := url.Parse(s.database)
	if err != nil {
		s.Fatal(err)
	}
	return strings.TrimPrefix(u.Path, "/")
}

func behindCutter(s *scene) {
	s.startPostgres("")
	u, err := url.Parse(s.database)
	if err != nil {
		s.Fatal(err)
	}
	s.cutting = newCutter(s.T, u.Host)
	u.Host = s.cutting.address
	s.startServer(u.String())
}

// withBackup makes a backup once the writers have their accounts.
func withBackup(s *scene) {
	onPostgres(s)
	s.postgres.Quit()
	s.backup = s.postgres.Keep()
	s.postgres.Start()
	s.server.awaitReady(true)
}

const mebibyte = 1 << 20

// onSmallDisk sets the usual scene on a disk that is soon full: a cluster takes 40 MiB, and 16 for each further segment
// of its log, of which it gets one at once.
func onSmallDisk(s *scene) {
	s.folder = smallDisk(s.T, 160*mebibyte)
	s.startPostgres(s.folder)
	s.startServer(s.database)
	s.postgres.Exec(`SELECT pg_switch_wal()`, `CHECKPOINT`)
}

func onSmallFile(s *scene) {
	s.folder = smallDisk(s.T, 16*mebibyte)
	s.database = "sqlite:" + filepath.Join(s.folder, "test.db")
	s.startServer(s.database)
}

// fillDisk leaves no room on the disk for a while.
func (s *scene) fillDisk() {
	path := filepath.Join(s.folder, "rubbish")
	rubbish, err := os.Create(path)
	if err != nil {
		s.Fatal(err)
	}
	part := make([]byte, 4096)
	for err == nil {
		_, err = rubbish.Write(part)
	}
	time.Sleep(4 * time.Second)
	if err := os.Remove(path); err != nil {
		s.Fatal(err)
	}
	_ = rubbish.Close()
}

// smallDisk is a disk of so many bytes, which takes root's power, or sudo without a password.
func smallDisk(t *testing.T, size int) (folder string) {
	t.Helper()
	folder, err := os.MkdirTemp("", "fieldward-disk-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Remove(folder) })
	as := func(args ...string) error {
		if os.Geteuid() != 0 {
			args = append([]string{"sudo", "-n"}, args...)
		}
		out, err := exec.Command(args[0], args[1:]...).CombinedOutput()
		if err != nil {
			t.Logf("%s: %s", strings.Join(args, " "), out)
		}
		return err
	}
	if err := as("mount", "-t", "tmpfs", "-o", "mode=0777,size="+strconv.Itoa(size), "fieldward-test", folder); err != nil {
		t.Fatal("this test fills a disk, which it mounts: it takes root, or sudo without a password, and in a container --cap-add SYS_ADMIN")
	}
	t.Cleanup(func() {
		if err := as("umount", folder); err != nil {
			t.Error(err)
		}
	})
	return folder
}
