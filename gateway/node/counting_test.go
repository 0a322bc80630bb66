package node

import (
	"encoding/json"
	"fmt"
	"testing"

	"hookgate/gateway"
	"hookgate/gateway/gatewaytest"
)

// counted is what figures say in all.
type tally struct{ events, callbacks, attempts, backlog int }

func (c *citizen) tally(t *testing.T, path string) (sum tally) {
	t.Helper()
	var list struct {
		Data []struct {
			Events    int            `json:"events"`
			Callbacks map[string]int `json:"callbacks"`
			Attempts  map[string]int `json:"attempts"`
			Backlog   int            `json:"backlog"`
		} `json:"data"`
	}
	r := c.must(t, 200, "GET", path, "")
	if err := json.Unmarshal([]byte(r.body), &list); err != nil {
		t.Fatal(err)
	}
	for _, p := range list.Data {
		sum.events, sum.backlog = sum.events+p.Events, p.Backlog
		for _, n := range p.Callbacks {
			sum.callbacks += n
		}
		for _, n := range p.Attempts {
			sum.attempts += n
		}
	}
	return sum
}

// Figures are those of all nodes: of the minute that runs, of one that nobody has kept yet, and
// of what is stored, in which no node writes over another.
func TestFiguresOfAllNodes(t *testing.T) {
	receiver := gatewaytest.NewReceiver(t)
	w := newTown(t, 2)
	a, b := w.nodes[0], w.nodes[1]
	a.set(t, receiver)
	w.give(t, gateway.SlotsOf(gateway.LaneKey{Tenant: "acme", Endpoint: "crm"}.Slot()), b) // its attempts are counted there
	const each = 3
	for i := range each {
		a.publishes(t, "note")
		b.publishes(t, "note")
		a.call(t, "/hooks/acme/pay", fmt.Sprintf(`{"conversation_key":"k%d"}`, i))
	}
	want := tally{events: 2 * each, callbacks: each, attempts: 2 * each}
	same := func(when string) {
		t.Helper()
		for _, c := range w.nodes {
			for _, path := range []string{"/v1/tenants/acme/stats", "/v1/stats", "/v1/stats?step=1h", "/v1/tenants/acme/stats?step=1d"} {
				got := tally{}
				defer func() {
					if t.Failed() {
						t.Logf("%s: %s at %s has %+v, want %+v", when, path, c.self.ID, got, want)
					}
				}()
				eventually(t, when, func() bool { got = c.tally(t, path); return got == want })
			}
		}
	}
	same("in the minute")
	a.stats.Leave() // both have given what they had: it is stored, together
	b.stats.Leave()
	same("stored")
	a.publishes(t, "note")
	want.events, want.attempts = want.events+1, want.attempts+1
	same("after it")
	b.stats.Leave()
	a.stats.Leave()
	same("stored again")
	w.give(t, gateway.SlotsOf(figuresSlot), b) // another keeps them from now on
	b.publishes(t, "note")
	want.events, want.attempts = want.events+1, want.attempts+1
	same("at another")
	a.must(t, 200, "POST", "/v1/tenants/acme/endpoints/crm/pause", "")
	a.publishes(t, "waits")
	want.events, want.backlog = want.events+1, 1
	same("with a backlog")
	for _, c := range w.nodes { // how things stand may be a second old
		eventually(t, fmt.Sprintf("a backlog of 1 and %d events are shown by %s", want.events, c.self.ID), func() bool {
			backlog, events := c.overview(t)
			return backlog == 1 && events == want.events
		})
	}
}

// overview gives what the overview shows of acme.
func (c *citizen) overview(t *testing.T) (backlog, events int) {
	t.Helper()
	r := c.must(t, 200, "GET", "/v1/overview?tenant=acme", "")
	var o struct {
		Data []struct {
			Backlog int `json:"backlog"`
			Series  struct {
				Events []int `json:"events"`
			} `json:"series"`
		} `json:"data"`
	}
	if err := json.Unmarshal([]byte(r.body), &o); err != nil || len(o.Data) != 1 {
		t.Fatalf("%v: %s", err, r.body)
	}
	for _, n := range o.Data[0].Series.Events {
		events += n
	}
	return o.Data[0].Backlog, events
}
