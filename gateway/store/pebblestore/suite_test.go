package pebblestore

import (
	"testing"
	"time"

	"hookgate/gateway/store/storetest"
)

// TestSuite holds the store to what the ways ask of it, on a real disk.
func TestSuite(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Opener {
		dir := t.TempDir()
		return func(now func() time.Time) storetest.Store {
			s, err := Open(Options{Dir: dir, Now: now})
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
	})
}
