//go:build !unix

package program

import "testing"

// Pause skips the test: no signal stops a process here.
func (p *Program) Pause(t testing.TB) {
	t.Skip("no process is paused here: that takes the signals of Unix")
}

// Continue is for a program that was paused.
func (p *Program) Continue(testing.TB) {}
