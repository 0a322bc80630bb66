package postgres

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// HowToPool is what a test says that skips.
const HowToPool = "PgBouncer is not installed: apt-get install pgbouncer"

// Pooler starts PgBouncer before the server, which pools transactions, and gives the URL of
// the database behind it. The test ends it.
func (s *Server) Pooler(t testing.TB) (url string) {
	t.Helper()
	program, err := exec.LookPath("pgbouncer")
	if err != nil {
		if program = "/usr/sbin/pgbouncer"; !exists(program) {
			t.Skip(HowToPool)
		}
	}
	dir := filepath.Join(s.Dir, "pooler")
	users := filepath.Join(dir, "users")
	must(t, os.Mkdir(dir, 0o777))
	must(t, os.Chmod(dir, 0o777)) // whoever it runs as makes its socket there
	must(t, os.WriteFile(users, []byte(`"hookgate" ""`+"\n"), 0o644))
	settings := fmt.Sprintf(`[databases]
postgres = host=%s dbname=postgres user=hookgate
[pgbouncer]
pool_mode = transaction
listen_addr =
unix_socket_dir = %s
auth_type = trust
auth_file = %s
default_pool_size = 8
max_client_conn = 200
log_connections = 0
log_disconnections = 0
`, s.Dir, dir, users)
	config := filepath.Join(dir, "pgbouncer.ini")
	must(t, os.WriteFile(config, []byte(settings), 0o644))
	c := exec.Command(program, "-q", config)
	var log strings.Builder
	c.SysProcAttr, c.Dir, c.Stdout, c.Stderr = s.as, dir, &log, &log
	must(t, c.Start())
	gone := make(chan struct{})
	go func() {
		_ = c.Wait() // how it ended is in its log
		close(gone)
	}()
	t.Cleanup(func() {
		_ = c.Process.Kill() // it may be gone already
		<-gone
	})
	for deadline := time.Now().Add(time.Minute); !exists(filepath.Join(dir, ".s.PGSQL.6432")); {
		select {
		case <-gone:
			t.Fatalf("pgbouncer ended: %s", log.String())
		case <-time.After(5 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			t.Fatal("pgbouncer makes no socket")
		}
	}
	return "postgres://hookgate@/postgres?host=" + dir + "&port=6432&sslmode=disable"
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
