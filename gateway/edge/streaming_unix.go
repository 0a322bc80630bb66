//go:build unix

package edge

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// sendsSome says that sendSome is there.
const sendsSome = true

// sendSome writes what a socket takes without waiting.
func sendSome(raw syscall.RawConn, p []byte) (n int, err error) {
	failed := raw.Write(func(fd uintptr) (done bool) {
		for n < len(p) && err == nil {
			var some int
			if some, err = unix.Write(int(fd), p[n:]); some > 0 {
				n += some
			}
			if err == unix.EINTR { //nolint:errorlint // bare, as the system says it
				err = nil
			}
		}
		return true
	})
	if err == unix.EAGAIN { //nolint:errorlint // bare, as the system says it
		err = nil
	}
	if failed != nil {
		err = failed
	}
	return n, err
}
