package postgrestest_test

import (
	"database/sql"
	"testing"
	"time"

	"github.com/fieldward/fieldward/db/postgres/postgrestest"
)

func TestServerOfOnesOwnIsBrokenAndComesBack(t *testing.T) {
	s, err := postgrestest.Start()
	must(t, err)
	begun := time.Now()
	o := s.Own(t, "")
	t.Logf("a cluster is made and has started after %s", time.Since(begun).Round(time.Millisecond))
	pool := open(t, o.Database())
	has := func(want int) {
		t.Helper()
		var n int
		var err error
		for begun := time.Now(); time.Since(begun) < 5*time.Second; time.Sleep(10 * time.Millisecond) {
			if err = pool.QueryRow(`SELECT count(*) FROM kept`).Scan(&n); err == nil {
				break
			}
		}
		if err != nil || n != want {
			t.Errorf("there are %d rows, want %d: %v", n, want, err)
		}
	}
	add := func() {
		t.Helper()
		_, err := pool.Exec(`INSERT INTO kept VALUES (1)`)
		must(t, err)
	}
	_, err = pool.Exec(`CREATE TABLE kept (n INT)`)
	must(t, err)
	add()
	o.Kill()
	isDown(t, pool)
	o.Start()
	has(1)
	o.Quit()
	isDown(t, pool)
	backup := o.Keep()
	o.Start()
	has(1)
	add()
	o.Freeze()
	thawed := make(chan struct{})
	time.AfterFunc(200*time.Millisecond, func() {
		o.Thaw()
		close(thawed)
	})
	begun = time.Now()
	has(2)
	<-thawed
	if took := time.Since(begun); took < 200*time.Millisecond {
		t.Errorf("a server that stands still answers after %s", took)
	}
	o.Quit()
	o.PutBack(backup)
	o.Start()
	has(1)
}

func isDown(t *testing.T, pool *sql.DB) {
	t.Helper()
	if err := pool.PingContext(t.Context()); err == nil {
		t.Error("the server still answers")
	}
}
