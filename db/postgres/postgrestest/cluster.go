package postgrestest

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// cluster is a server in a folder of its own.
type cluster struct {
	url    string
	keeper *exec.Cmd
	// alive is open as long as this process lives: when it closes, the keeper ends the server.
	alive io.WriteCloser
}

const (
	owner        = "fieldward"
	startTime    = time.Minute
	startPause   = 10 * time.Millisecond
	portAttempts = 5
)

// keeper runs the server, and ends it when nothing holds the other end of its standard input any more: that is so
// when the process that began it has ended, even by kill -9. It ends what it has begun, by its process ID. Descriptor
// 3 is the server's log. Last it removes the folder, if it is told one.
const keeper = `
	folder=$1
	shift
	"$@" </dev/null >&3 2>&3 3>&- &
	server=$!
	exec 3>&-
	read -r nothing
	kill -QUIT $server 2>/dev/null
	wait $server
	[ -z "$folder" ] || rm -rf "$folder"
`

// startCluster makes a cluster and starts its server. Another may take the free port first: then it does so anew.
func startCluster() (*cluster, error) {
	programs, err := findPrograms(places())
	if err != nil {
		return nil, err
	}
	identity, err := unprivileged()
	if err != nil {
		return nil, err
	}
	for attempt := 1; ; attempt++ {
		s := site{programs: programs, identity: identity}
		if err := s.make(""); err != nil {
			return nil, errors.Join(err, removeAll(s.folder))
		}
		c, err := s.startOnce()
		if err == nil || attempt == portAttempts || !isPortTaken(err) {
			return c, err
		}
	}
}

func isPortTaken(err error) bool { return strings.Contains(err.Error(), "Address already in use") }

// site is where the files of a cluster are, and who runs its server.
type site struct {
	programs string
	identity *syscall.SysProcAttr
	folder   string
	password string
	// alive is open as long as the files are wanted, where they are not a server's alone.
	alive io.Closer
}

// make makes the files of a cluster, in a new folder within another: that of temporary files where none is named.
func (s *site) make(within string) error {
	folder, err := os.MkdirTemp(within, "fieldward-postgres-")
	if err != nil {
		return fmt.Errorf("make a folder for PostgreSQL: %w", err)
	}
	s.folder, s.password = folder, rand.Text()
	secret := filepath.Join(folder, "password")
	if err := os.WriteFile(secret, []byte(s.password), 0o600); err != nil {
		return fmt.Errorf("write PostgreSQL's password: %w", err)
	}
	if err := s.give(folder, secret); err != nil {
		return err
	}
	initialize := exec.Command(filepath.Join(s.programs, "initdb"), "--pgdata="+dataIn(folder), "--username="+owner, //nolint:gosec // found by findPrograms
		"--pwfile="+secret, "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions")
	initialize.SysProcAttr, initialize.Dir = s.identity, folder
	if out, err := initialize.CombinedOutput(); err != nil {
		return fmt.Errorf("make a PostgreSQL cluster: %w: %s", err, out)
	}
	return nil
}

// give makes files those of the user who runs the server.
func (s site) give(paths ...string) error {
	c := s.identity.Credential
	if c == nil {
		return nil
	}
	for _, path := range paths {
		if err := os.Chown(path, int(c.Uid), int(c.Gid)); err != nil {
			return fmt.Errorf("give PostgreSQL its folder: %w", err)
		}
	}
	return nil
}

func dataIn(folder string) string { return filepath.Join(folder, "data") }

// removeAll removes the folder, if there is one.
func removeAll(folder string) error {
	if folder == "" {
		return nil
	}
	return os.RemoveAll(folder)
}

// startOnce starts the server on a free port. Where it fails, or ends, the folder is gone.
func (s site) startOnce() (*cluster, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	return s.start(port, s.folder)
}

// start starts the server, and waits until it answers. When it ends a folder is removed, where one is named.
func (s site) start(port int, removes string) (*cluster, error) {
	logReader, logWriter, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("make a pipe: %w", err)
	}
	server := exec.Command("sh", append([]string{"-c", keeper, "keeper", removes, filepath.Join(s.programs, "postgres")}, flags(s.folder, port)...)...)
	server.SysProcAttr, server.Dir, server.ExtraFiles = s.identity, s.folder, []*os.File{logWriter}
	alive, err := server.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("make a pipe: %w", err)
	}
	if err := server.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("start PostgreSQL: %w", err), removeAll(removes))
	}
	_ = logWriter.Close() // the server has its own
	said := listen(logReader)
	url := fmt.Sprintf("postgres://%s:%s@127.0.0.1:%d/postgres?sslmode=disable", owner, s.password, port)
	c := &cluster{url: url, keeper: server, alive: alive}
	if err := c.wait(said); err != nil {
		return nil, errors.Join(err, alive.Close(), server.Wait())
	}
	return c, nil
}

func flags(folder string, port int) []string {
	all := []string{"-D", dataIn(folder)}
	for name, value := range map[string]string{
		"port": strconv.Itoa(port), "listen_addresses": "127.0.0.1", "unix_socket_directories": "",
		// What is lost with the machine is lost with the test.
		"fsync": "off", "full_page_writes": "off",
		"max_connections": "500", "shared_buffers": "32MB", "deadlock_timeout": "100ms",
		"log_min_messages": "fatal",
	} {
		all = append(all, "-c", name+"="+value)
	}
	return all
}

// log is the end of what the server said.
type log struct {
	mu    sync.Mutex
	text  bytes.Buffer
	ended chan struct{}
}

const longestLog = 64 << 10

// listen reads the server's log until the server has ended.
func listen(from *os.File) *log {
	l := &log{ended: make(chan struct{})}
	go func() {
		defer close(l.ended)
		defer func() { _ = from.Close() }()
		part := make([]byte, 4<<10)
		for {
			n, err := from.Read(part)
			l.mu.Lock()
			if l.text.Len() < longestLog {
				l.text.Write(part[:n])
			}
			l.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return l
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// wait waits until the server answers, or has ended.
func (c *cluster) wait(said *log) error {
	pool, err := sql.Open("pgx", c.url)
	if err != nil {
		return fmt.Errorf("open PostgreSQL: %w", err)
	}
	defer func() { _ = pool.Close() }()
	ctx, cancel := context.WithTimeout(context.Background(), startTime)
	defer cancel()
	for {
		if err = pool.PingContext(ctx); err == nil {
			return nil
		}
		select {
		case <-said.ended:
			return fmt.Errorf("PostgreSQL has ended: %s", said)
		case <-ctx.Done():
			return fmt.Errorf("PostgreSQL does not answer within %s: %w: %s", startTime, err, said)
		case <-time.After(startPause):
		}
	}
}

// freePort is a port that nobody listens on, just now.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	return l.Addr().(*net.TCPAddr).Port, l.Close()
}

// unprivileged is who runs the server: PostgreSQL refuses root. It has a process group of its own, so that Ctrl-C
// ends the tests alone, and they end it.
func unprivileged() (*syscall.SysProcAttr, error) {
	identity := &syscall.SysProcAttr{Setpgid: true}
	if os.Geteuid() != 0 {
		return identity, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.ParseUint(u.Uid, 10, 32)
		gid, gidErr := strconv.ParseUint(u.Gid, 10, 32)
		if err := errors.Join(uidErr, gidErr); err != nil {
			return nil, fmt.Errorf("read the user %s: %w", name, err)
		}
		identity.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		return identity, nil
	}
	return nil, errors.New("PostgreSQL does not run as root, and there is neither a user postgres nor a user nobody")
}
