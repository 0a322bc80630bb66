//go:build unix

package server

import (
	"strconv"

	"golang.org/x/sys/unix"
)

// monotonic gives the moment of the clock that systemd goes by, as a line behind another.
func monotonic() string {
	var at unix.Timespec
	if unix.ClockGettime(unix.CLOCK_MONOTONIC, &at) != nil {
		return ""
	}
	return "\nMONOTONIC_USEC=" + strconv.FormatInt(at.Nano()/1000, 10)
}
