package node

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"hookgate/configs"
	"hookgate/gateway"
	"hookgate/gateway/cluster"
	"hookgate/gateway/gatewaytest/postgres"
)

// town is who owns which slot among the nodes of a test. Package cluster decides that in a
// hookgate; here a test does.
type town struct {
	db    *postgres.Server
	mu    sync.Mutex
	nodes []*citizen
	ghost *cluster.Status         // one more, which nobody reaches
	owner [gateway.Slots]*citizen // nil: a gap
}

// citizen is a node of a town.
type citizen struct {
	*Node
	town *town
	self cluster.Node
	log  *bytes.Buffer
	stop context.CancelFunc
	done chan error
}

func (c *citizen) Self() cluster.Node {
	c.town.mu.Lock()
	defer c.town.mu.Unlock()
	return c.self
}

func (c *citizen) Owner(slot gateway.Slot) (cluster.Node, bool) {
	c.town.mu.Lock()
	defer c.town.mu.Unlock()
	owner := c.town.owner[slot]
	if owner == nil {
		return cluster.Node{}, false
	}
	return owner.self, owner == c
}

func (c *citizen) WaitOwner(ctx context.Context, slot gateway.Slot) (cluster.Node, bool, error) {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(3 * time.Second); time.Now().Before(end); {
		if owner, here := c.Owner(slot); owner.ID != "" {
			return owner, here, nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return cluster.Node{}, false, gateway.Unavailable("a gap", time.Second)
		}
	}
	return cluster.Node{}, false, gateway.Unavailable("a gap", time.Second)
}

func (c *citizen) NextOwner(ctx context.Context, slot gateway.Slot) (cluster.Node, bool, error) {
	select { // it looks into the store first
	case <-time.After(5 * time.Millisecond):
		return c.WaitOwner(ctx, slot)
	case <-ctx.Done():
		return cluster.Node{}, false, gateway.Unavailable("a gap", time.Second)
	}
}

func (c *citizen) Nodes() (all []cluster.Status) {
	c.town.mu.Lock()
	defer c.town.mu.Unlock()
	for _, n := range c.town.nodes {
		all = append(all, cluster.Status{ID: n.self.ID, Address: n.self.Address, State: cluster.StateReady})
	}
	if c.town.ghost != nil {
		all = append(all, *c.town.ghost)
	}
	return all
}

// newTown starts so many nodes on one database, the first of which owns everything.
func newTown(t *testing.T, n int, with ...func(*configs.Config)) *town {
	t.Helper()
	db := postgres.Start(t)
	w := &town{db: db}
	for i := range n {
		w.join(t, db, i, with...)
	}
	w.give(t, gateway.AllSlots(), w.nodes[0])
	return w
}

func (w *town) join(t *testing.T, db *postgres.Server, i int, with ...func(*configs.Config)) {
	t.Helper()
	c := &citizen{town: w, self: cluster.Node{ID: fmt.Sprintf("node-%d", i)}, log: new(bytes.Buffer), done: make(chan error, 1)}
	n, err := New(Options{
		Load: func() (*configs.Config, error) {
			k := configs.Default()
			k.Public.Addr, k.Internal.Addr, k.AdminToken = "127.0.0.1:0", "127.0.0.1:0", adminToken
			k.Store.Driver, k.Store.URL = configs.DriverPostgres, gateway.Secret(db.URL())
			k.MasterKey = gateway.Secret(base64.StdEncoding.EncodeToString([]byte(strings.Repeat("k", 32))))
			k.Egress.Allow = parsed[[]configs.Network](`["127.0.0.0/8"]`)
			for _, change := range with {
				change(k)
			}
			return k, nil
		},
		Log: slog.New(slog.NewTextHandler(&locked{w: c.log}, &slog.HandlerOptions{Level: slog.LevelInfo})), Stderr: io.Discard, Version: "test",
		among: c,
	})
	if err != nil {
		t.Fatal(err)
	}
	_, internal := n.Addrs()
	w.mu.Lock()
	c.Node, c.self.Address = n, internal.String()
	w.nodes = append(w.nodes, c)
	w.mu.Unlock()
	ctx, stop := context.WithCancel(context.Background())
	c.stop = stop
	go func() { c.done <- n.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-c.done; err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Logf("%s says\n%s", c.self.ID, c.log)
		}
	})
}

// locked is a writer for many.
type locked struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

// give moves slots, as a planned hand-over does: with a gap.
func (w *town) give(t *testing.T, slots gateway.SlotSet, to *citizen) {
	t.Helper()
	from := map[*citizen]gateway.SlotSet{}
	w.mu.Lock()
	for slot := range slots.All() {
		if owner := w.owner[slot]; owner != nil && owner != to {
			set := from[owner]
			set.Add(slot)
			from[owner] = set
		}
		w.owner[slot] = nil
	}
	w.mu.Unlock()
	for owner, set := range from {
		owner.calls.Release(set)
		owner.lanes.Release(set)
		owner.sessions.Release(set)
		owner.publisher.Release(set)
	}
	for _, acquire := range []func(gateway.SlotSet) error{to.publisher.Acquire, to.sessions.Acquire, to.lanes.Acquire, to.calls.Acquire} {
		if err := acquire(slots); err != nil {
			t.Error(err)
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for slot := range slots.All() {
		w.owner[slot] = to
	}
}

// known waits until every node knows what was configured. SPEC-cluster gives them a second, as
// long as the machine has one for them.
func (w *town) known(t *testing.T) {
	t.Helper()
	at, err := w.nodes[0].store.revisions.Revision()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range w.nodes {
		eventually(t, c.self.ID+" knows what was configured", func() bool { return c.follows.known() >= at })
	}
}

// reply is what a node has answered.
type reply struct {
	status int
	header http.Header
	body   string
}

func (r reply) get(member string) string {
	var v map[string]any
	if json.Unmarshal([]byte(r.body), &v) != nil {
		return ""
	}
	s, _ := v[member].(string)
	return s
}

// ask asks a node, by its internal listener.
func (c *citizen) ask(t *testing.T, method, path, body string, fields ...string) reply {
	t.Helper()
	_, internal := c.Addrs()
	return send(t, method, "http://"+internal.String()+path, body, append([]string{"Authorization", "Bearer " + adminToken}, fields...)...)
}

// must is ask where nothing but a status will do.
func (c *citizen) must(t *testing.T, status int, method, path, body string, fields ...string) reply {
	t.Helper()
	r := c.ask(t, method, path, body, fields...)
	if r.status != status {
		t.Fatalf("%s: %s %s: %d %s, want %d", c.self.ID, method, path, r.status, r.body, status)
	}
	return r
}

// call sends a callback to a node.
func (c *citizen) call(t *testing.T, path, body string, fields ...string) reply {
	t.Helper()
	public, _ := c.Addrs()
	return send(t, "POST", "http://"+public.String()+path, body, fields...)
}

func send(t *testing.T, method, url, body string, fields ...string) reply {
	t.Helper()
	q, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Error(err)
		return reply{}
	}
	for i := 0; i+1 < len(fields); i += 2 {
		q.Header.Set(fields[i], fields[i+1])
	}
	a, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Errorf("%s %s: %v", method, url, err)
		return reply{}
	}
	defer func() { _ = a.Body.Close() }()
	text, err := io.ReadAll(a.Body)
	if err != nil {
		t.Errorf("%s %s: %v", method, url, err)
	}
	return reply{a.StatusCode, a.Header, string(text)}
}
