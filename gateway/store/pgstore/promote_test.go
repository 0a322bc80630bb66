package pgstore

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/gatewaytest/postgres"
)

// TestPromoted ends the database while much is written, and promotes its synchronous standby,
// again and again: the store finds it by its hosts, what was told as written is there, what was
// told as refused is not, and nothing is written for a slot before it is read anew.
func TestPromoted(t *testing.T) {
	own := postgres.Start(t)
	standby := own.Standby(t)
	must(t, own.Synchronous())
	var hosts atomic.Pointer[[]string]
	hosts.Store(&[]string{own.Dir, standby.Dir})
	o := options(own)
	o.Patience = 2 * time.Second
	o.URL = func() (string, error) {
		dirs := *hosts.Load()
		return "postgres://hookgate@/postgres?host=" + strings.Join(dirs, ",") + "&port=5432,5432&sslmode=disable", nil
	}
	s := mustOpen(t, o)
	c := &committers{s: s}
	c.run(8)
	rounds := times(1, 20)
	for round := range rounds {
		c.goesOn(t)
		own.Kill()
		must(t, standby.Promote())
		if own = standby; round < rounds-1 {
			standby = own.Standby(t)
			hosts.Store(&[]string{own.Dir, standby.Dir})
			must(t, own.Synchronous()) // what was told before that has it, too
		}
	}
	c.goesOn(t)
	c.judge(t)
	if timeline := s.all[0].fence.epoch >> 32; timeline != int64(1+rounds) {
		t.Errorf("the epoch is of timeline %d, want %d", timeline, 1+rounds)
	}
}

// TestSwitchover sets the database read-only and promotes its standby, as who plans it does:
// the old one lives and answers on, and yet what is written goes to the new one.
func TestSwitchover(t *testing.T) {
	own := postgres.Start(t)
	standby := own.Standby(t)
	must(t, own.Synchronous())
	o := options(own)
	o.Patience = 2 * time.Second
	o.URL = func() (string, error) {
		return "postgres://hookgate@/postgres?host=" + own.Dir + "," + standby.Dir + "&port=5432,5432&sslmode=disable", nil
	}
	s, by := mustOpen(t, o), newSession(t, own)
	before := aWait(tenantOf(0), "before")
	must(t, s.Commit(&gateway.Change{Wait: before}))
	by.ask("ALTER SYSTEM SET default_transaction_read_only = on")
	by.ask("SELECT pg_reload_conf()")
	for deadline := time.Now().Add(time.Minute); !isUnavailable(s.Commit(&gateway.Change{Wait: aWait(tenantOf(0), "refused")})); {
		if time.Now().After(deadline) {
			t.Fatal("a database that takes no writes takes them")
		}
	}
	must(t, standby.Promote())
	after := aWait(tenantOf(0), "after")
	for deadline := time.Now().Add(time.Minute); ; {
		ids, err := map[string]bool{}, s.Commit(&gateway.Change{Wait: after})
		if err == nil {
			break
		}
		if err := s.Recover(gateway.AllSlots(), func(w *gateway.Wait) error { ids[w.ID] = true; return nil }, func(*gateway.Parked) error { return nil }); err == nil && !ids[before.ID] {
			t.Fatal("what was written before is not there")
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
	if n := newSession(t, standby).ask("SELECT count(*) FROM " + o.Schema + ".waits WHERE source = 'after'"); n != "1" {
		t.Errorf("the promoted one has %s of what was written", n)
	}
	if ids := openWaits(t, s); !ids[before.ID] || !ids[after.ID] {
		t.Errorf("open: %v", ids)
	}
}
