//go:build !unix

package postgres

import "syscall"

// HowTo is what a test says that skips.
const HowTo = "PostgreSQL is not started for tests here: that takes the signals and users of Unix"

func user() (as *syscall.SysProcAttr, uid int, err error) { return nil, 0, ErrMissing }

// What follows is for servers that run, and here none does.

func (s *Server) Pause() error                { return ErrMissing }
func (s *Server) Continue() error             { return ErrMissing }
func (s *Server) signal(syscall.Signal) error { return ErrMissing }
