package cluster

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/cluster/peers"
)

// fleet is nodes that can ask each other.
type fleet struct {
	t  *testing.T
	db *database

	mu    sync.Mutex
	nodes []*member
	cut   map[[2]*member]bool // that cannot talk
	lossy int                 // of a hundred messages so many are lost
	ends  bool                // it is known of those that were killed, where they were
	log   *slog.Logger
}

// member is one process of a fleet.
type member struct {
	*Cluster
	fleet *fleet
	conn  *connection
	name  string
	dead  bool

	mu       sync.Mutex
	handed   []time.Duration
	fenced   int
	tookOver int
	left     []string // who said that it ends
}

// inBubble runs a test in time of its own.
func inBubble(t *testing.T, seed uint64, test func(f *fleet)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		f := &fleet{t: t, db: newDatabase(t, seed), cut: map[[2]*member]bool{}, log: slog.New(slog.DiscardHandler)}
		defer f.close()
		test(f)
	})
}

// start starts one more node, at an address of its own.
func (f *fleet) start() *member {
	f.mu.Lock()
	name := fmt.Sprintf("10.0.0.%d:8081", len(f.nodes)+1)
	f.mu.Unlock()
	return f.startAt(name)
}

func (f *fleet) startAt(name string) *member {
	f.t.Helper()
	m := &member{fleet: f, conn: f.db.connect(), name: name}
	since := time.Now()
	m.Cluster = New(Options{
		Leaves: func(_ context.Context, node string) { m.note(func() { m.left = append(m.left, node) }) },
		Store:  m.conn, Parts: []Part{&acting{m.conn}}, Ask: m.ask, Log: f.log,
		Say:   func() Self { return Self{Address: name, Version: "1", Since: since, Digest: "d", Process: m.process()} },
		Ended: f.ended,
		Observer: Observer{
			HandedOver: func(_ int, gap time.Duration) { m.note(func() { m.handed = append(m.handed, gap) }) },
			Fenced:     func() { m.note(func() { m.fenced++ }) },
			TookOver:   func() { m.note(func() { m.tookOver++ }) },
		},
	})
	f.mu.Lock()
	f.nodes = append(f.nodes, m)
	f.mu.Unlock()
	if err := m.Start(); err != nil {
		f.t.Fatal(err)
	}
	return m
}

// process tells a member from all others.
func (m *member) process() string { return fmt.Sprintf("%p", m) }

// ended says of one that was killed that it is no more, if that is known.
func (f *fleet) ended(process string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.ends && slices.ContainsFunc(f.nodes, func(m *member) bool { return m.dead && m.process() == process })
}

func (m *member) note(do func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	do()
}

// living gives the nodes that were not killed.
func (f *fleet) living() []*member {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(f.nodes), func(m *member) bool { return m.dead })
}

// ask carries a message.
func (m *member) ask(ctx context.Context, to Node, verb string, body []byte) ([]byte, error) {
	f := m.fleet
	time.Sleep(time.Duration(f.db.rand(3)) * time.Millisecond)
	var at *member
	for _, other := range f.living() {
		if other.name == to.Address {
			at = other
		}
	}
	f.mu.Lock()
	lost := f.cut[[2]*member{m, at}] || f.cut[[2]*member{at, m}]
	lossy := f.lossy
	f.mu.Unlock()
	switch {
	case at == nil:
		return nil, errors.New("connection refused")
	case lost || f.db.rand(100) < lossy:
		<-ctx.Done()
		return nil, ctx.Err()
	case at.Self().ID != to.ID:
		return nil, peers.ErrNotHere
	}
	return at.Handlers()[verb](peers.WithFrom(ctx, m.Self().ID), body)
}

// apart lets two nodes not talk with each other.
func (f *fleet) apart(a, b *member) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.cut[[2]*member{a, b}] = true
}

// together ends that for all.
func (f *fleet) together() {
	f.mu.Lock()
	defer f.mu.Unlock()
	clear(f.cut)
}

// bury counts a node as dead from now on.
func (f *fleet) bury(m *member) {
	f.mu.Lock()
	defer f.mu.Unlock()
	m.dead = true
}

// kill ends a node as kill -9 does.
func (m *member) kill() {
	m.fleet.bury(m)
	m.fleet.db.set(func() { m.conn.cut, m.conn.ended[m.conn.node] = true, m.fleet.ends })
	m.Close()
}

// stop ends a node as SIGTERM does.
func (m *member) stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	err := m.Drain(ctx)
	m.fleet.bury(m)
	m.Close()
	m.conn.leave()
	return err
}

func (f *fleet) close() {
	for _, m := range f.living() {
		m.kill()
	}
}

// served gives the slots that nodes answer for now, and how many each.
func (f *fleet) served() (slots gateway.SlotSet, by map[*member]int) {
	by = map[*member]int{}
	for _, m := range f.living() {
		for slot := range gateway.AllSlots().All() {
			if _, here := m.Owner(slot); here {
				slots.Add(slot)
				by[m]++
			}
		}
	}
	return slots, by
}

// within waits until something is so, in time that passes in a bubble.
func (f *fleet) within(most time.Duration, what string, is func() bool) time.Duration {
	f.t.Helper()
	for began := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		took := time.Since(began)
		if is() {
			return took
		}
		if took > most {
			f.t.Fatalf("%s: not within %s", what, most)
		}
	}
}

// whole says whether every slot is answered for, by so many nodes, with as many each.
func (f *fleet) whole(nodes int) func() bool {
	return func() bool {
		slots, by := f.served()
		for _, n := range by {
			if n < gateway.Slots/nodes || n > gateway.Slots/nodes+1 {
				return false
			}
		}
		return slots.Len() == gateway.Slots && len(by) == nodes
	}
}
