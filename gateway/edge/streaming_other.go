//go:build !unix

package edge

import (
	"errors"
	"syscall"
)

// sendsSome says that sendSome is there.
const sendsSome = false

func sendSome(syscall.RawConn, []byte) (int, error) { return 0, errors.ErrUnsupported }
