package cluster_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/cluster"
	"hookgate/gateway/gatewaytest"
	"hookgate/gateway/gatewaytest/postgres"
	"hookgate/gateway/store/pgstore"
)

// team is nodes on one PostgreSQL, whose parts write for their slots all the while.
type team struct {
	t      *testing.T
	server *postgres.Server
	tenant [gateway.Slots]string // one of each slot

	mu     sync.Mutex
	nodes  map[string]*teamMate    // by address
	told   [gateway.Slots][]string // waits that were told as written
	opened atomic.Int64
}

// teamMate is one node, and a cluster.Part of itself.
type teamMate struct {
	*cluster.Cluster
	team    *team
	store   *pgstore.Store
	address string
	way     *gatewaytest.Way
	dead    atomic.Bool
	fenced  atomic.Int64

	mu    sync.Mutex
	slots gateway.SlotSet
	busy  sync.WaitGroup
	end   chan struct{}
}

func newTeam(t *testing.T) *team {
	c := &team{t: t, server: postgres.Start(t), nodes: map[string]*teamMate{}}
	left := gateway.Slots
	for i := 0; left > 0; i++ {
		name := fmt.Sprint("t", i)
		if slot := gateway.SlotOf(name); c.tenant[slot] == "" {
			c.tenant[slot] = name
			left--
		}
	}
	return c
}

func (c *team) start() *teamMate {
	c.t.Helper()
	c.mu.Lock()
	m := &teamMate{team: c, address: fmt.Sprintf("node%d:1", len(c.nodes)), way: gatewaytest.NewWay(c.t, c.server.Socket), end: make(chan struct{})}
	c.mu.Unlock()
	var joined atomic.Pointer[cluster.Cluster]
	s, err := pgstore.Open(pgstore.Options{
		URL:      func() (string, error) { return postgres.URLBy(m.way.Addr), nil },
		Logger:   slog.New(slog.DiscardHandler),
		OnDoubt:  func(slots gateway.SlotSet) { joined.Load().Doubt(slots); go m.again(slots) },
		OnFenced: func() { joined.Load().Fenced() },
	})
	if err != nil {
		c.t.Fatal(err)
	}
	m.store = s
	m.Cluster = cluster.New(cluster.Options{
		Store: s, Parts: []cluster.Part{m}, Ask: m.ask, Log: slog.New(slog.DiscardHandler),
		Say:      func() cluster.Self { return cluster.Self{Address: m.address, Version: "1"} },
		Observer: cluster.Observer{Fenced: func() { m.fenced.Add(1) }},
	})
	joined.Store(m.Cluster)
	c.mu.Lock()
	c.nodes[m.address] = m
	c.mu.Unlock()
	if err := m.Start(); err != nil {
		c.t.Fatal(err)
	}
	m.busy.Go(m.write)
	c.t.Cleanup(m.stop)
	return m
}

func (m *teamMate) stop() {
	if m.dead.Swap(true) {
		return
	}
	close(m.end)
	m.busy.Wait()
	m.Close()
	_ = m.store.Close() // the database may be gone
}

func (m *teamMate) ask(ctx context.Context, to cluster.Node, verb string, body []byte) ([]byte, error) {
	m.team.mu.Lock()
	other := m.team.nodes[to.Address]
	m.team.mu.Unlock()
	if other == nil || other.dead.Load() || other.Self().ID != to.ID {
		return nil, errors.New("connection refused")
	}
	return other.Handlers()[verb](ctx, body)
}

// Acquire reads what the store has of slots: all that anybody was told is there.
func (m *teamMate) Acquire(slots gateway.SlotSet) error {
	var told [gateway.Slots][]string
	m.team.mu.Lock()
	for slot := range slots.All() {
		told[slot] = append(told[slot], m.team.told[slot]...)
	}
	m.team.mu.Unlock()
	if err := m.Confirmed(slots); err != nil {
		return err
	}
	there := map[string]bool{}
	err := m.store.Recover(slots, func(w *gateway.Wait) error { there[w.ID] = true; return nil }, func(*gateway.Parked) error { return nil })
	if err != nil {
		return err
	}
	for slot := range slots.All() {
		for _, id := range told[slot] {
			if !there[id] {
				m.team.t.Errorf("slot %d: wait %s was told as written, and %s does not find it", slot, id, m.address)
			}
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.slots = m.slots.With(slots)
	return nil
}

// Release returns when nothing is being written for slots.
func (m *teamMate) Release(slots gateway.SlotSet) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.slots = m.slots.Without(slots)
}

// again reads anew, as parts do that are told of a doubt.
func (m *teamMate) again(slots gateway.SlotSet) {
	m.mu.Lock()
	slots = slots.Both(m.slots)
	m.slots = m.slots.Without(slots)
	m.mu.Unlock()
	for m.Acquire(slots) != nil && !m.dead.Load() {
		time.Sleep(20 * time.Millisecond)
	}
}

// write writes waits for the slots that this node has, one at a time for each.
func (m *teamMate) write() {
	for n := 0; ; n++ {
		select {
		case <-m.end:
			return
		case <-time.After(time.Millisecond):
		}
		m.mu.Lock() // nothing is released while it is written
		var some []gateway.Slot
		for slot := range m.slots.All() {
			if (int(slot)+n)%32 == 0 {
				some = append(some, slot)
			}
		}
		var all sync.WaitGroup
		for _, slot := range some {
			all.Go(func() { m.team.open(m.store, slot) })
		}
		all.Wait()
		m.mu.Unlock()
	}
}

// open writes one wait.
func (c *team) open(s *pgstore.Store, slot gateway.Slot) {
	now := time.Now().UTC()
	w := &gateway.Wait{
		ID: gateway.NewID(gateway.PrefixWait, now), Tenant: c.tenant[slot], Source: "s", ConversationKey: fmt.Sprint(c.opened.Add(1)),
		State: gateway.StateWaiting, Mode: gateway.ModePoll, CreatedAt: now, ExpiresAt: now.Add(time.Hour),
	}
	if s.Commit(&gateway.Change{Wait: w}) != nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.told[slot] = append(c.told[slot], w.ID)
}

// within waits until nodes answer for all slots, each as it should.
func (c *team) within(most time.Duration, what string, nodes ...*teamMate) {
	c.t.Helper()
	began := time.Now()
	for {
		served := 0
		even := true
		for _, m := range nodes {
			n := 0
			for slot := range gateway.AllSlots().All() {
				if _, here := m.Owner(slot); here {
					n++
				}
			}
			served += n
			even = even && n >= gateway.Slots/len(nodes)
		}
		took := time.Since(began)
		if served == gateway.Slots && even {
			c.t.Logf("%s: after %s", what, took.Round(time.Millisecond))
			return
		}
		if took > most {
			c.t.Fatalf("%s: not within %s: %d slots are answered for", what, most, served)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// goesOn waits until something more is written for each slot.
func (c *team) goesOn(most time.Duration, what string) {
	c.t.Helper()
	var was [gateway.Slots]int
	began := time.Now()
	for first := true; ; first = false {
		left := 0
		c.mu.Lock()
		for slot, ids := range c.told {
			if first {
				was[slot] = len(ids)
			}
			if len(ids) == was[slot] {
				left++
			}
		}
		c.mu.Unlock()
		if left == 0 {
			return
		}
		if time.Since(began) > most {
			c.t.Fatalf("%s: nothing is written for %d slots", what, left)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// TestOnPostgres has nodes on a PostgreSQL come, leave, lose it and come back, and the database
// crash, while they write for all slots: what was told as written is found by each next
// owner. Its times are wide: machines that test are busy.
func TestOnPostgres(t *testing.T) {
	c := newTeam(t)
	one := c.start()
	c.within(15*time.Second, "the first has everything", one)
	two, three := c.start(), c.start()
	c.within(15*time.Second, "three have their shares", one, two, three)

	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	began := time.Now()
	if err := two.Drain(ctx); err != nil {
		t.Fatal(err)
	}
	t.Logf("drained: after %s", time.Since(began).Round(time.Millisecond))
	two.stop()
	c.within(30*time.Second, "two have the rest", one, three)

	three.way.Shut()
	c.within(30*time.Second, "one has taken over", one)
	three.way.Open()
	c.within(30*time.Second, "who was declared dead is back", one, three)
	if n := three.fenced.Load(); n != 1 {
		t.Errorf("it was declared dead %d times", n)
	}

	c.goesOn(20*time.Second, "who was declared dead is back")
	before := one.Nodes()
	c.server.Kill()
	time.Sleep(6 * time.Second) // longer than a node may be silent
	if err := c.server.Run(); err != nil {
		t.Fatal(err)
	}
	c.within(30*time.Second, "the database is back", one, three)
	c.goesOn(20*time.Second, "the database is back")
	for i, n := range one.Nodes() {
		if n.ID != before[i].ID || n.Slots != before[i].Slots {
			t.Errorf("an outage moved slots: %+v, and was %+v", n, before[i])
		}
	}
	if n := one.fenced.Load() + three.fenced.Load(); n != 1 {
		t.Errorf("nodes were declared dead %d times", n)
	}
	told := 0
	c.mu.Lock() // they write on
	for _, ids := range c.told {
		told += len(ids)
	}
	c.mu.Unlock()
	t.Logf("%d waits were told as written", told)
}
