//go:build unix

package pebblestore

import (
	"fmt"
	"os"
	"syscall"
)

// mayWrite says why this process may not read, write and search what is at a path.
func mayWrite(path string) error {
	const read, write, search = 4, 2, 1
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	mode := uint32(read | write)
	if info.IsDir() {
		mode |= search
	}
	if err := syscall.Access(path, mode); err != nil {
		return &os.PathError{Op: "open", Path: path, Err: err}
	}
	return nil
}

// whose says whose a file or folder is, and who asks: " (…)"; "" where nobody knows.
func whose(path string) string {
	path = existing(path)
	info, err := os.Lstat(path)
	if err != nil {
		return ""
	}
	is, known := info.Sys().(*syscall.Stat_t)
	if !known {
		return ""
	}
	return fmt.Sprintf(" (%s: owner %d, group %d, mode %04o; this process: user %d, group %d)",
		path, is.Uid, is.Gid, info.Mode().Perm(), os.Geteuid(), os.Getegid())
}
