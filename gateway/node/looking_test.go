package node

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/gatewaytest"
)

// viewer reads the stream of a node.
type viewer struct {
	t      *testing.T
	events chan viewed
	leave  context.CancelFunc
	header http.Header
}

type viewed struct{ id, kind, data string }

func (c *citizen) looksOn(t *testing.T, after string) *viewer {
	t.Helper()
	ctx, leave := context.WithCancel(t.Context())
	_, internal := c.Addrs()
	q, err := http.NewRequestWithContext(ctx, "GET", "http://"+internal.String()+"/v1/stream", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	q.Header.Set("Authorization", "Bearer "+adminToken)
	if after != "" {
		q.Header.Set("Last-Event-ID", after)
	}
	a, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	v := &viewer{t: t, events: make(chan viewed, 1000), leave: leave, header: a.Header}
	go func() {
		defer func() { _ = a.Body.Close() }()
		var one viewed
		for lines := bufio.NewScanner(a.Body); lines.Scan(); {
			name, value, _ := strings.Cut(lines.Text(), ": ")
			switch name {
			case "id":
				one.id = value
			case "event":
				one.kind = value
			case "data":
				one.data = value
				v.events <- one
			}
		}
	}()
	return v
}

// sees waits for an event with a word, and says whether a gap came before.
func (v *viewer) sees(word string) (one viewed, gap bool) {
	v.t.Helper()
	late := time.After(30 * time.Second)
	for {
		select {
		case one := <-v.events:
			gap = gap || one.kind == "gap"
			if strings.Contains(one.data, word) {
				return one, gap
			}
		case <-late:
			v.t.Fatalf("no event has %s", word)
		}
	}
}

func (c *citizen) publishes(t *testing.T, kind string) {
	t.Helper()
	c.must(t, 202, "POST", "/v1/tenants/acme/events", fmt.Sprintf(`{"events":[{"event":{"type":%q,"payload":{}}}]}`, kind))
}

// The stream of a node shows what happens at all, and any node goes on where another stopped.
func TestStreamOfAllNodes(t *testing.T) {
	receiver := gatewaytest.NewReceiver(t)
	w := newTown(t, 2)
	a, b := w.nodes[0], w.nodes[1]
	a.set(t, receiver)
	w.give(t, gateway.SlotsOf(gateway.LaneKey{Tenant: "acme", Endpoint: "crm"}.Slot()), b) // whose attempts are made there
	v := b.looksOn(t, "")
	if got := v.header.Get("Hookgate-Missing"); got != "" {
		t.Errorf("%s is missing", got)
	}
	a.publishes(t, "first")
	if _, gap := v.sees(`"type":"first"`); gap {
		t.Error("there is a gap before the first event")
	}
	last, _ := v.sees(`"kind":"delivery"`)
	v.leave()
	b.publishes(t, "second")
	for _, c := range []*citizen{a, b, a} {
		again := c.looksOn(t, last.id)
		if _, gap := again.sees(`"type":"second"`); gap {
			t.Errorf("%s tells of a gap behind %s", c.self.ID, last.id)
		}
		one, gap := again.sees(`"kind":"delivery"`)
		if gap || one.id == last.id {
			t.Errorf("%s shows the delivery as %v", c.self.ID, one)
		}
		again.leave()
	}
	v = a.looksOn(t, "")
	b.must(t, 201, "PUT", "/v1/tenants/fresh", `{}`)
	v.sees(`"tenants/fresh"`)
	for len(v.events) > 0 {
		if one := <-v.events; strings.Contains(one.data, `"tenants/fresh"`) {
			t.Errorf("it is told twice: %s", one.data)
		}
	}
	w.mu.Lock()
	w.nodes = w.nodes[:1]
	w.mu.Unlock()
	if one, _ := v.sees(`"kind":"gap"`); one.kind != "gap" {
		t.Errorf("where a node is gone the reader sees %v", one)
	}
	v.leave()
}
