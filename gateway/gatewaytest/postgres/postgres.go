package postgres

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Server is a PostgreSQL that runs, or ran.
type Server struct {
	Dir string // its folder; its socket is in it

	bin     string
	as      *syscall.SysProcAttr
	process *exec.Cmd
	gone    chan struct{} // closed when the process is no more
	log     *os.File
}

// Start makes a folder and starts PostgreSQL on it. The test ends both. settings are lines
// of postgresql.conf.
func Start(t testing.TB, settings ...string) *Server {
	t.Helper()
	s, err := Make(settings...)
	if errors.Is(err, ErrMissing) {
		t.Skip(HowTo)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Remove() })
	return s
}

// ErrMissing says that PostgreSQL is not installed.
var ErrMissing = errors.New(HowTo)

// base are settings of every server: a crash of the process loses nothing without an fsync,
// and tests do not crash the machine.
var base = []string{
	"listen_addresses = ''", "fsync = off", "shared_buffers = 32MB", "max_connections = 200", "log_min_messages = warning",
	"max_wal_size = 256MB", "logging_collector = off",
}

// Make is Start for who has no test at hand, such as TestMain. Remove ends it.
func Make(settings ...string) (*Server, error) {
	bin, err := programs()
	if err != nil {
		return nil, err
	}
	as, uid, err := user()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "pg")
	if err != nil {
		return nil, err
	}
	s := &Server{Dir: dir, bin: bin, as: as}
	if uid >= 0 {
		err = os.Chown(dir, uid, -1)
	}
	if err == nil {
		err = s.initialize(slices.Concat(base, settings))
	}
	if err == nil {
		err = s.Run()
	}
	if err != nil {
		s.Remove()
		return nil, err
	}
	return s, nil
}

// programs gives the folder of the newest PostgreSQL.
func programs() (string, error) {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb") // the form is right
	slices.SortFunc(found, func(a, b string) int {
		if len(a) != len(b) {
			return len(a) - len(b) // 9 is older than 15
		}
		return strings.Compare(a, b)
	})
	if n := len(found); n > 0 {
		return filepath.Dir(found[n-1]), nil
	}
	if initdb, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(initdb), nil
	}
	return "", ErrMissing
}

// run runs one of the programs to its end.
func (s *Server) run(program string, arguments ...string) error {
	_, err := s.output(program, arguments...)
	return err
}

func (s *Server) output(program string, arguments ...string) ([]byte, error) {
	c := exec.Command(filepath.Join(s.bin, program), arguments...)
	c.SysProcAttr, c.Dir, c.Env = s.as, s.Dir, []string{"PATH=/usr/bin:/bin", "LC_ALL=C"}
	out, err := c.CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %s", program, err, out)
	}
	return out, nil
}

// Ask runs a script and gives what it says.
func (s *Server) Ask(sql string) (string, error) {
	out, err := s.output("psql", "-XAtq", s.URL(), "-c", sql)
	return strings.TrimSpace(string(out)), err
}

// Pids are the process ids of the postmaster and of what it started.
func (s *Server) Pids() []int { return append([]int{s.Pid()}, childrenOf(s.Pid())...) }

func (s *Server) data() string { return filepath.Join(s.Dir, "data") }

func (s *Server) initialize(settings []string) error {
	if err := s.run("initdb", "-D", s.data(), "-U", "hookgate", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"); err != nil {
		return err
	}
	settings = append(settings, "unix_socket_directories = '"+s.Dir+"'")
	return s.Set(settings...)
}

// Set appends lines to postgresql.conf; a later line of a setting counts.
func (s *Server) Set(settings ...string) error {
	f, err := os.OpenFile(filepath.Join(s.data(), "postgresql.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(strings.Join(settings, "\n") + "\n")
	return errors.Join(err, f.Close())
}

// Run starts the server, and waits until it takes connections.
func (s *Server) Run() (err error) {
	if s.log == nil {
		if s.log, err = os.OpenFile(filepath.Join(s.Dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600); err != nil {
			return err
		}
	}
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		said := len(s.Log())
		err := s.start(deadline)
		// The memory of one that was killed is in use until the last of its processes is gone.
		if err == nil || !strings.Contains(s.Log()[said:], "pre-existing shared memory block") || time.Now().After(deadline) {
			return err
		}
	}
}

func (s *Server) start(deadline time.Time) error {
	c := exec.Command(filepath.Join(s.bin, "postgres"), "-D", s.data())
	c.SysProcAttr, c.Dir, c.Stdout, c.Stderr = s.as, s.Dir, s.log, s.log
	if err := c.Start(); err != nil {
		return err
	}
	gone := make(chan struct{})
	s.process, s.gone = c, gone
	go func() {
		_ = c.Wait() // how it ended is in its log
		close(gone)
	}()
	for s.run("pg_isready", "-q", "-h", s.Dir, "-U", "hookgate", "-d", "postgres") != nil {
		select {
		case <-gone:
			return fmt.Errorf("postgres ended: %s", s.Log())
		case <-time.After(20 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("postgres takes no connections: %s", s.Log())
		}
	}
	return nil
}

// Log gives what the server wrote.
func (s *Server) Log() string {
	text, _ := os.ReadFile(filepath.Join(s.Dir, "log")) // none is no log
	return string(text)
}

// URL names the server's database for clients.
func (s *Server) URL() string {
	return "postgres://hookgate@/postgres?host=" + s.Dir + "&sslmode=disable"
}

// URLBy names it for clients that come by a way whose address is this.
func URLBy(address string) string {
	return "postgres://hookgate@" + address + "/postgres?sslmode=disable"
}

// Socket is where such a way leads to.
func (s *Server) Socket() (network, address string) {
	return "unix", filepath.Join(s.Dir, ".s.PGSQL.5432")
}

// Pid is the process id of the postmaster.
func (s *Server) Pid() int { return s.process.Process.Pid }

// childrenOf gives the processes that a process started, each in a session of its own. They
// are found where there is a /proc.
func childrenOf(pid int) (children []int) {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat") // the form is right
	for _, name := range stats {
		text, err := os.ReadFile(name)
		if err != nil {
			continue // it is gone
		}
		rest := string(text[bytes.LastIndexByte(text, ')')+1:])
		var state string
		var parent int
		if n, _ := fmt.Sscan(rest, &state, &parent); n == 2 && parent == pid {
			if child, err := strconv.Atoi(filepath.Base(filepath.Dir(name))); err == nil {
				children = append(children, child)
			}
		}
	}
	return children
}

// EndProcess ends one of its processes as a crash of it would.
func (s *Server) EndProcess(pid int) error {
	process, err := os.FindProcess(pid)
	if err != nil {
		return err
	}
	return process.Kill()
}

// Kill ends the server as a crash of it would, and waits until it is gone.
func (s *Server) Kill() { s.end(syscall.SIGKILL) }

// Stop ends the server as an operator would who does not wait for clients.
func (s *Server) Stop() { s.end(syscall.SIGINT) }

func (s *Server) end(signal syscall.Signal) {
	if s.process == nil {
		return
	}
	if signal == syscall.SIGKILL {
		_ = s.signal(signal) // it may be gone already
	} else {
		_ = s.process.Process.Signal(signal) // it may be gone already
	}
	select {
	case <-s.gone:
	case <-time.After(time.Minute):
		_ = s.signal(syscall.SIGKILL)
		<-s.gone
	}
	s.process = nil
}

// Remove ends the server and removes its folder.
func (s *Server) Remove() {
	s.Kill()
	if s.log != nil {
		_ = s.log.Close()
	}
	_ = os.RemoveAll(s.Dir) // what is left lies in the folder for such things
}
