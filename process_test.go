package main

import (
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/fieldward/fieldward/auth/keyring"
)

// buildProgram builds the program as its users do, with what go build is told besides.
func buildProgram(t *testing.T, flags ...string) (program string) {
	t.Helper()
	program = filepath.Join(t.TempDir(), "fieldward")
	args := append([]string{"build", "-o", program}, flags...)
	if out, err := exec.CommandContext(t.Context(), "go", append(args, ".")...).CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return program
}

// instance is one process of the program.
type instance struct {
	t       *testing.T
	program string
	env     []string
	// address is where it listens; it is the same again after each start.
	address string
	log     syncBuffer
	process *exec.Cmd
	out     io.Reader
}

// newInstance is one on a database, which is not started yet. What it needs besides is in its environment.
func newInstance(t *testing.T, program, database string, env ...string) *instance {
	t.Helper()
	i := &instance{t: t, program: program, address: "127.0.0.1:0"}
	i.env = append(os.Environ(), "FIELDWARD_DATABASE="+database, "FIELDWARD_LOG_LEVEL=warn", "FIELDWARD_MAX_SIGN_UPS=0", "FIELDWARD_DRAIN_DELAY=500ms")
	i.env = append(i.env, env...)
	t.Cleanup(func() { i.end(syscall.SIGKILL) })
	return i
}

// launch starts one on the embedded database of a folder; kill ends it with -9.
func launch(t *testing.T, program, folder string) (url string, kill func()) {
	t.Helper()
	i := newInstance(t, program, "sqlite:"+filepath.Join(folder, "fieldward.db"), "FIELDWARD_LOG_LEVEL=error")
	i.start()
	return i.url(), func() { i.end(syscall.SIGKILL) }
}

func (i *instance) url() string { return "http://" + i.address }

// start starts the process and waits until it listens.
func (i *instance) start() {
	i.t.Helper()
	i.begin()
	i.listen()
}

// begin starts the process.
func (i *instance) begin() {
	i.t.Helper()
	i.process = exec.Command(i.program, "--listen", i.address)
	i.process.Env, i.process.Stderr = i.env, &i.log
	i.process.Dir = i.t.TempDir()
	out, err := i.process.StdoutPipe()
	if err != nil {
		i.t.Fatal(err)
	}
	i.out = out
	if err := i.process.Start(); err != nil {
		i.t.Fatal(err)
	}
}

// listen waits until the process listens.
func (i *instance) listen() {
	i.t.Helper()
	greeting := make([]byte, 4096)
	n, _ := i.out.Read(greeting)
	found := listens.FindSubmatch(greeting[:n])
	if found == nil {
		_, _ = io.Copy(io.Discard, i.out)
		_ = i.process.Wait()
		i.process = nil
		i.t.Fatalf("the server does not start: %s", i.log.String())
	}
	i.address = strings.TrimPrefix(string(found[1]), "http://")
}

// end sends the signal, waits until the process has ended, and returns its exit code.
func (i *instance) end(signal syscall.Signal) int {
	if i.process == nil {
		return 0
	}
	_ = i.process.Process.Signal(signal)
	_ = i.process.Wait()
	code := i.process.ProcessState.ExitCode()
	i.process = nil
	return code
}

// ready asks it whether requests should be sent to it.
func (i *instance) ready(within time.Duration) bool { return isOK(i.url()+"/readyz", within) }

func isOK(url string, within time.Duration) bool {
	client := http.Client{Timeout: within}
	resp, err := client.Get(url)
	if err != nil {
		return false
	}
	defer func() { _ = resp.Body.Close() }()
	_, err = io.Copy(io.Discard, resp.Body)
	return err == nil && resp.StatusCode == http.StatusOK
}

// awaitReady waits until the instance is ready, or is not.
func (i *instance) awaitReady(want bool) {
	i.t.Helper()
	for begun := time.Now(); i.ready(5*time.Second) != want; time.Sleep(20 * time.Millisecond) {
		if time.Since(begun) > time.Minute {
			i.t.Fatalf("the server is not ready: %v; it says: %s", want, i.log.String())
		}
	}
}

// masterKey is the environment of instances that share a database.
func masterKey() string { return "FIELDWARD_MASTER_KEY=" + keyring.NewMasterKey().Text() }
