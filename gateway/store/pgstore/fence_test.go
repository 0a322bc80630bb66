package pgstore

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/gatewaytest/postgres"
)

// TestGroups lets promises come while a statement is under way: all of them go into the next
// one. Of two that meet the same row the later counts.
func TestGroups(t *testing.T) {
	server := server(t)
	o := options(server)
	statements := atomic.Int64{}
	o.OnCommit = func(time.Duration) { statements.Add(1) }
	s, by := mustOpen(t, o), newSession(t, server)
	tenant := tenantOf(0)
	free := blocked(by, o)
	first := commits(s, aWait(tenant, "first"))
	newSession(t, server).until(waiting, "1")
	var many []*gateway.Wait
	for i := range 50 {
		many = append(many, aWait(tenant, fmt.Sprint(i)))
	}
	rest := commits(s, many...)
	writer := s.all[0]
	for queued := 0; queued < 50; time.Sleep(time.Millisecond) {
		writer.mu.Lock()
		queued = len(writer.queue)
		writer.mu.Unlock()
	}
	ended := *many[7]
	ended.State, ended.EndedAt = gateway.StateTimedOut, at
	last := commits(s, &ended)
	free()
	for _, err := range append(append(first(), rest()...), last()...) {
		must(t, err)
	}
	if n := statements.Load(); n != 2 {
		t.Errorf("%d statements, want 2", n)
	}
	ids := openWaits(t, s)
	if len(ids) != 50 || ids[many[7].ID] {
		t.Errorf("%d open waits, and the one that ended: %v", len(ids), ids[many[7].ID])
	}
}

// TestRefusedOneByOne has one promise in a group whose value the database refuses: it alone
// is refused.
func TestRefusedOneByOne(t *testing.T) {
	server := server(t)
	o := options(server)
	s, by := mustOpen(t, o), newSession(t, server)
	by.ask("ALTER TABLE " + o.Schema + ".waits ADD CHECK (source <> 'bad')")
	tenant := tenantOf(0)
	free := blocked(by, o)
	first := commits(s, aWait(tenant, "first"))
	newSession(t, server).until(waiting, "1")
	group := []*gateway.Wait{aWait(tenant, "good"), aWait(tenant, "bad"), aWait(tenant, "good too")}
	rest := commits(s, group...)
	free()
	must(t, first()[0])
	errs := rest()
	must(t, errs[0])
	must(t, errs[2])
	if !isUnknown(errs[1]) {
		t.Errorf("what the database refuses: %v", errs[1])
	}
	if ids := openWaits(t, s); len(ids) != 3 || ids[group[1].ID] {
		t.Errorf("open: %d, the refused one among them: %v", len(ids), ids[group[1].ID])
	}
}

// TestTwoWriters commits promises about tenants of both writers beside others of each.
func TestTwoWriters(t *testing.T) {
	s := mustOpen(t, options(server(t)))
	var done sync.WaitGroup
	for range 8 {
		done.Go(func() {
			for i := range 10 {
				one, other := aWait(tenantOf(0), "x"), aWait(tenantOf(1), "x")
				changes := []*gateway.Change{{Wait: one}, {Wait: other}}
				if err := s.Commit(changes[:1+i%2]...); err != nil {
					t.Error(err)
				}
				if err := s.Commit(changes[1:]...); err != nil {
					t.Error(err)
				}
			}
		})
	}
	done.Wait()
	if ids := openWaits(t, s); len(ids) != 160 {
		t.Errorf("%d open waits, want 160", len(ids))
	}
}

// TestFenced raises the epoch of a store's writer as who declares it dead does: it writes
// nothing any more, until it joins anew and reads anew.
func TestFenced(t *testing.T) {
	server := server(t)
	o := options(server)
	fenced := atomic.Int64{}
	o.OnFenced = func() { fenced.Add(1) }
	s, by := mustOpen(t, o), newSession(t, server)
	before := aWait(tenantOf(0), "before")
	must(t, s.Commit(&gateway.Change{Wait: before}))
	by.ask(fmt.Sprintf("UPDATE %s.writers SET epoch = epoch + 1 WHERE node = %d", o.Schema, s.Node()))
	for range 2 {
		if err := s.Commit(&gateway.Change{Wait: aWait(tenantOf(0), "after")}); !isUnavailable(err) {
			t.Errorf("one that was declared dead: %v", err)
		}
		if err := s.Commit(&gateway.Change{Wait: aWait(tenantOf(1), "after")}); !isUnavailable(err) {
			t.Errorf("one that was declared dead: %v", err)
		}
	}
	if n := fenced.Load(); n != 1 {
		t.Errorf("told %d times", n)
	}
	must(t, s.Rejoin())
	if err := s.Commit(&gateway.Change{Wait: aWait(tenantOf(0), "stale")}); !isUnknown(err) {
		t.Errorf("before it was read anew: %v", err)
	}
	if ids := openWaits(t, s); len(ids) != 1 || !ids[before.ID] {
		t.Errorf("open: %v", ids)
	}
	must(t, s.Commit(&gateway.Change{Wait: aWait(tenantOf(0), "anew")}))
	if n := by.ask("SELECT count(*) FROM " + o.Schema + ".waits WHERE slot >= 0"); n != "2" {
		t.Errorf("%s waits", n)
	}
}

// TestFencedUnderWay raises the epoch while a statement is under way: who raises waits until
// it is over, and what is sent after it is fenced.
func TestFencedUnderWay(t *testing.T) {
	server := server(t)
	o := options(server)
	s, by, other := mustOpen(t, o), newSession(t, server), newSession(t, server)
	w := aWait(tenantOf(0), "under way")
	free := met(by, o, w)
	under := commits(s, w)
	newSession(t, server).until(waiting, "1")
	raised := make(chan string, 1)
	go func() {
		raised <- other.ask(fmt.Sprintf("WITH r AS (UPDATE %s.writers SET epoch = epoch + 1 WHERE node = %d RETURNING 1) SELECT count(*) FROM r", o.Schema, s.Node()))
	}()
	newSession(t, server).until("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'WITH r AS%"+o.Schema+".writers%' AND wait_event_type = 'Lock' AND pid <> pg_backend_pid()", "1")
	free()
	must(t, under()[0])
	if n := <-raised; n != "2" {
		t.Errorf("%s writers", n)
	}
	if err := s.Commit(&gateway.Change{Wait: aWait(tenantOf(0), "next")}); !isUnavailable(err) {
		t.Errorf("after it was raised: %v", err)
	}
	if n := other.ask("SELECT count(*) FROM " + o.Schema + ".waits WHERE slot >= 0"); n != "1" {
		t.Errorf("%s waits", n)
	}
}

// TestUnknown ends the connection of a statement under way: nobody knows what came of it.
// What is read after it is what counts.
func TestUnknown(t *testing.T) {
	server := server(t)
	o := options(server)
	s, by, other := mustOpen(t, o), newSession(t, server), newSession(t, server)
	epoch := fmt.Sprintf("SELECT epoch FROM %s.writers WHERE node = %d AND n = 0", o.Schema, s.Node())
	was := other.ask(epoch)
	w := aWait(tenantOf(0), "lost")
	free := met(by, o, w)
	lost := commits(s, w)
	other.until(waiting, "1")
	other.ask("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'hookgate write' AND wait_event_type = 'Lock'")
	if err := lost()[0]; !isUnknown(err) {
		t.Errorf("the connection was ended: %v", err)
	}
	free()
	if ids := openWaits(t, s); len(ids) != 0 {
		t.Errorf("open: %v", ids)
	}
	if is := other.ask(epoch); is <= was || len(is) < len(was) {
		t.Errorf("the epoch was %s, and is %s", was, is)
	}
	must(t, s.Commit(&gateway.Change{Wait: aWait(tenantOf(0), "then")}))
}

// TestNeverCancelled has a statement take too long: its connection is closed, no cancel is
// sent, and Recover waits until it is known what came of it. A statement that was sent and
// holds the fence is ended.
func TestNeverCancelled(t *testing.T) {
	own := postgres.Start(t, "log_min_messages = info")
	o := options(own)
	o.Patience = time.Second
	s, by, other := mustOpen(t, o), newSession(t, own), newSession(t, own)
	w := aWait(tenantOf(0), "hangs")
	free := met(by, o, w)
	hung := commits(s, w)
	other.until(waiting, "1")
	backend := other.ask("SELECT pid FROM pg_locks WHERE NOT granted")
	if err := hung()[0]; !isUnknown(err) {
		t.Errorf("it took too long: %v", err)
	}
	// It was ended, by the raise of the epoch. That it waits no more would not tell: it looks for
	// deadlocks meanwhile.
	other.until("SELECT count(*) FROM pg_stat_activity WHERE pid = "+backend, "0")
	free()
	for { // Recover says that it is not known yet, for as long as it is not
		err := s.Recover(gateway.AllSlots(), func(*gateway.Wait) error { return errors.New("a wait is open") }, func(*gateway.Parked) error { return nil })
		if err == nil {
			break
		}
		if !isUnavailable(err) {
			t.Fatal(err)
		}
	}
	log := own.Log()
	if strings.Contains(log, "canceling statement due to user request") {
		t.Errorf("a cancel was sent:\n%s", log)
	}
	if !strings.Contains(log, "terminating connection due to administrator command") {
		t.Errorf("what held the fence was not ended:\n%s", log)
	}
}
