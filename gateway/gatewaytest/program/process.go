package program

import (
	"syscall"
	"testing"
	"time"
)

// Pid gives the process's id.
func (p *Program) Pid() int { return p.command.Process.Pid }

// Admin calls the internal listener with the admin token.
func (p *Program) Admin() *Client { return p.admin }

// Sender calls the public listener.
func (p *Program) Sender() *Client { return p.sender }

// Watch lets somebody see what comes of each request that Admin and Sender make from now on.
func (p *Program) Watch(watch func(method, path string, a Answer, err error)) {
	p.admin, p.sender = p.admin.Watched(watch), p.sender.Watched(watch)
}

// Kill9 ends the program as a power cut would, and waits until it is gone.
func (p *Program) Kill9() {
	_ = p.command.Process.Kill() // it may have ended by itself
	<-p.exited
}

// Signal sends a signal.
func (p *Program) Signal(t testing.TB, s syscall.Signal) {
	t.Helper()
	if err := p.command.Process.Signal(s); err != nil {
		t.Fatalf("signal %s: %v", s, err)
	}
}

// Terminate asks the program to stop, and gives its exit code.
func (p *Program) Terminate(t testing.TB) int {
	t.Helper()
	p.Signal(t, syscall.SIGTERM)
	return p.Wait(t)
}

// Wait gives the exit code of a program that is about to end.
func (p *Program) Wait(t testing.TB) int {
	t.Helper()
	select {
	case <-p.exited:
	case <-time.After(patience):
		t.Fatalf("the program has not ended within %s\n%s", patience, p.Log.Text())
	}
	return p.command.ProcessState.ExitCode()
}

// Exited is closed when the program has ended.
func (p *Program) Exited() <-chan struct{} { return p.exited }

// stop ends the program at the end of the test: in good order, so that coverage is
// written, and by force when that takes too long.
func (p *Program) stop() {
	_ = p.command.Process.Signal(syscall.SIGTERM) // it may have ended by itself
	timer := time.AfterFunc(20*time.Second, p.Kill9)
	defer timer.Stop()
	<-p.exited
}

// Eventually asks again and again until there is no error, for what a process
// outside gives no sign of. When patience ends, so does the test, with the last
// error.
func Eventually(t testing.TB, patience time.Duration, ask func() error) {
	t.Helper()
	var err error
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); <-ticker.C {
		if err = ask(); err == nil {
			return
		}
	}
	t.Fatalf("still not after %s: %v", patience, err)
}
