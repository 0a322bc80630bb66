package pgstore

import (
	"testing"
	"time"

	"hookgate/gateway/store/storetest"
)

// TestSuite holds the store to what the ways ask of it.
func TestSuite(t *testing.T) {
	s := server(t)
	storetest.Run(t, func(t *testing.T) storetest.Opener {
		o := options(s)
		return func(now func() time.Time) storetest.Store {
			o.Now = now
			s, err := Open(o)
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
	})
}
