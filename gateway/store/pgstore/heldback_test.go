package pgstore

import (
	"testing"
	"time"

	"hookgate/gateway"
)

// TestHeldBack lets deliveries be made and end beside a snapshot that holds vacuum back, so that
// every row that ever was is still there: a lane is read as soon as before, from where it was
// read last, and nothing is lost.
func TestHeldBack(t *testing.T) {
	server := server(t)
	o := options(server)
	s := mustOpen(t, o)
	holder, by := newSession(t, server), newSession(t, server)
	holder.ask("BEGIN ISOLATION LEVEL REPEATABLE READ")
	holder.ask("SELECT count(*) FROM " + o.Schema + ".due") // a snapshot is taken by the first question
	c := &deliverers{s: s}
	c.run(16)
	time.Sleep(times(3*time.Second, 30*time.Minute)) // it is what is tried
	close(c.stop)
	c.wg.Wait()
	c.check(t)
	by.ask("VACUUM " + o.Schema + ".due")
	dead := by.ask("SELECT n_dead_tup > 0 FROM pg_stat_user_tables WHERE relname = 'due' AND schemaname = '" + o.Schema + "'")
	if dead != "t" {
		t.Error("vacuum was not held back")
	}
	lanes, err := s.Lanes(gateway.AllSlots())
	must(t, err)
	for _, lane := range lanes {
		began := time.Now()
		due, err := s.Window(lane, gateway.Due{}, 100)
		must(t, err)
		whole := time.Since(began)
		if len(due) < 2 {
			continue
		}
		began = time.Now()
		_, err = s.Window(lane, due[len(due)-1], 100)
		must(t, err)
		t.Logf("%s/%s: from the start in %s, from where it was in %s", lane.Tenant, lane.Endpoint, whole, time.Since(began))
		if whole > 10*time.Second {
			t.Errorf("a lane is read in %s", whole)
		}
	}
}
