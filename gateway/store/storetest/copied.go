package storetest

import (
	"testing"
	"time"

	"hookgate/gateway/store/copying"
)

// Copyable is a store that can be copied to another, and is asked as the ways do.
type Copyable interface {
	Store
	copying.Target
}

// Place opens the store that lies somewhere.
type Place func(now func() time.Time) Copyable

// RunCopied is Run, where each store that is opened again is a copy of what it was: so all that
// is looked at twice is looked at in a copy, and goes on from that. next gives an empty place,
// the nth of a test.
func RunCopied(t *testing.T, next func(t *testing.T, n int) Place) {
	Run(t, func(t *testing.T) Opener {
		n := 0
		var last Place
		return func(now func() time.Time) Store {
			is := next(t, n)
			n++
			if last != nil {
				copyOf(t, last(now), is(now))
			}
			was := last
			last = is
			s := is(now)
			if was != nil { // what a database has still, and shows no more, a folder shows until its janitor comes
				if err := s.Expire(now()); err != nil {
					t.Fatal(err)
				}
			}
			return s
		}
	})
}

// copyOf copies one store to another, and closes both.
func copyOf(t *testing.T, from, to Copyable) {
	t.Helper()
	_, err := copying.Copy(t.Context(), copying.Options{From: from, To: to})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []Copyable{from, to} {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
