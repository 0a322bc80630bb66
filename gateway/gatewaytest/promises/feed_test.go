package promises

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// fed is a feed that breaks no law; TestFeedFinds breaks each law in it.
//
//	e.1  published once, with a key, asked for again
//	e.2  published twice without a key, for its first answer was lost; both were taken
//	e.3  published after a restart
type fed struct {
	*Feed
	e1, e2, e3 *Item
	p1, p2, p3 *Publish
}

func newItem(n int) *Item {
	i := &Item{N: fmt.Sprintf("e.%d", n), Conversation: "e", Number: n, Type: "note"}
	i.Body = fmt.Appendf(nil, `{ "n":%q, "x":1.0}`, i.N)
	return i
}

func newFed() *fed {
	f := &fed{
		Feed: NewFeed(&Subscriber{Name: "plain", Attempts: 2}, &Subscriber{Name: "ordered", Ordered: true}, &Subscriber{Name: "batch", Batch: 3},
			&Subscriber{Name: "picky", Wants: func(i *Item) bool { return i.Number == 3 }}),
		e1: newItem(1), e2: newItem(2), e3: newItem(3),
	}
	f.p1, f.p2, f.p3 = &Publish{Key: "k", Items: []*Item{f.e1}}, &Publish{Items: []*Item{f.e2}}, &Publish{Items: []*Item{f.e3}}
	return f
}

func (f *fed) accepted(p *Publish, from int, id string, deliveries int, replayed bool) {
	f.Begin(p)
	f.Answered(p, Accepted{Span: span(from, from+5), Status: 202, Replayed: replayed, Body: acceptance(id, deliveries)})
}

func acceptance(id string, deliveries int) []byte {
	return fmt.Appendf(nil, `{"accepted":1,"events":[{"id":%q,"deliveries":%d}]}`, id, deliveries)
}

func (f *fed) arrives(endpoint, id string, ok bool, items ...*Item) {
	bodies := make([]string, len(items))
	for n, i := range items {
		bodies[n] = string(i.Body)
	}
	f.Arrived(endpoint, Arrival{At: at(10), WebhookID: id, OK: ok, Body: []byte(`{"events":[` + strings.Join(bodies, ",") + `]}`)})
}

// publish tells the first half: all that was published, and read back.
func (f *fed) publish() {
	f.accepted(f.p1, 0, "evt_1", 3, false)
	f.accepted(f.p1, 10, "evt_1", 3, true)
	f.Begin(f.p2)
	f.Answered(f.p2, Accepted{Span: cut(20, 30)})
	f.Killed()
	f.accepted(f.p2, 40, "evt_2b", 3, false)
	f.accepted(f.p3, 50, "evt_3", 4, false)
	f.Saw(Event{ID: "evt_1", Body: f.e1.Body})
	f.Saw(Event{ID: "evt_2a", Body: f.e2.Body})
	f.Saw(Event{ID: "evt_2b", Body: f.e2.Body})
	f.Saw(Event{ID: "evt_3", Body: f.e3.Body})
}

// deliver tells the second half.
func (f *fed) deliver() {
	f.arrives("plain", "evt_3", true, f.e3)
	f.arrives("plain", "evt_1", false, f.e1)
	f.arrives("plain", "evt_1", false, f.e1)
	f.arrives("plain", "evt_2b", true, f.e2)
	f.arrives("plain", "evt_2a", true, f.e2)
	for _, a := range []struct {
		id   string
		item *Item
	}{{"evt_1", f.e1}, {"evt_2a", f.e2}, {"evt_2b", f.e2}, {"evt_1", f.e1}, {"evt_3", f.e3}} {
		f.arrives("ordered", a.id, true, a.item)
	}
	f.arrives("batch", "dlv_b", false, f.e1, f.e3)
	f.arrives("batch", "dlv_b", true, f.e1, f.e3)
	f.arrives("batch", "evt_2a", true, f.e2)
	f.arrives("batch", "evt_2b", true, f.e2)
	f.arrives("picky", "evt_3", true, f.e3)
}

// end tells the deliveries, but for those that were changed or left out.
func (f *fed) end(change func(d *Shown) bool) {
	all := []Shown{{ID: "dlv_b", Endpoint: "batch", EventIDs: []string{"evt_1", "evt_3"}}, {ID: "dlv_p3", Endpoint: "picky", EventIDs: []string{"evt_3"}}}
	for _, id := range []string{"1", "2a", "2b", "3"} {
		for _, endpoint := range []string{"plain", "ordered", "batch"} {
			if endpoint != "batch" || id[0] == '2' {
				all = append(all, Shown{ID: "dlv_" + endpoint + id, Endpoint: endpoint, EventIDs: []string{"evt_" + id}})
			}
		}
	}
	for _, d := range all {
		if d.State = "succeeded"; d.ID == "dlv_plain1" {
			d.State, d.Attempts = "dead", []Tried{{500}, {0}}
		}
		if change == nil || change(&d) {
			f.Ended(d)
		}
	}
}

func (f *fed) laws() (laws []string) {
	for _, v := range f.Check(true) {
		if !slices.Contains(laws, v.Law) {
			laws = append(laws, v.Law)
		}
	}
	return laws
}

func TestFeedFindsNothing(t *testing.T) {
	f := newFed()
	f.publish()
	if found := f.Check(false); len(found) > 0 {
		t.Errorf("before the end: %v", found)
	}
	f.deliver()
	f.end(nil)
	if found := f.Check(true); len(found) > 0 {
		t.Errorf("at the end: %v", found)
	}
	if n := f.Tally(); n.Accepted != 3 || n.Known != 4 || n.Again != 1 || n.AgainInOneLife != 1 || n.Batched != 2 || n.Dead != 1 || n.Succeeded != 12 || n.Refused != 3 {
		t.Errorf("tally %+v", n)
	}
}

// pair publishes one request of three events and one of a fourth, both twice for
// their first answers were lost, and lets the ordered endpoint get them like this.
func (f *fed) pair(order ...string) {
	all := []*Item{newItem(1), newItem(2), newItem(3), newItem(4)}
	p, q := &Publish{Items: all[:3]}, &Publish{Items: all[3:]}
	for range 2 {
		f.Begin(p)
		f.Begin(q)
	}
	for n, which := range order {
		f.arrives("ordered", fmt.Sprint("evt_", n), true, all[which[0]-'1'])
	}
}

func TestFeedKnowsThatARequestWasTakenTwice(t *testing.T) {
	f := newFed()
	f.pair("1", "2", "3", "1", "2", "3", "4", "4")
	if found := f.Check(false); len(found) > 0 {
		t.Errorf("found %v", found)
	}
}

// only ends each delivery but one, which is changed, or left out.
func only(id string, change func(d *Shown)) func(*Shown) bool {
	return func(d *Shown) bool {
		if d.ID == id && change != nil {
			change(d)
		}
		return d.ID != id || change != nil
	}
}

var brokenFeeds = []struct {
	law, what string
	more      func(f *fed)             // happens as well
	end       func(d *Shown) bool      // changes how deliveries end
	instead   func(f *fed) (done bool) // happens instead of everything
}{
	{law: "lost", what: "an event that is gone after a restart", more: func(f *fed) {
		i := newItem(4)
		p := &Publish{Items: []*Item{i}}
		f.accepted(p, 60, "evt_4", 4-1, false)
		for _, endpoint := range []string{"plain", "ordered", "batch"} {
			f.arrives(endpoint, "evt_4", true, i)
			f.Ended(Shown{ID: "dlv_4" + endpoint, Endpoint: endpoint, EventIDs: []string{"evt_4"}, State: "succeeded"})
		}
	}},
	{law: "lost", what: "a delivery that is gone", end: only("dlv_ordered3", nil)},
	{law: "lost", what: "one that nobody had an answer of", end: only("dlv_plain2a", nil)},
	{law: "ended", what: "a delivery that never ends", end: only("dlv_plain3", func(d *Shown) { d.State = "retrying" })},
	{law: "ended", what: "a delivery that nobody cancelled", end: only("dlv_plain3", func(d *Shown) { d.State = "cancelled" })},
	{law: "ended", what: "dead where nothing dies", end: only("dlv_ordered3", func(d *Shown) { d.State = "dead" })},
	{law: "ended", what: "dead too early", end: only("dlv_plain1", func(d *Shown) { d.Attempts = d.Attempts[:1] })},
	{law: "ended", what: "dead after a success", end: only("dlv_plain1", func(d *Shown) { d.Attempts[1].Status = 204 })},
	{law: "ended", what: "a success that its endpoint knows nothing of", end: only("dlv_plain1", func(d *Shown) { d.State = "succeeded" })},
	{law: "bytes", what: "another body", more: func(f *fed) {
		f.Arrived("plain", Arrival{WebhookID: "evt_9", Body: []byte(`{"events":[{"n":"e.2","x":1.0}]}`)})
	}},
	{law: "bytes", what: "shown as another", more: func(f *fed) { f.Saw(Event{ID: "evt_3", Body: []byte(`{"n":"e.3","x":1}`)}) }},
	{law: "bytes", what: "no envelope", more: func(f *fed) { f.Arrived("plain", Arrival{WebhookID: "evt_3", Body: f.e3.Body}) }},
	{law: "bytes", what: "half a body", more: func(f *fed) { f.Arrived("plain", Arrival{WebhookID: "evt_3", Body: []byte(`{"ev`)}) }},
	{law: "signed", what: "a bad signature", more: func(f *fed) {
		f.Arrived("plain", Arrival{WebhookID: "evt_3", Body: []byte(`{"events":[` + string(f.e3.Body) + `]}`), Unsigned: errors.New("no match")})
	}},
	{law: "same id", what: "one id, two contents", more: func(f *fed) { f.arrives("plain", "evt_3", true, f.e2) }},
	{law: "same id", what: "several events where none travel together", more: func(f *fed) { f.arrives("plain", "dlv_x", true, f.e2, f.e3) }},
	{law: "same id", what: "a batch under an event's id", more: func(f *fed) { f.arrives("batch", "evt_3", true, f.e2, f.e3) }},
	{law: "same id", what: "more than a batch may hold", more: func(f *fed) { f.arrives("batch", "dlv_b2", true, f.e1, f.e2, f.e3, f.e2) }},
	{law: "same id", what: "a batch of other events", end: only("dlv_b", func(d *Shown) { d.EventIDs = []string{"evt_3", "evt_1"} })},
	{law: "idempotency", what: "a key taken twice, as the answers say", more: func(f *fed) { f.accepted(f.p1, 60, "evt_1", 3, false) }},
	{law: "idempotency", what: "a key answered in two ways", more: func(f *fed) {
		f.Begin(f.p1)
		f.Answered(f.p1, Accepted{Status: 202, Replayed: true, Body: append(acceptance("evt_1", 3), ' ')})
	}},
	{law: "idempotency", what: "a key taken twice, as an endpoint says", more: func(f *fed) { f.arrives("plain", "evt_1b", true, f.e1) }},
	{law: "idempotency", what: "a replay of nothing", more: func(f *fed) { f.accepted(f.p3, 60, "evt_3b", 4, true) }},
	{law: "explained", what: "taken more often than published", more: func(f *fed) { f.arrives("plain", "evt_2c", true, f.e2) }},
	{law: "explained", what: "an event that nobody published arrives", more: func(f *fed) { f.arrives("plain", "evt_7", true, newItem(7)) }},
	{law: "explained", what: "an event that nobody published is shown", more: func(f *fed) { f.Saw(Event{ID: "evt_7", Body: newItem(7).Body}) }},
	{law: "explained", what: "one id for two events", more: func(f *fed) { f.Saw(Event{ID: "evt_1", Body: f.e3.Body}) }},
	{law: "explained", what: "an event that the endpoint does not want", more: func(f *fed) { f.arrives("picky", "evt_1", true, f.e1) }},
	{law: "explained", what: "a delivery that nobody wants", more: func(f *fed) {
		f.Ended(Shown{ID: "dlv_x", Endpoint: "picky", EventIDs: []string{"evt_1"}, State: "succeeded"})
	}},
	{law: "explained", what: "two deliveries of one event", more: func(f *fed) {
		f.Ended(Shown{ID: "dlv_x", Endpoint: "plain", EventIDs: []string{"evt_3"}, State: "succeeded"})
	}},
	{law: "explained", what: "a request under a delivery's id that is not there", more: func(f *fed) { f.arrives("batch", "dlv_x", true, f.e1, f.e2) }},
	{law: "order", what: "a later one comes first", instead: func(f *fed) bool {
		f.publish()
		f.arrives("ordered", "evt_1", true, f.e1)
		f.arrives("ordered", "evt_3", true, f.e3)
		f.arrives("ordered", "evt_2a", true, f.e2)
		f.deliver()
		f.end(nil)
		return true
	}},
	{law: "order", what: "a copy comes too late", instead: func(f *fed) bool {
		f.publish()
		f.arrives("ordered", "evt_2a", true, f.e2)
		f.arrives("ordered", "evt_3", true, f.e3)
		f.arrives("ordered", "evt_1", true, f.e1)
		return true
	}},
	{law: "order", what: "a gap within a request", instead: func(f *fed) bool { f.pair("1", "3"); return true }},
	{law: "order", what: "two copies of a request, mixed", instead: func(f *fed) bool { f.pair("1", "1", "2", "3", "2", "3"); return true }},
	{law: "order", what: "a request that ends too early", instead: func(f *fed) bool { f.pair("1", "2", "4"); return true }},
	{law: "event id", what: "an event that is known by its own id, taken twice", more: func(f *fed) {
		f.p3.ByID = true
		f.accepted(f.p3, 60, "evt_3b", 4, false)
	}},
	{law: "answer", what: "an error", more: func(f *fed) { f.Begin(f.p3); f.Answered(f.p3, Accepted{Status: 500}) }},
	{law: "answer", what: "fewer than were published", more: func(f *fed) {
		f.Begin(f.p1)
		f.Answered(f.p1, Accepted{Status: 202, Replayed: true, Body: []byte(`{"accepted":0,"events":[]}`)})
	}},
	{law: "answer", what: "another count of deliveries", instead: func(f *fed) bool { f.accepted(f.p1, 0, "evt_1", 4, false); return true }},
}

func TestFeedFinds(t *testing.T) {
	for _, b := range brokenFeeds {
		f := newFed()
		if b.instead == nil || !b.instead(f) {
			f.publish()
			f.deliver()
			f.end(b.end)
			if b.more != nil {
				b.more(f)
			}
		}
		if found := f.laws(); !slices.Contains(found, b.law) {
			t.Errorf("%s: found %q, want %s", b.what, found, b.law)
		}
	}
}
