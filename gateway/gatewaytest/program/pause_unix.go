//go:build unix

package program

import (
	"syscall"
	"testing"
)

// Pause stops the program, as a machine does that stands still, until it is to go on.
func (p *Program) Pause(t testing.TB) { t.Helper(); p.Signal(t, syscall.SIGSTOP) }

// Continue lets it go on.
func (p *Program) Continue(t testing.TB) { t.Helper(); p.Signal(t, syscall.SIGCONT) }
