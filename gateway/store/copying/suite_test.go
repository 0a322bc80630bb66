package copying_test

import (
	"log/slog"
	"testing"
	"time"

	"hookgate/gateway/store"
	"hookgate/gateway/store/copying"
	"hookgate/gateway/store/pebblestore"
	"hookgate/gateway/store/storetest"
)

// either is a store that can be copied, and is asked as the ways do.
type either interface {
	storetest.Store
	copying.Target
}

// place is where a store lies.
type place func(now func() time.Time) either

func folder(t *testing.T) place {
	dir := t.TempDir()
	return func(now func() time.Time) either {
		s, err := pebblestore.Open(pebblestore.Options{Dir: dir, Now: now, Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
}

// Opened again, each store of the suite is a copy of what it was: so all that the suite looks
// at twice it looks at in a copy, and goes on with that.
func suite(t *testing.T, next func(t *testing.T, n int) place) {
	storetest.Run(t, func(t *testing.T) storetest.Opener {
		n := 0
		var last place
		return func(now func() time.Time) storetest.Store {
			is := next(t, n)
			n++
			if last != nil {
				copied(t, last(now), is(now))
			}
			last = is
			return is(now)
		}
	})
}

// copied copies one store to another, and closes both.
func copied(t *testing.T, from, to either) {
	t.Helper()
	_, err := copying.Copy(t.Context(), copying.Options{From: from, To: to})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []either{from, to} {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestFolders holds a folder that was copied from another to all that the ways ask of a store.
func TestFolders(t *testing.T) {
	suite(t, func(t *testing.T, _ int) place { return folder(t) })
}

var _ = store.Kinds
