//go:build unix

package postgres

import (
	"errors"
	"os"
	osuser "os/user"
	"strconv"
	"syscall"
)

// HowTo is what a test says that skips.
const HowTo = "PostgreSQL is not installed: apt-get install postgresql, or put initdb and postgres on the PATH"

// user gives as whom PostgreSQL runs, in a process group of its own, so that a signal meets
// all of it; uid is -1 where that is who asks.
func user() (as *syscall.SysProcAttr, uid int, err error) {
	as = attributes()
	if os.Getuid() != 0 {
		return as, -1, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := osuser.Lookup(name)
		if err != nil {
			continue
		}
		uid, err = strconv.Atoi(u.Uid)
		gid, err2 := strconv.Atoi(u.Gid)
		if err != nil || err2 != nil {
			continue
		}
		as.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		return as, uid, nil
	}
	return nil, 0, errors.New("PostgreSQL does not run as root, and there is neither a user postgres nor nobody")
}

// Pause stops the server, as a machine does that stands still, until it is to go on.
func (s *Server) Pause() error { return s.signal(syscall.SIGSTOP) }

// Continue lets it go on.
func (s *Server) Continue() error { return s.signal(syscall.SIGCONT) }

// signal signals the postmaster and then all of its processes.
func (s *Server) signal(signal syscall.Signal) error {
	pid := s.Pid()
	children := childrenOf(pid)
	err := syscall.Kill(pid, signal)
	for _, child := range append(children, childrenOf(pid)...) {
		_ = syscall.Kill(child, signal) // it may be gone already
	}
	return err
}
