package postgres

import (
	"fmt"
	"os"
	"syscall"
	"testing"
	"time"
)

// Standby starts a standby of the server, which follows it under the name standby: for a
// synchronous one let synchronous_standby_names have that. The test ends it.
func (s *Server) Standby(t testing.TB) *Server {
	t.Helper()
	other, err := s.MakeStandby()
	must(t, err)
	t.Cleanup(other.Remove)
	return other
}

// MakeStandby is Standby for who has no test at hand. Remove ends it.
func (s *Server) MakeStandby() (*Server, error) {
	as, uid, err := user()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "pg")
	if err != nil {
		return nil, err
	}
	other := &Server{Dir: dir, bin: s.bin, as: as}
	if uid >= 0 {
		err = os.Chown(dir, uid, -1)
	}
	from := fmt.Sprintf("host=%s user=hookgate application_name=standby", s.Dir)
	if err == nil {
		err = other.run("pg_basebackup", "-D", other.data(), "-d", from, "-R", "-X", "stream", "-c", "fast", "--no-sync")
	}
	if err == nil {
		err = other.Set("unix_socket_directories = '"+dir+"'", "hot_standby = on")
	}
	if err == nil {
		err = other.Run()
	}
	if err != nil {
		other.Remove()
		return nil, err
	}
	return other, nil
}

// Synchronous lets each commit wait for a standby that follows, and waits until it does.
func (s *Server) Synchronous() error {
	if err := s.Set("synchronous_standby_names = 'standby'"); err != nil {
		return err
	}
	if err := s.process.Process.Signal(syscall.SIGHUP); err != nil {
		return err
	}
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		state, err := s.Ask("SELECT sync_state FROM pg_stat_replication")
		if err != nil || state == "sync" {
			return err
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("no standby follows synchronously: %q", state)
		}
	}
}

// Promote lets a standby take writes, and waits until it does.
func (s *Server) Promote() error {
	return s.run("pg_ctl", "promote", "-D", s.data(), "-w", "-t", "60")
}
