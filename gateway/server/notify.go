package server

import (
	"fmt"
	"net"
	"os"
)

// The states that a service manager is told (sd_notify(3)).
const (
	NotifyReady    = "READY=1"
	NotifyStopping = "STOPPING=1"
)

// NotifyReloading is what it is told before the configuration is loaded again; NotifyReady
// ends that. With the moment of its monotonic clock it knows one reload from the next.
func NotifyReloading() string { return "RELOADING=1" + monotonic() }

// Notify tells the service manager that started this process of its state; without
// one, which is when NOTIFY_SOCKET is unset, it does nothing.
func Notify(state string) error {
	path := os.Getenv("NOTIFY_SOCKET")
	if path == "" {
		return nil
	}
	c, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: path, Net: "unixgram"}) // @name is abstract, as in systemd
	if err != nil {
		return fmt.Errorf("NOTIFY_SOCKET: %w", err)
	}
	defer func() { _ = c.Close() }()
	if _, err := c.Write([]byte(state)); err != nil {
		return fmt.Errorf("NOTIFY_SOCKET: %w", err)
	}
	return nil
}
