package pebblestore

import (
	"errors"
	"path"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"hookgate/gateway"
)

// TestNothingReadAfterFailure has a log that fails under a commit, which Pebble shows to
// readers all the same. Who reads anew what to go on with is given nothing, for a crash
// would take that commit back.
func TestNothingReadAfterFailure(t *testing.T) {
	var broken atomic.Bool
	fs := errorfs.Wrap(vfs.NewMem(), errorfs.InjectorFunc(func(op errorfs.Op) error {
		if broken.Load() && faults["log sync"](op, path.Base(op.Path)) {
			return syscall.EIO
		}
		return nil
	}))
	s := mustOpen(t, Options{Dir: "data", FS: fs})
	lost := published(time.Now(), 1)
	lost.Changes = []*gateway.Change{
		{Wait: openWait(time.Now(), 10)},
		{Pending: &gateway.PendingCall{ID: gateway.NewID(gateway.PrefixCall, time.Now()), Tenant: "acme"}},
	}
	broken.Store(true)
	if err := s.Accept(lost); !errors.Is(err, syscall.EIO) {
		t.Fatalf("a commit without its sync: %v, want EIO", err)
	}
	if _, err := s.EventAlone("acme", lost.Events[0].ID); err != nil {
		t.Fatalf("Pebble does not show the lost commit, so this tests nothing: %v", err)
	}
	shown := 0
	for what, read := range map[string]func() error{
		"Recover": func() error {
			return s.Recover(gateway.AllSlots(), func(*gateway.Wait) error { shown++; return nil }, func(*gateway.Parked) error { return nil })
		},
		"PendingCalls": func() error {
			list, err := s.PendingCalls(gateway.AllSlots())
			shown += len(list)
			return err
		},
		"Lanes": func() error {
			lanes, err := s.Lanes(gateway.AllSlots())
			shown += len(lanes)
			return err
		},
		"Window": func() error {
			due, err := s.Window(laneOf(&lost.Deliveries[0]), gateway.Due{}, 10)
			shown += len(due)
			return err
		},
	} {
		if err := read(); !isUnavailable(err) || !errors.Is(err, syscall.EIO) {
			t.Errorf("%s: %v, want unavailable, for the disk", what, err)
		}
	}
	if shown != 0 {
		t.Errorf("%d of what was never durable were shown", shown)
	}
}
