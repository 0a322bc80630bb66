package pgstore

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/gatewaytest"
	"hookgate/gateway/gatewaytest/postgres"
)

// TestCrash crashes the database, and a process of it: what the store knows is in doubt, and
// nothing is written for a slot until it was read anew.
func TestCrash(t *testing.T) {
	own := postgres.Start(t)
	o := options(own)
	doubts := atomic.Int64{}
	o.OnDoubt = func(slots gateway.SlotSet) {
		if slots.Len() == gateway.Slots {
			doubts.Add(1)
		}
	}
	s := mustOpen(t, o)
	kept := map[string]bool{}
	keep := func() {
		w := aWait(tenantOf(0), "kept")
		must(t, s.Commit(&gateway.Change{Wait: w}))
		kept[w.ID] = true
	}
	for name, crash := range map[string]func(){
		"the database": func() {
			own.Kill()
			must(t, own.Run())
		},
		"a process of it": func() { // the postmaster lives, and lets all others end
			by := newSession(t, own)
			var pid int
			_, err := fmt.Sscan(by.ask("SELECT pg_backend_pid()"), &pid)
			must(t, err)
			must(t, own.EndProcess(pid))
			for deadline := time.Now().Add(time.Minute); strings.Count(own.Log(), "all server processes terminated; reinitializing") == 0; time.Sleep(10 * time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatal(own.Log())
				}
			}
		},
	} {
		keep()
		before := doubts.Load()
		crash()
		for { // until it has joined again
			if err := s.Commit(&gateway.Change{Wait: aWait(tenantOf(0), "decided before")}); err == nil {
				t.Fatalf("%s crashed, and a slot is written for that was not read anew", name)
			}
			if doubts.Load() > before {
				break
			}
		}
		if err := s.Commit(&gateway.Change{Wait: aWait(tenantOf(1), "decided before")}); !isUnknown(err) {
			t.Errorf("%s crashed; what was decided before: %v", name, err)
		}
		ids := openWaits(t, s)
		if fmt.Sprint(ids) != fmt.Sprint(kept) {
			t.Errorf("%s crashed; open: %v, want %v", name, ids, kept)
		}
		keep()
	}
}

// TestCrashOfWhatWasLetGo crashes the database of a store that has let most slots go: what it
// knows is in doubt until it is read anew, and for all others it writes on, but for a publish
// that began before.
func TestCrashOfWhatWasLetGo(t *testing.T) {
	own := postgres.Start(t)
	s := mustOpen(t, options(own))
	has := gateway.SlotsOf(gateway.SlotOf(tenantOf(0)))
	read := func() error {
		return s.Recover(has, func(*gateway.Wait) error { return nil }, func(*gateway.Parked) error { return nil })
	}
	again := func(do func() error) error { // until the connection that it goes by is there again
		err := do()
		for deadline := time.Now().Add(time.Minute); isUnavailable(err) && time.Now().Before(deadline); {
			err = do()
		}
		return err
	}
	commit := func(tenant string) error {
		return again(func() error { return s.Commit(&gateway.Change{Wait: aWait(tenant, "x")}) })
	}
	publish := func(begun time.Time) error {
		e := gateway.Event{ID: gateway.NewEventID(at), Tenant: tenantOf(1), Type: "note", AcceptedAt: at, Body: []byte("{}")}
		return s.Accept(&gateway.Publication{Events: []gateway.Event{e}, Begun: begun})
	}
	s.LetGo(gateway.AllSlots())
	must(t, read())
	must(t, commit(tenantOf(0)))
	for range 2 {
		before := time.Now()
		own.Kill()
		must(t, own.Run())
		for deadline := time.Now().Add(time.Minute); commit(tenantOf(1)) != nil; {
			if time.Now().After(deadline) {
				t.Fatalf("nothing is written for a slot of which nobody knows anything: %v", commit(tenantOf(1)))
			}
		}
		for range 2 { // the first one may be that of a connection that was lost
			if err := commit(tenantOf(0)); !isUnknown(err) {
				t.Errorf("what was decided before: %v", err)
			}
		}
		if err := publish(before); !isUnknown(err) {
			t.Errorf("a publish that began before: %v", err)
		}
		must(t, again(func() error { return publish(time.Now()) }))
		must(t, again(read))
		must(t, commit(tenantOf(0)))
	}
	must(t, s.Rejoin())
	if err := commit(tenantOf(0)); !isUnknown(err) {
		t.Errorf("what was decided by who was declared dead: %v", err)
	}
	s.LetGo(has)
	must(t, commit(tenantOf(0)))
}

// TestAway has no database: writes and reads are refused, and go on when it is back.
func TestAway(t *testing.T) {
	own := postgres.Start(t)
	o := options(own)
	o.Patience = 200 * time.Millisecond
	s := mustOpen(t, o)
	own.Stop()
	refused := false
	for range 3 { // the first may be under way as the connection ends
		err := s.Commit(&gateway.Change{Wait: aWait(tenantOf(0), "away")})
		if err == nil {
			t.Fatal("written without a database")
		}
		refused = isUnavailable(err)
	}
	if !refused {
		t.Error("what cannot be written is not told so")
	}
	if _, err := s.Wait("t", gateway.NewID(gateway.PrefixWait, at)); !isUnavailable(err) {
		t.Errorf("a read: %v", err)
	}
	must(t, own.Run())
	for deadline := time.Now().Add(time.Minute); ; {
		err := s.Recover(gateway.AllSlots(), func(*gateway.Wait) error { return nil }, func(*gateway.Parked) error { return nil })
		if err == nil {
			err = s.Commit(&gateway.Change{Wait: aWait(tenantOf(0), "back")})
		}
		if err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}

// TestMigrateAtOnce opens one schema from several nodes at once.
func TestMigrateAtOnce(t *testing.T) {
	o := options(server(t))
	var done sync.WaitGroup
	for range 4 {
		done.Go(func() {
			s, err := Open(o)
			if err != nil {
				t.Error(err)
				return
			}
			must(t, s.Close())
		})
	}
	done.Wait()
	by := newSession(t, server(t))
	by.ask(fmt.Sprintf("INSERT INTO %s.versions (version) VALUES (%d)", o.Schema, Version()+1))
	must(t, mustOpenOnce(o))
	by.ask(fmt.Sprintf("INSERT INTO %s.versions (version) VALUES (%d)", o.Schema, Version()+2))
	if err := mustOpenOnce(o); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("version %d, and this hookgate knows %d", Version()+2, Version())) {
		t.Errorf("a schema of long after: %v", err)
	}
}

func mustOpenOnce(o Options) error {
	s, err := Open(o)
	if err != nil {
		return err
	}
	return s.Close()
}

// TestReadOnly has a database that is set read-only: writes are refused, reads go on, and so
// do writes when it takes them again.
func TestReadOnly(t *testing.T) {
	own := postgres.Start(t)
	way := gatewaytest.NewWay(t, own.Socket)
	for name, url := range map[string]string{
		"a socket":         own.URL(),
		"TCP, and sslmode": "postgres://hookgate@" + way.Addr + "/postgres?sslmode=prefer",
	} {
		t.Run(name, func(t *testing.T) {
			o := options(own)
			o.URL = func() (string, error) { return url, nil }
			o.Patience = 3 * time.Second
			readsOn(t, mustOpen(t, o), newSession(t, own))
		})
	}
}

func readsOn(t *testing.T, s *Store, by *session) {
	kept := map[string]bool{}
	write := func(n int) error {
		w := aWait(tenantOf(n), "kept")
		err := s.Commit(&gateway.Change{Wait: w})
		if err == nil {
			kept[w.ID] = true
		}
		return err
	}
	must(t, write(0))
	must(t, write(1))
	by.ask("ALTER SYSTEM SET default_transaction_read_only = on")
	by.ask("SELECT pg_reload_conf()")
	for n := range writing {
		for deadline := time.Now().Add(time.Minute); ; {
			err := write(n)
			if isUnavailable(err) {
				break
			}
			if err != nil || time.Now().After(deadline) {
				t.Fatalf("a database that takes no writes: %v", err)
			}
		}
	}
	s.pool.drop() // who reads must connect anew
	for id := range kept {
		w, err := s.Wait(tenantOf(0), id)
		if err != nil {
			w, err = s.Wait(tenantOf(1), id)
		}
		if err != nil || w.ID != id {
			t.Errorf("a read: %v", err)
		}
	}
	if ids := openWaits(t, s); fmt.Sprint(ids) != fmt.Sprint(kept) {
		t.Errorf("open: %v, want %v", ids, kept)
	}
	if err := write(0); !isUnavailable(err) {
		t.Errorf("the second write: %v", err)
	}
	by.ask("SET default_transaction_read_only = off")
	by.ask("ALTER SYSTEM RESET default_transaction_read_only")
	by.ask("SELECT pg_reload_conf()")
	for n := range writing {
		for deadline := time.Now().Add(time.Minute); ; {
			err := write(n)
			if err == nil {
				break
			}
			if time.Now().After(deadline) {
				t.Fatal(err)
			}
		}
	}
	if ids := openWaits(t, s); fmt.Sprint(ids) != fmt.Sprint(kept) {
		t.Errorf("open: %v, want %v", ids, kept)
	}
}
