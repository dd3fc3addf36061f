package postgrestest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Own is a server that one test has for itself, to break it. It is always a cluster in a throw-away folder, whatever
// FIELDWARD_TEST_POSTGRES names, and ends with the test.
type Own struct {
	t       testing.TB
	site    site
	port    int
	running *cluster // nil while it is down
	frozen  []int
}

// Own makes a cluster and starts its server. Its files are in a new folder within another one: that of temporary files
// where none is named.
func (s *Server) Own(t testing.TB, within string) *Own {
	t.Helper()
	o := &Own{t: t}
	stem, err := s.stem()
	o.must(err)
	o.site = stem
	o.site.folder, err = os.MkdirTemp(within, "fieldward-postgres-")
	o.must(err)
	t.Cleanup(func() { o.must(removeAll(o.site.folder)) })
	o.must(o.site.give(o.site.folder))
	o.copy(dataIn(stem.folder), dataIn(o.site.folder))
	for attempt := 1; ; attempt++ {
		o.port, err = freePort()
		o.must(err)
		o.running, err = o.site.start(o.port, "")
		if err == nil || attempt == portAttempts || !isPortTaken(err) {
			break
		}
	}
	o.must(err)
	t.Cleanup(o.Quit)
	return o
}

// makeStem makes the files of a cluster, to copy them: that takes a third of the time.
func makeStem() (site, error) {
	programs, err := findPrograms(places())
	if err != nil {
		return site{}, err
	}
	identity, err := unprivileged()
	if err != nil {
		return site{}, err
	}
	s := site{programs: programs, identity: identity}
	if err := s.make(""); err != nil {
		return site{}, errors.Join(err, removeAll(s.folder))
	}
	s.alive, err = removeAtEnd(s.folder)
	return s, err
}

// removeAtEnd has a folder removed when this process ends, however it does: when nothing holds what it returns.
func removeAtEnd(folder string) (alive io.Closer, err error) {
	remover := exec.Command("sh", "-c", `read -r nothing; rm -rf "$1"`, "remover", folder) //nolint:gosec // our own folder
	remover.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}                              // Ctrl-C ends the tests alone
	if alive, err = remover.StdinPipe(); err != nil {
		return nil, fmt.Errorf("make a pipe: %w", err)
	}
	if err := remover.Start(); err != nil {
		return nil, fmt.Errorf("start what removes a folder: %w", err)
	}
	return alive, nil
}

// Database makes an empty database and returns its URL. It goes with the server.
func (o *Own) Database() string {
	o.t.Helper()
	name := newName()
	o.Exec(`CREATE DATABASE ` + name + ` TEMPLATE template0 ENCODING 'UTF8'`)
	return strings.Replace(o.url(), "/postgres?", "/"+name+"?", 1)
}

// url is known of a server that is down, too.
func (o *Own) url() string {
	return fmt.Sprintf("postgres://%s:%s@127.0.0.1:%d/postgres?sslmode=disable", owner, o.site.password, o.port)
}

// Exec runs statements as the superuser, who may write where nobody else does.
func (o *Own) Exec(statements ...string) {
	o.t.Helper()
	pool, err := sql.Open("pgx", o.url()+"&default_transaction_read_only=off")
	o.must(err)
	defer func() { o.must(pool.Close()) }()
	for _, s := range statements {
		_, err := pool.Exec(s)
		o.must(err)
	}
}

// Kill ends all processes of the server with -9.
func (o *Own) Kill() {
	o.t.Helper()
	o.signal(syscall.SIGKILL, o.processes())
	o.end()
}

// Freeze stops all processes of the server where they are, until Thaw.
func (o *Own) Freeze() {
	o.t.Helper()
	o.frozen = o.processes()
	o.signal(syscall.SIGSTOP, o.frozen)
}

// Thaw lets them go on.
func (o *Own) Thaw() {
	o.t.Helper()
	o.signal(syscall.SIGCONT, o.frozen)
	o.frozen = nil
}

// Quit stops the server in immediate mode: what it has not written is in its log alone. Where it is down already
// nothing happens.
func (o *Own) Quit() {
	o.t.Helper()
	if o.frozen != nil {
		o.Thaw()
	}
	o.end()
}

// end closes what the keeper listens to: it then stops the server in immediate mode, if it still runs.
func (o *Own) end() {
	o.t.Helper()
	if o.running == nil {
		return
	}
	o.must(o.running.alive.Close())
	_ = o.running.keeper.Wait() // it tells how the server has ended
	o.running = nil
}

// Start starts the server again, at the same port. What was left of the last one may need a moment to end.
func (o *Own) Start() {
	o.t.Helper()
	var err error
	for begun := time.Now(); time.Since(begun) < startTime; time.Sleep(startPause) { //nolint:forbidigo // for tests only
		if o.running, err = o.site.start(o.port, ""); err == nil {
			return
		}
	}
	o.must(err)
}

// Keep copies the files of a server that is down.
func (o *Own) Keep() (backup string) {
	o.t.Helper()
	backup = filepath.Join(o.site.folder, "backup")
	o.copy(dataIn(o.site.folder), backup)
	return backup
}

// PutBack puts the files of a server that is down back to a copy.
func (o *Own) PutBack(backup string) {
	o.t.Helper()
	o.must(os.RemoveAll(dataIn(o.site.folder)))
	o.copy(backup, dataIn(o.site.folder))
}

func (o *Own) copy(from, to string) {
	o.t.Helper()
	if out, err := exec.Command("cp", "-a", from, to).CombinedOutput(); err != nil { //nolint:gosec // our own folder
		o.t.Fatalf("copy the cluster: %v: %s", err, out)
	}
}

// processes are those of the server: the first is the one that begins the others.
func (o *Own) processes() []int {
	o.t.Helper()
	text, err := os.ReadFile(filepath.Join(dataIn(o.site.folder), "postmaster.pid"))
	o.must(err)
	first, _, _ := strings.Cut(string(text), "\n")
	id, err := strconv.Atoi(first)
	o.must(err)
	all := []int{id}
	pool, err := sql.Open("pgx", o.url())
	o.must(err)
	defer func() { o.must(pool.Close()) }()
	ctx, cancel := context.WithTimeout(o.t.Context(), startTime)
	defer cancel()
	rows, err := pool.QueryContext(ctx, `SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid()`)
	o.must(err)
	defer func() { _ = rows.Close() }() // read to the end
	for rows.Next() {
		o.must(rows.Scan(&id))
		all = append(all, id)
	}
	o.must(rows.Err())
	return all
}

// signal sends a signal to processes, of which some may have ended.
func (o *Own) signal(s syscall.Signal, processes []int) {
	o.t.Helper()
	for _, id := range processes {
		if err := syscall.Kill(id, s); err != nil && !errors.Is(err, syscall.ESRCH) {
			o.t.Fatalf("send %s to a process of PostgreSQL: %v", s, err)
		}
	}
}

func (o *Own) must(err error) {
	o.t.Helper()
	if err != nil {
		o.t.Fatal(err)
	}
}
