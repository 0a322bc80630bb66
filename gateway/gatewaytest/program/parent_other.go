//go:build !linux

package program

import "syscall"

// withParent is nothing where a child cannot be bound to its parent.
func withParent() *syscall.SysProcAttr { return nil }
