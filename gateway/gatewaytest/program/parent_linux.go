package program

import "syscall"

// withParent ends a child with its test, even where the test is killed.
func withParent() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
