package pebblestore

import (
	"log/slog"
	"testing"
	"time"

	"hookgate/gateway/store/storetest"
)

// TestCopied holds a folder that was copied from another to what the ways ask of a store.
func TestCopied(t *testing.T) {
	storetest.RunCopied(t, func(t *testing.T, _ int) storetest.Place {
		dir := t.TempDir()
		return func(now func() time.Time) storetest.Copyable {
			s, err := Open(Options{Dir: dir, Now: now, Logger: slog.New(slog.DiscardHandler)})
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
	})
}
