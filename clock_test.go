package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// clockVariable names the file that says by how much a clock is off.
const clockVariable = "FIELDWARD_TEST_CLOCK"

// shifted is the clock of a program whose clock is off, whatever the machine's says.
const shifted = `package main

import (
	"os"
	"time"
)

func shifted() time.Time {
	text, err := os.ReadFile(os.Getenv("` + clockVariable + `"))
	if err != nil {
		panic(err)
	}
	off, err := time.ParseDuration(string(text))
	if err != nil {
		panic(err)
	}
	return time.Now().Round(0).Add(off)
}
`

// buildShifted builds the program with another clock: server.go hands it to all that tell the time.
func buildShifted(t *testing.T) (program string) {
	t.Helper()
	source, err := os.ReadFile("server.go")
	if err != nil {
		t.Fatal(err)
	}
	joined := strings.ReplaceAll(string(source), "time.Now", "shifted")
	if joined == string(source) {
		t.Fatal("server.go hands no clock to anyone")
	}
	joined += "\nvar _ = time.Now // the file may use its import for nothing else\n"
	folder := t.TempDir()
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	replaced := map[string]string{}
	for name, text := range map[string]string{"server.go": joined, "shifted.go": shifted} {
		replaced[filepath.Join(here, name)] = filepath.Join(folder, name)
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replaced})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder, "overlay.json")
	if err := os.WriteFile(path, overlay, 0o600); err != nil {
		t.Fatal(err)
	}
	return buildProgram(t, "-overlay", path)
}

// clockFile says by how much the clock of a program is off.
type clockFile struct {
	t    *testing.T
	path string
}

func newClockFile(t *testing.T) *clockFile {
	t.Helper()
	c := &clockFile{t, filepath.Join(t.TempDir(), "clock")}
	c.set(0)
	return c
}

func (c *clockFile) set(off time.Duration) {
	c.t.Helper()
	next := c.path + ".next"
	if err := os.WriteFile(next, []byte(off.String()), 0o600); err != nil {
		c.t.Fatal(err)
	}
	if err := os.Rename(next, c.path); err != nil {
		c.t.Fatal(err)
	}
}

// besideAnother sets a scene of two servers behind a balancer, of which one's clock can be set.
func besideAnother(s *scene) {
	s.startPostgres("")
	key := masterKey()
	s.clock = newClockFile(s.T)
	s.server = newInstance(s.T, s.program, s.database, key)
	s.server.start()
	s.other = newInstance(s.T, buildShifted(s.T), s.database, key, clockVariable+"="+s.clock.path)
	s.other.start()
	s.other.awaitReady(true)
	s.url = newBalancer(s.T, s.server, s.other).url
	s.signUp()
}

// setClock sets the other's clock a minute ahead, and a minute behind. Each time it must say so, and be right again.
func (s *scene) setClock() {
	for off, want := range map[time.Duration]string{time.Minute: "ahead of the database's", -time.Minute: "behind the database's"} {
		s.clock.set(off)
		s.other.awaitReady(false)
		time.Sleep(2 * time.Second)
		if s.other.ready(5 * time.Second) {
			s.Errorf("with a clock that is %s off it is ready", off)
		}
		if !strings.Contains(s.other.log.String(), want) {
			s.Errorf("the log does not say %q: %s", want, s.other.log.String())
		}
		s.clock.set(0)
		s.other.awaitReady(true)
	}
}
