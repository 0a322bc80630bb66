package pgstore

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

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
