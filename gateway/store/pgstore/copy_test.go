package pgstore

import (
	"flag"
	"log/slog"
	"regexp"
	"testing"
	"time"

	"hookgate/gateway/gatewaytest/postgres"
	"hookgate/gateway/store/pebblestore"
	"hookgate/gateway/store/storetest"
)

// TestCopied holds what was copied from a folder to a database, and from there to a folder, to
// what the ways ask of a store. A schema takes a while to make: so each test has one, and without
// -copied those alone run that have each kind of record copied (from folder to folder all do).
func TestCopied(t *testing.T) {
	s := server(t)
	storetest.RunCopied(t, func(t *testing.T, n int) storetest.Place {
		if !*copied && !copiedAlways.MatchString(t.Name()) {
			t.Skip("with -copied")
		}
		if n == 1 {
			return schema(t, s)
		}
		return folder(t)
	})
}

var (
	copied       = flag.Bool("copied", false, "TestCopied runs all of the suite, which takes minutes")
	copiedAlways = regexp.MustCompile(`RoundTrip|/(ListsAnswerQueries|MarkOfEveryWindow|NamesUnderEach|AuditComesWithItsChange|Holds|Status|QueueEnds|ResourcesWhole|LinedEvents)$`)
)

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
