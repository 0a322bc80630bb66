package pebblestore

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"hookgate/gateway"
)

func TestBubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := vfs.NewMem()
		s, err := Open(Options{Dir: "data", FS: fs})
		if err != nil {
			t.Fatal(err)
		}
		now := time.Now()
		w := &gateway.Wait{ID: gateway.NewID(gateway.PrefixWait, now), Tenant: "acme", Source: "pay", ConversationKey: "k", State: gateway.StateWaiting, CreatedAt: now, ExpiresAt: now.Add(time.Minute)}
		if err := s.Commit(&gateway.Change{Wait: w}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		if _, err := s.Wait("acme", w.ID); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s, err = Open(Options{Dir: "data", FS: fs})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Wait("acme", w.ID); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	})
}
