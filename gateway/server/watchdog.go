package server

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strconv"
	"time"
)

// NotifyWatchdog says that this process is alive and works.
const NotifyWatchdog = "WATCHDOG=1"

// WatchdogEvery gives how often the service manager wants to hear NotifyWatchdog: half of
// the time after which it ends a silent process (sd_watchdog_enabled(3): WATCHDOG_USEC,
// WATCHDOG_PID). 0: it does not.
func WatchdogEvery() (time.Duration, error) {
	limit, pid := os.Getenv("WATCHDOG_USEC"), os.Getenv("WATCHDOG_PID")
	if limit == "" || pid != "" && pid != strconv.Itoa(os.Getpid()) {
		return 0, nil
	}
	n, err := strconv.ParseInt(limit, 10, 64)
	if err != nil || n <= 0 || n > int64(1<<63-1)/int64(time.Microsecond) {
		return 0, fmt.Errorf("WATCHDOG_USEC is %q: it is a number of microseconds", limit)
	}
	return max(time.Duration(n)*time.Microsecond/2, time.Millisecond), nil
}

// Watchdog asks again and again, until ctx ends, whether this process works, and tells the
// service manager when it does. A question that is not answered is no answer either: it is
// not asked a second time beside the first.
func Watchdog(ctx context.Context, every time.Duration, works func(context.Context) error, log *slog.Logger) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		one, cancel := context.WithTimeout(ctx, every)
		err := works(one)
		cancel()
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			err = Notify(NotifyWatchdog)
		}
		if err != nil {
			log.Error("the service manager's watchdog is not told that this process works", "error", err)
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

// Answers asks the internal listener over the network whether it takes a connection and does
// anything with it. Any answer will do, also a refusal in TLS, or the end of the connection:
// only a process that hangs gives none. The public listener is not asked: strangers can fill
// it, and must not be able to have this process ended.
func (s *Server) Answers(ctx context.Context) error {
	addr, is := s.internal.listener.Addr().(*net.TCPAddr)
	if !is {
		return nil
	}
	at := addr.String() // of all addresses Dial takes that of this machine
	c, err := (&net.Dialer{}).DialContext(ctx, "tcp", at)
	if err == nil {
		defer func() { _ = c.Close() }()
		if until, bounded := ctx.Deadline(); bounded {
			err = c.SetDeadline(until)
		}
	}
	if err == nil {
		_, _ = c.Write([]byte("GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"))
		_, err = c.Read(make([]byte, 1))
	}
	if err != nil && (ctx.Err() != nil || os.IsTimeout(err)) {
		return fmt.Errorf("internal.addr: %s does not answer: %w", at, err)
	}
	return nil
}
