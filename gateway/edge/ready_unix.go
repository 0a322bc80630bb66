//go:build unix

package edge

import (
	"errors"
	"syscall"
)

// canRead says that readSocket reads.
const canRead = true

// readSocket reads what has come, and waits for nothing: wait says that nothing has.
func readSocket(fd uintptr, p []byte) (n int, wait bool, err error) {
	for {
		n, err = syscall.Read(int(fd), p)
		if !errors.Is(err, syscall.EINTR) {
			return n, errors.Is(err, syscall.EAGAIN), err
		}
	}
}
