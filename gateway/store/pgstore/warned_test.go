package pgstore

import (
	"errors"
	"testing"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/gatewaytest/postgres"
)

const (
	// syncing are writers, and those who raise their epochs, that wait for a standby.
	syncing     = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'hookgate write' AND wait_event = 'SyncRep'"
	raising     = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'hookgate fence' AND wait_event = 'SyncRep'"
	cancelWaits = "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'hookgate%' AND wait_event = 'SyncRep'"
)

// TestWarned cancels a commit that waits for its standby: the database tells it as done,
// with a warning. It is on one disk alone, so nobody is told that it is done: neither who
// wrote it nor, while that is so, who asks for it again. That is over when the standby has it,
// and not when a higher epoch has been told with a warning, too.
func TestWarned(t *testing.T) {
	own := postgres.Start(t)
	o := options(own)
	o.Patience = time.Second
	s, by := mustOpen(t, o), newSession(t, own)
	tenant := tenantOf(0)
	must(t, s.Commit(&gateway.Change{Wait: aWait(tenant, "before")}))
	by.ask("SET synchronous_commit = local")
	by.ask("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
	by.ask("SELECT pg_reload_conf()")
	by.until("SHOW synchronous_standby_names", "nobody")
	var w *gateway.Wait
	var told chan error
	key := gateway.NewMarkKey(gateway.MarkDelivery, []byte("it"))
	for n := 0; ; n++ { // the setting holds from some moment on
		told, w = make(chan error, 1), aWait(tenant, "one")
		go func() {
			told <- s.Commit(&gateway.Change{Wait: w, Marks: []gateway.Mark{{Tenant: tenant, Key: key, WaitID: w.ID, Expires: time.Now().Add(time.Hour)}}})
		}()
		for by.ask(syncing) != "1" && len(told) == 0 {
			time.Sleep(time.Millisecond)
		}
		if len(told) == 0 {
			break
		}
		must(t, <-told)
		if time.Sleep(10 * time.Millisecond); n > 5000 {
			t.Fatal("no commit waits for a standby")
		}
	}
	by.ask(cancelWaits)
	if err := <-told; !isUnknown(err) || !errors.Is(err, errWarned) {
		t.Errorf("a commit that was told with a warning: %v", err)
	}
	by.until("SELECT (count(*) > 0)::text FROM "+o.Schema+".waits WHERE source = 'one'", "true") // anybody sees it
	for range 2 {
		by.until(raising, "1")
		by.ask(cancelWaits)
	}
	if _, found, err := s.Mark(tenant, key, time.Hour); !isUnavailable(err) {
		t.Errorf("a mark that is on one disk alone: %v, %v", found, err)
	}
	if _, err := s.Wait(tenant, w.ID); !isUnavailable(err) {
		t.Errorf("a wait that is on one disk alone: %v", err)
	}
	by.ask("ALTER SYSTEM SET synchronous_standby_names = ''")
	by.ask("SELECT pg_reload_conf()")
	for deadline := time.Now().Add(time.Minute); ; {
		_, found, err := s.Mark(tenant, key, time.Hour)
		if err == nil && found {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal(found, err)
		}
	}
	if ids := openWaits(t, s); len(ids) < 2 {
		t.Errorf("open: %v", ids)
	}
}
