package pgstore

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/gatewaytest/postgres"
	"hookgate/gateway/store"
)

// published gives an event of a tenant with a delivery, both stored.
func published(t *testing.T, s *Store, tenant, endpoint string, at time.Time) *gateway.Delivery {
	t.Helper()
	v := gateway.Event{ID: gateway.NewEventID(at), Tenant: tenant, Type: "message", ConversationKey: endpoint, AcceptedAt: at, Body: gateway.Raw(`{}`)}
	d := gateway.Delivery{
		ID: gateway.NewID(gateway.PrefixDelivery, at), Tenant: tenant, Endpoint: endpoint, EventIDs: []string{v.ID}, EventType: v.Type,
		ConversationKey: endpoint, State: gateway.DeliveryPending, NextAttemptAt: at, CreatedAt: at,
	}
	must(t, s.Accept(&gateway.Publication{Events: []gateway.Event{v}, Deliveries: []gateway.Delivery{d}}))
	return &d
}

// TestTwoNodesEndOneDelivery has the owner of a lane settle what the owner of its tenant
// cancels, sends again and deletes, each at a node of its own: a delivery lies in one place,
// whoever came first, and has a place in the window where it is unfinished.
func TestTwoNodesEndOneDelivery(t *testing.T) {
	o := options(server(t))
	lanes, tenants := mustOpen(t, o), mustOpen(t, o)
	now := time.Now().UTC().Truncate(time.Microsecond)
	by := newSession(t, server(t))
	for i := range 60 {
		tenant := fmt.Sprint("t", i)
		d := published(t, tenants, tenant, "crm", now)
		settled, other := *d, *d
		settled.State = []gateway.DeliveryState{gateway.DeliverySucceeded, gateway.DeliveryRetrying, gateway.DeliveryDead}[i%3]
		settled.Attempts, settled.NextAttemptAt = 1, now.Add(time.Hour)
		if settled.State.Ended() {
			settled.NextAttemptAt, settled.EndedAt = time.Time{}, now
		}
		var told error
		var both sync.WaitGroup
		both.Go(func() { must(t, lanes.Settle(&settled, &gateway.Attempt{Number: 1, At: now, Status: 200})) })
		both.Go(func() {
			switch i / 3 % 4 {
			case 0:
				other.State, other.EndedAt = gateway.DeliveryCancelled, now
				if told = tenants.Cancel(&other); errors.Is(told, gateway.ErrNotFound) {
					told = nil
				}
			case 1:
				other.NextAttemptAt = now.Add(time.Minute)
				told = tenants.Requeue(nil, &other)
			case 2:
				told = tenants.DropLane(other.Lane())
			default:
				told = tenants.DeleteTenant(tenant)
			}
		})
		both.Wait()
		must(t, told)
		found := 0
		_, err := tenants.Deliveries(store.Query{Tenant: tenant}, gateway.AttemptBounds{}, func(*gateway.Delivery, []gateway.Attempt) bool { found++; return true })
		must(t, err)
		if deleted := i/3%4 == 3; found > 1 || found == 0 && !deleted {
			t.Errorf("round %d: it is there %d times", i, found)
		}
		due, err := lanes.Window(d.Lane(), gateway.Due{}, 10)
		must(t, err)
		waits := by.ask("SELECT count(*) FROM " + o.Schema + ".unfinished AS u JOIN " + o.Schema + ".due AS d ON d.id = u.id AND d.tenant = u.tenant AND d.at = u.due AND d.slot = u.slot AND d.endpoint = u.endpoint WHERE u.tenant = '" + tenant + "'")
		all := by.ask("SELECT count(*) FROM " + o.Schema + ".unfinished WHERE tenant = '" + tenant + "'")
		if waits != all || fmt.Sprint(len(due)) != all {
			t.Errorf("round %d: %s are unfinished, %s of them with their place, and the window has %d", i, all, waits, len(due))
		}
	}
}

// TestBeatenIsWrittenAgain has a statement of promises undone by a deadlock: it is sent again, and
// nobody hears of it.
func TestBeatenIsWrittenAgain(t *testing.T) {
	o := options(server(t))
	s, by, watch := mustOpen(t, o), newSession(t, server(t)), newSession(t, server(t))
	now := time.Now().UTC().Truncate(time.Microsecond)
	for range 10 {
		d := published(t, s, "acme", "crm", now)
		d.Attempts, d.State, d.NextAttemptAt, d.EndedAt = 1, gateway.DeliverySucceeded, time.Time{}, now
		by.ask("BEGIN")
		by.ask("SELECT 1 FROM " + o.Schema + ".unfinished FOR UPDATE")
		ended := make(chan error, 1)
		go func() { ended <- s.Settle(d, nil) }()
		watch.until("SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%"+o.Schema+"%' AND pid <> pg_backend_pid()", "t")
		_, beaten := by.c.Exec(t.Context(), "UPDATE "+o.Schema+".writers SET epoch = epoch").ReadAll() // of these the statement has one
		by.ask("ROLLBACK")
		must(t, <-ended)
		if beaten == nil {
			return // it was not this session that was undone
		}
	}
	t.Error("no statement was undone")
}

// TestFanOutIsFinishedByTheNext ends a process between two steps of a fan-out: who has the
// slot of its tenant next makes the rest, once, before it looks at lanes.
func TestFanOutIsFinishedByTheNext(t *testing.T) {
	o := options(server(t))
	now := time.Now().UTC().Truncate(time.Microsecond)
	s, err := Open(o)
	must(t, err)
	p, f := crowd("acme", now)
	var first gateway.Delivery
	must(t, s.FanOut(p, []gateway.Fanout{f}, func() {}, func(made []gateway.Delivery) bool {
		first = made[0]
		return false // as where the process ends
	}))
	first.Attempts, first.State, first.NextAttemptAt, first.EndedAt = 1, gateway.DeliverySucceeded, time.Time{}, now
	must(t, s.Settle(&first, nil))
	if lanes, err := s.Lanes(gateway.SlotsOf(gateway.SlotOf("another"))); err != nil || len(lanes) > 0 {
		t.Fatalf("lanes of another slot: %v, %v", lanes, err)
	}
	must(t, s.Close())
	next := mustOpen(t, o)
	for range 2 {
		lanes, err := next.Lanes(gateway.AllSlots())
		must(t, err)
		if len(lanes) != 2 {
			t.Fatalf("lanes: %v", lanes)
		}
		for n, want := range []int{2*fanoutStep - 1, 2 * fanoutStep} {
			if due, err := next.Window(gateway.LaneKey{Tenant: "acme", Endpoint: f.Listeners[n].Endpoint}, gateway.Due{}, 10_000); err != nil || len(due) != want {
				t.Errorf("%s has %d, want %d: %v", f.Listeners[n].Endpoint, len(due), want, err)
			}
		}
	}
	if d, _, err := next.Delivery("acme", first.ID); err != nil || d.State != gateway.DeliverySucceeded {
		t.Errorf("what was delivered between: %+v, %v", d, err)
	}
}

// TestFanOutIsFinishedByWhoAsksAgain loses the database within a fan-out: who finds its mark has
// the rest made, each once, and takes nothing for whole before.
func TestFanOutIsFinishedByWhoAsksAgain(t *testing.T) {
	s, way := openByWay(t, postgres.Start(t))
	now := time.Now().UTC().Truncate(time.Microsecond)
	ends := map[string]func(p *gateway.Publication, many []gateway.Fanout) error{
		"between two steps": func(p *gateway.Publication, many []gateway.Fanout) error {
			err := s.FanOut(p, many, func() {}, func([]gateway.Delivery) bool { way.Refuse(); return true })
			must(t, way.Listen())
			return err
		},
		"before it is known": func(p *gateway.Publication, many []gateway.Fanout) error {
			way.Answers.Store(1)
			return s.FanOut(p, many, func() { t.Error("nobody knows") }, nil)
		},
	}
	for name, lost := range ends {
		tenant := strings.ReplaceAll(name, " ", "-")
		p, f := crowd(tenant, now)
		if lost(p, []gateway.Fanout{f}) == nil {
			t.Fatalf("%s: the database was not lost", name)
		}
		told := 0
		for deadline := time.Now().Add(time.Minute); ; {
			err := s.Finish(tenant, []string{f.Events[0].ID}, func(made []gateway.Delivery) bool { told += len(made); return true })
			if err == nil {
				break
			}
			if time.Now().After(deadline) {
				t.Fatal(err)
			}
		}
		want := f.Len()
		if name == "between two steps" {
			want -= fanoutStep
		}
		if told != want {
			t.Errorf("%s: %d are told of, want %d", name, told, want)
		}
		for n := range f.Listeners {
			if due, err := s.Window(gateway.LaneKey{Tenant: tenant, Endpoint: f.Listeners[n].Endpoint}, gateway.Due{}, 10_000); err != nil || len(due) != 2*fanoutStep {
				t.Errorf("%s: %s has %d, want %d: %v", name, f.Listeners[n].Endpoint, len(due), 2*fanoutStep, err)
			}
		}
		must(t, s.Finish(tenant, []string{f.Events[0].ID}, func([]gateway.Delivery) bool { t.Errorf("%s: there was more", name); return true }))
	}
}

// TestFanOutIsNotFinishedBeside asks for the rest of what this process is making still, and of
// another publish: neither is made.
func TestFanOutIsNotFinishedBeside(t *testing.T) {
	s := mustOpen(t, options(server(t)))
	p, f := crowd("acme", time.Now().UTC())
	other, its := crowd("acme", time.Now().UTC().Add(time.Minute))
	nothing := func([]gateway.Delivery) bool { t.Error("there was something to make"); return true }
	must(t, s.FanOut(other, []gateway.Fanout{its}, func() {}, func([]gateway.Delivery) bool { return false })) // as where the process ends
	must(t, s.FanOut(p, []gateway.Fanout{f}, func() {}, func([]gateway.Delivery) bool {
		must(t, s.Finish("acme", []string{f.Events[0].ID}, nothing))
		return true
	}))
	must(t, s.Finish("acme", []string{f.Events[0].ID}, nothing))
	made := 0
	must(t, s.Finish("acme", []string{its.Events[1].ID}, func(some []gateway.Delivery) bool { made += len(some); return true }))
	if want := its.Len() - fanoutStep; made != want {
		t.Errorf("%d were made of what was left, want %d", made, want)
	}
}

// TestFanOutComesAfterThoseBefore publishes again what nobody knew whether it was taken: of a
// conversation all of the first comes before all of the second.
func TestFanOutComesAfterThoseBefore(t *testing.T) {
	s := mustOpen(t, options(server(t)))
	now := time.Now().UTC()
	first, its := crowd("acme", now)
	again, f := crowd("acme", now.Add(time.Second))
	another, theirs := crowd("other", now)
	must(t, s.FanOut(another, []gateway.Fanout{theirs}, func() {}, func([]gateway.Delivery) bool { return false }))
	must(t, s.FanOut(first, []gateway.Fanout{its}, func() {}, func([]gateway.Delivery) bool { return false }))
	var made []string
	must(t, s.FanOut(again, []gateway.Fanout{f}, func() {}, func(some []gateway.Delivery) bool {
		for i := range some {
			made = append(made, some[i].ID)
		}
		return true
	}))
	if want := its.Len() - fanoutStep + f.Len(); len(made) != want || !slices.IsSorted(made) || made[0] >= f.First {
		t.Errorf("%d were made, want %d; the first is %s, the second publish begins with %s", len(made), want, made[0], f.First)
	}
}

// TestFanOutGoesNowhereBack has two processes make one fan-out: who comes later to a step of which
// the other has sent everything makes nothing of it anew.
func TestFanOutGoesNowhereBack(t *testing.T) {
	s := mustOpen(t, options(server(t)))
	now := time.Now().UTC().Truncate(time.Microsecond)
	p, f := crowd("acme", now)
	steps := 0
	must(t, s.FanOut(p, []gateway.Fanout{f}, func() {}, func(made []gateway.Delivery) bool {
		for i := range made {
			d := made[i]
			d.Attempts, d.State, d.NextAttemptAt, d.EndedAt = 1, gateway.DeliverySucceeded, time.Time{}, now
			must(t, s.Settle(&d, nil))
		}
		steps++
		return steps < 3
	}))
	_, err := s.publications.making.makeStep(&f, 0, f.Read(0).Next(nil, fanoutStep)) // as one that was slow
	must(t, err)
	_, err = s.Lanes(gateway.AllSlots())
	must(t, err)
	left := 0
	for n := range f.Listeners {
		due, err := s.Window(gateway.LaneKey{Tenant: "acme", Endpoint: f.Listeners[n].Endpoint}, gateway.Due{}, 10_000)
		must(t, err)
		left += len(due)
	}
	if left != fanoutStep {
		t.Errorf("%d are to be sent, want %d", left, fanoutStep)
	}
}

// crowd is a publish of two steps of events for each of two endpoints.
func crowd(tenant string, now time.Time) (*gateway.Publication, gateway.Fanout) {
	f := gateway.Fanout{Tenant: tenant, At: now, Listeners: []gateway.Listener{{Endpoint: "crm"}, {Endpoint: "log"}}}
	p := &gateway.Publication{}
	for i := range uint16(2 * fanoutStep) {
		v := gateway.Event{ID: gateway.NewEventID(now), Tenant: tenant, Type: "message", AcceptedAt: now, Body: gateway.Raw(`{}`)}
		p.Events = append(p.Events, v)
		f.Events = append(f.Events, gateway.FanoutEvent{ID: v.ID, Type: v.Type})
		for n := range f.Listeners {
			f.Listeners[n].Events = append(f.Listeners[n].Events, i)
		}
	}
	f.First = gateway.NewIDs(gateway.PrefixDelivery, now, f.Len())
	return p, f
}

// TestTenantWithVeryMuchGoes deletes a tenant that has more than a statement deletes: all of it
// goes, and nothing of another.
func TestTenantWithVeryMuchGoes(t *testing.T) {
	server := server(t)
	o := options(server)
	s, by := mustOpen(t, o), newSession(t, server)
	other := published(t, s, "other", "crm", time.Now())
	published(t, s, "acme", "crm", time.Now())
	by.ask(s.in(fmt.Sprintf(`
		INSERT INTO {s}unfinished SELECT 'acme', int8send(n) || int8send(n), 7, 'crm', n, 0, 'message', n, '', '', 0, '' FROM generate_series(1, %d) AS n;
		INSERT INTO {s}due SELECT slot, tenant, endpoint, due, id, conversation, also, lent FROM {s}unfinished WHERE slot = 7 AND tenant = 'acme' AND type = 'message' AND value = '';
		INSERT INTO {s}attempts SELECT tenant, id, 1, due %% 9, '' FROM {s}unfinished WHERE tenant = 'acme'`, 2*deletedAtOnce)))
	much, err := s.resources.muchOf("acme")
	must(t, err)
	if len(much) != 2 {
		t.Fatalf("there is very much in %d tables, want 2", len(much))
	}
	must(t, s.thin("acme"))
	if n := by.ask(s.in("SELECT count(*) FROM {s}due WHERE tenant = 'acme'")); n != by.ask(s.in("SELECT count(*) FROM {s}unfinished WHERE tenant = 'acme'")) || n == "0" {
		t.Errorf("%s places are left", n)
	}
	must(t, s.DeleteTenant("acme"))
	for _, table := range tenantTables {
		if n := by.ask(s.in("SELECT count(*) FROM {s}" + table + " WHERE tenant = 'acme'")); n != "0" {
			t.Errorf("%s has %s rows", table, n)
		}
	}
	if _, events, err := s.Load("other", other.ID); err != nil || len(events) != 1 {
		t.Errorf("another's: %d events, %v", len(events), err)
	}
}

// TestReopenedBesideASweep sends again what ended, as late as its event is shown: the sweep
// that drops the event's part right after leaves it a copy; and one whose event went between
// the look and the promise is told to be gone.
func TestReopenedBesideASweep(t *testing.T) {
	o := options(server(t))
	at := time.Date(2026, time.March, 14, 15, 9, 26, 0, time.UTC)
	now := at
	o.Now = func() time.Time { return now }
	s, by := mustOpen(t, o), newSession(t, server(t))
	end := func(d *gateway.Delivery) {
		d.Attempts, d.State, d.NextAttemptAt, d.EndedAt = 1, gateway.DeliverySucceeded, time.Time{}, now
		must(t, s.Settle(d, &gateway.Attempt{Number: 1, At: now, Status: 200}))
	}
	d, lost := published(t, s, "acme", "crm", at), published(t, s, "acme", "crm", at)
	now = at.Add(keepEvents - time.Minute)
	end(d)
	end(lost)
	again := func(d *gateway.Delivery) error {
		next := *d
		next.State, next.NextAttemptAt, next.EndedAt = gateway.DeliveryPending, now, time.Time{}
		return s.Requeue(nil, &next)
	}
	p := newPromise()
	done, err := s.putBack(p, lost)
	if must(t, err); !done {
		t.Fatal("it cannot be sent again")
	}
	must(t, again(d))
	by.ask(s.in("DELETE FROM {s}events")) // as its part goes
	if err := s.write(p); !notMet(err) {
		t.Errorf("without its event: %v", err)
	}
	var gone *gateway.GoneError
	if err := again(lost); !errors.As(err, &gone) {
		t.Errorf("without its event: %v", err)
	}
	if _, events, err := s.Load("acme", d.ID); err != nil || len(events) != 1 {
		t.Errorf("%d events, %v", len(events), err)
	}
	if _, attempts, err := s.Delivery("acme", d.ID); err != nil || len(attempts) != 1 {
		t.Errorf("%d attempts, %v", len(attempts), err)
	}
}
