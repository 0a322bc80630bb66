package pgstore

import (
	"testing"
	"time"

	"hookgate/gateway/gatewaytest/postgres"
)

// TestPromoted ends the database while much is written, and promotes its synchronous standby:
// the store finds it by its hosts, what was told as written is there, what was told as
// refused is not, and nothing is written for a slot before it is read anew.
func TestPromoted(t *testing.T) {
	own := postgres.Start(t)
	standby := own.Standby(t)
	by := newSession(t, own)
	by.ask("SET synchronous_commit = local")
	by.ask("ALTER SYSTEM SET synchronous_standby_names = 'standby'")
	by.ask("SELECT pg_reload_conf()")
	by.until("SELECT sync_state FROM pg_stat_replication", "sync")
	o := options(own)
	o.Patience = 2 * time.Second
	o.URL = func() (string, error) {
		return "postgres://hookgate@/postgres?host=" + own.Dir + "," + standby.Dir + "&port=5432,5432&sslmode=disable", nil
	}
	s := mustOpen(t, o)
	c := &committers{s: s}
	c.run(8)
	c.goesOn(t)
	own.Kill()
	must(t, standby.Promote())
	c.goesOn(t)
	c.judge(t)
	if s.all[0].fence.epoch>>32 != 2 {
		t.Errorf("the epoch %x is of the old timeline", s.all[0].fence.epoch)
	}
}
