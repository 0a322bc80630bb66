//go:build unix

package postgres

import (
	"fmt"
	"os"
	"testing"
)

// Standby starts a standby of the server, which follows it under the name standby: for a
// synchronous one let synchronous_standby_names have that. The test ends it.
func (s *Server) Standby(t testing.TB) *Server {
	t.Helper()
	as, uid, err := user()
	must(t, err)
	dir, err := os.MkdirTemp("", "pg")
	must(t, err)
	other := &Server{Dir: dir, bin: s.bin, as: as}
	t.Cleanup(other.Remove)
	if uid >= 0 {
		must(t, os.Chown(dir, uid, -1))
	}
	from := fmt.Sprintf("host=%s user=hookgate application_name=standby", s.Dir)
	must(t, other.run("pg_basebackup", "-D", other.data(), "-d", from, "-R", "-X", "stream", "-c", "fast", "--no-sync"))
	must(t, other.Set("unix_socket_directories = '"+dir+"'", "hot_standby = on"))
	must(t, other.Run())
	return other
}

// Promote lets a standby take writes, and waits until it does.
func (s *Server) Promote() error {
	return s.run("pg_ctl", "promote", "-D", s.data(), "-w", "-t", "60")
}
