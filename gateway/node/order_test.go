package node

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/gatewaytest"
)

// heard is what a receiver got of each conversation, in the order in which it came.
type heard struct {
	mu sync.Mutex
	of map[string][]string
}

// hears has a receiver note it.
func hears(receiver *gatewaytest.Receiver) *heard {
	s := &heard{of: map[string][]string{}}
	receiver.Script(func(r gatewaytest.Received) gatewaytest.Reply {
		text := string(r.Body)
		s.mu.Lock()
		defer s.mu.Unlock()
		if n := member(text, "n"); n != "" && r.Path == "/crm" {
			s.of[member(text, "of")] = append(s.of[member(text, "of")], n)
		}
		return gatewaytest.Reply{}
	})
	return s
}

func (s *heard) is(conversation string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.of[conversation])
}

// comes waits until a conversation has come as far as that.
func (s *heard) comes(t *testing.T, conversation, n string) {
	t.Helper()
	eventually(t, "event "+n+" of "+conversation+" has come", func() bool { return slices.Contains(s.is(conversation), n) })
}

// notes publishes the n-th event of a conversation through a node.
func (c *citizen) notes(t *testing.T, conversation, n string, fields ...string) reply {
	t.Helper()
	return c.ask(t, "POST", "/v1/events", fmt.Sprintf(
		`{"events":[{"account":{"key":"acme-key"},"conversation":{"key":"%s"},"event":{"type":"note","payload":{"of":"%s","n":"%s"}}}]}`, conversation, conversation, n), fields...)
}

// orderly gives a town of two nodes and an endpoint that wants order. The second node decides
// all of the tenant but the endpoint's lane, which is the first one's, and the others reach that
// by a way that can be cut.
func orderly(t *testing.T) (w *town, s *heard, way *gatewaytest.Way) {
	t.Helper()
	receiver := gatewaytest.NewReceiver(t)
	s = hears(receiver)
	w = newTown(t, 2)
	a, b := w.nodes[0], w.nodes[1]
	a.set(t, receiver)
	a.must(t, 200, "PUT", "/v1/tenants/acme/endpoints/crm", fmt.Sprintf(`{"url":"%s/crm","ordered":true}`, receiver.URL))
	lane := gateway.SlotsOf((gateway.LaneKey{Tenant: "acme", Endpoint: "crm"}).Slot())
	w.give(t, gateway.AllSlots().Without(lane), b)
	at := a.Self().Address
	way = gatewaytest.NewWay(t, func() (string, string) { return "tcp", at })
	w.mu.Lock()
	a.self.Address = way.Addr
	w.mu.Unlock()
	eventually(t, "both nodes know the endpoint as it is", func() bool {
		for _, c := range w.nodes {
			if target := (current{c.directory}).target("acme", "crm"); target == nil || !target.Ordered {
				return false
			}
		}
		return true
	})
	return w, s, way
}

// The owner of a lane may never hear of what another node has published: that one died, or
// nobody reached the owner. What comes later in the conversation waits all the same until it
// has gone, whoever published that, and whatever the owner did before.
func TestOrderWhereNobodyToldTheOwner(t *testing.T) {
	w, s, way := orderly(t)
	owner, other, tenant := w.nodes[0], w.nodes[1], gateway.SlotsOf(gateway.SlotOf("acme"))
	if r := other.notes(t, "first", "1"); r.status != 202 {
		t.Fatalf("an event is answered with %d %s", r.status, r.body)
	}
	s.comes(t, "first", "1")
	for round := range 3 {
		conversation := fmt.Sprint("c", round)
		way.Shut()
		for n := range 3 {
			if r := other.notes(t, conversation, fmt.Sprint(n)); r.status != 202 {
				t.Fatalf("an event is answered with %d %s", r.status, r.body)
			}
		}
		w.give(t, tenant, owner) // it publishes itself now
		if r := owner.notes(t, conversation, "3"); r.status != 202 {
			t.Fatalf("the owner answers an event with %d %s", r.status, r.body)
		}
		s.comes(t, conversation, "3")
		s.comes(t, conversation, "0")
		way.Open()
		w.give(t, tenant, other)
		if got := s.is(conversation); !slices.Equal(got, []string{"0", "1", "2", "3"}) {
			t.Errorf("round %d: the events come as %v", round, got)
		}
	}
}

// What nobody told of comes soon where an order is kept, also when nothing comes after it.
func TestUntoldOfAnOrderComesSoon(t *testing.T) {
	w, s, way := orderly(t)
	other := w.nodes[1]
	other.notes(t, "first", "1")
	s.comes(t, "first", "1")
	way.Shut()
	defer way.Open()
	began := time.Now()
	if r := other.notes(t, "lone", "1"); r.status != http.StatusAccepted {
		t.Fatalf("an event is answered with %d %s", r.status, r.body)
	}
	s.comes(t, "lone", "1")
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("it came after %s", took)
	}
}

// Of events that go through either node by turns, each after the answer of the one before, the
// order stays, while the lane moves between the nodes.
func TestOrderOverBothNodes(t *testing.T) {
	w, s, _ := orderly(t)
	lane := gateway.SlotsOf((gateway.LaneKey{Tenant: "acme", Endpoint: "crm"}).Slot())
	var want []string
	for n := range 200 {
		want = append(want, fmt.Sprint(n))
		if r := w.nodes[n%2].notes(t, "both", fmt.Sprint(n)); r.status != 202 {
			t.Fatalf("event %d is answered with %d %s", n, r.status, r.body)
		}
		if n%50 == 49 {
			w.give(t, lane, w.nodes[n/50%2])
		}
	}
	s.comes(t, "both", "199")
	if got := s.is("both"); !slices.Equal(got, want) {
		t.Errorf("they come as %v", got)
	}
}

// A publish is sent again to the next owner of its tenant while the first one has looked up its
// key, and not yet stored it: it is taken once, and both say so.
func TestKeyOverAHandOver(t *testing.T) {
	receiver := gatewaytest.NewReceiver(t)
	s := hears(receiver)
	w := newTown(t, 2)
	a, b, tenant := w.nodes[0], w.nodes[1], gateway.SlotsOf(gateway.SlotOf("acme"))
	a.set(t, receiver)
	for name, fields := range map[string][]string{"by key": {"Idempotency-Key", "once"}, "by id": nil} {
		w.give(t, tenant, a)
		body := fmt.Sprintf(`{"events":[{"event":{"type":"note","id":"%s","payload":{"of":"%s","n":"1"}}}]}`, name, name)
		if fields == nil {
			body = `{"dedupe":{"event_id":"event.id"},` + body[1:]
		}
		over := w.holdMarks(t)
		answers := make(chan reply, 2)
		publish := func(c *citizen) { answers <- c.ask(t, "POST", "/v1/tenants/acme/events", body, fields...) }
		go publish(a)
		w.until(t, "1", `SELECT count(*) FROM pg_stat_activity WHERE application_name = 'hookgate write' AND wait_event_type = 'Lock'`)
		var moved sync.WaitGroup
		moved.Go(func() {
			w.give(t, tenant, b)
			publish(b)
		})
		moved.Wait()
		over()
		first, second := <-answers, <-answers
		if one, other := member(first.body, "id"), member(second.body, "id"); first.status != 202 || second.status != 202 || one != other {
			t.Errorf("%s: it is answered with %d %s and with %d %s", name, first.status, first.body, second.status, second.body)
		}
		s.comes(t, name, "1")
	}
	for _, c := range w.nodes { // what else was taken would have come by then
		c.must(t, 202, "POST", "/v1/tenants/acme/events", fmt.Sprintf(`{"events":[{"event":{"type":"note","payload":{"of":"last","n":"%s"}}}]}`, c.self.ID))
		s.comes(t, "last", c.self.ID)
	}
	for _, name := range []string{"by key", "by id"} {
		if got := s.is(name); len(got) != 1 {
			t.Errorf("%s: it came %d times", name, len(got))
		}
	}
}

// holdMarks keeps whoever writes marks waiting, until two seconds after the first does, and nobody
// who reads them. What it gives waits for the end of that.
func (w *town) holdMarks(t *testing.T) (over func()) {
	t.Helper()
	ended := make(chan error, 1)
	go func() {
		_, err := w.db.Ask(`BEGIN; LOCK TABLE hookgate.marks IN SHARE MODE; DO $$ BEGIN
			FOR i IN 1..1200 LOOP
				PERFORM pg_sleep(0.05);
				PERFORM pg_stat_clear_snapshot();
				EXIT WHEN EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'hookgate write' AND wait_event_type = 'Lock');
			END LOOP;
		END $$; SELECT pg_sleep(2); COMMIT`)
		ended <- err
	}()
	w.until(t, "t", "SELECT EXISTS (SELECT FROM pg_locks WHERE relation = 'hookgate.marks'::regclass AND mode = 'ShareLock' AND granted)")
	return func() {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}

// until asks the database until it says that.
func (w *town) until(t *testing.T, want, sql string) {
	t.Helper()
	eventually(t, sql, func() bool {
		got, err := w.db.Ask(sql)
		if err != nil {
			t.Fatal(err)
		}
		return got == want
	})
}
