package pebblestore

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"hookgate/gateway"
)

// mustOpen opens a store that is closed at the end of the test.
func mustOpen(t testing.TB, o Options) *Store {
	t.Helper()
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	s, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { mustClose(t, s) })
	return s
}

func mustClose(t testing.TB, s *Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
	if n := s.twice.Load(); n > 0 {
		t.Errorf("%d entries of the queue were put twice", n)
	}
}

func openWait(at time.Time, size int) *gateway.Wait {
	return &gateway.Wait{
		ID: gateway.NewID(gateway.PrefixWait, at), Tenant: "acme", Source: "payments", ConversationKey: "42bb83",
		State: gateway.StateWaiting, Mode: gateway.ModePoll, CreatedAt: at, ExpiresAt: at.Add(time.Minute),
		Context: gateway.Raw(`"` + strings.Repeat("x", size) + `"`),
	}
}

func isUnavailable(err error) bool {
	var e *gateway.Error
	return errors.As(err, &e) && e.Code == gateway.CodeUnavailable
}

// committers are goroutines that commit waits one after the other until one is
// not acknowledged, and remember what was.
type committers struct {
	s    *Store
	size int
	wg   sync.WaitGroup

	mu    sync.Mutex
	acked []string
	ends  []error // why each stopped
}

func (c *committers) run(n int, each func()) {
	for range n {
		c.wg.Go(func() {
			for {
				w := openWait(time.Now(), c.size)
				err := c.s.Commit(&gateway.Change{Wait: w})
				c.mu.Lock()
				if err != nil {
					c.ends = append(c.ends, err)
				} else {
					c.acked = append(c.acked, w.ID)
				}
				c.mu.Unlock()
				if err != nil {
					return
				}
				each()
			}
		})
	}
}

// ids gives what is acknowledged so far.
func (c *committers) ids() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]string(nil), c.acked...)
}

// lost opens what a crash left and tells of acknowledged waits that are not there.
func lost(t *testing.T, fs vfs.FS, ids []string) error {
	t.Helper()
	s, err := Open(Options{Dir: "data", FS: fs, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return fmt.Errorf("opening after the crash: %w", err)
	}
	defer mustClose(t, s)
	for _, id := range ids {
		if _, err := s.Wait("acme", id); err != nil {
			return fmt.Errorf("acknowledged %s: %w", id, err)
		}
	}
	found := 0
	err = s.Recover(gateway.AllSlots(), func(*gateway.Wait) error { found++; return nil }, func(*gateway.Parked) error { return nil })
	if err == nil && found < len(ids) {
		err = fmt.Errorf("recovered %d of %d", found, len(ids))
	}
	return err
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// fewer is how many rounds of a test are enough under the race detector, where each
// takes ten times as long.
func fewer(rounds int) int {
	if raceEnabled {
		return max(rounds/10, 1)
	}
	return rounds
}
