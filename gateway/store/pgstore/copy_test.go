package pgstore

import (
	"log/slog"
	"testing"
	"time"

	"hookgate/gateway/gatewaytest/postgres"
	"hookgate/gateway/store/pebblestore"
	"hookgate/gateway/store/storetest"
)

// TestCopied holds what was copied from a folder to a database, and from there to a folder, to
// what the ways ask of a store. A schema takes a while to make: so each test has one.
func TestCopied(t *testing.T) {
	s := server(t)
	storetest.RunCopied(t, func(t *testing.T, n int) storetest.Place {
		if n == 1 {
			return schema(t, s)
		}
		return folder(t)
	})
}

// schema is one of its own.
func schema(t *testing.T, s *postgres.Server) storetest.Place {
	o := options(s)
	return func(now func() time.Time) storetest.Copyable {
		o.Now = now
		s, err := Open(o)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
}

func folder(t *testing.T) storetest.Place {
	dir := t.TempDir()
	return func(now func() time.Time) storetest.Copyable {
		s, err := pebblestore.Open(pebblestore.Options{Dir: dir, Now: now, Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
}
