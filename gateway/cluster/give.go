package cluster

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"sync"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/store"
)

// The verbs by which nodes move slots.
const (
	verbReady = "ready" // are you ready to take slots?
	verbTake  = "take"  // these are yours now
	verbLook  = "look"  // look into the store
)

const (
	// askTime is how long another node has to answer.
	askTime = time.Second
	// batches is in how many parts at least a node gives what it has to give.
	batches = 8
	// slowGiving is how long it takes to give a part where the database is slow: then the next one
	// takes along all that is in line, or a node that ends would not have given all away in time.
	slowGiving = 200 * time.Millisecond
	// givingRest is the pause after a node was not ready.
	givingRest = time.Second
)

// offer is what the verbs carry.
type offer struct {
	Slots  []gateway.Slot    `json:"slots"`
	Owners []store.SlotOwner `json:"owners,omitempty"` // of each, as it is in the store
}

// give starts to give what others should have, as the store has it now: what others have given
// each other since the last look would be given once more.
func (m *mover) give(ctx context.Context) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.due()) == 0 {
		return
	}
	m.mu.Unlock()
	looked := m.watcher.look()
	m.mu.Lock()
	if !looked {
		return
	}
	for node, slots := range m.due() {
		m.giving[node] = true
		size := (slots.Len() + batches - 1) / batches
		m.givers.Go(func() {
			m.giveAll(ctx, node, size)
			m.mu.Lock()
			delete(m.giving, node)
			m.mu.Unlock()
		})
	}
}

// due gives what this node has to begin to give now, by node.
func (m *mover) due() map[int64]gateway.SlotSet {
	if m.fenced || m.closed || m.anew {
		return nil
	}
	by := m.excess()
	maps.DeleteFunc(by, func(node int64, _ gateway.SlotSet) bool {
		return m.giving[node] || time.Now().Before(m.resting[node])
	})
	return by
}

// excess gives what this node has and others should have, by node.
func (m *mover) excess() map[int64]gateway.SlotSet {
	by := map[int64]gateway.SlotSet{}
	to := m.planned()
	for slot := range m.held.Without(m.unsure).Without(m.inHand()).All() {
		if node := to[slot]; node != m.self && node != 0 {
			set := by[node]
			set.Add(slot)
			by[node] = set
		}
	}
	return by
}

// giveAll gives a node what it should have, some slots at a time. All begin at once to end what
// is under way for them, and go in the order in which they are done with it: one that needs
// long for that does not keep the others.
func (m *mover) giveAll(ctx context.Context, node int64, size int) {
	if !m.enter() {
		return
	}
	defer m.leave()
	if !m.isReady(ctx, node) {
		m.rest(node)
		return
	}
	m.mu.Lock()
	left := m.excess()[node]
	for slot := range left.All() {
		m.going[slot] = node
	}
	m.mu.Unlock()
	var batches sync.WaitGroup
	var mu sync.Mutex
	var calm gateway.SlotSet // in line, guarded by mu
	turn, slow := make(chan struct{}, 1), false
	for left.Len() > 0 {
		slots := first(left, size)
		left = left.Without(slots)
		batches.Go(func() {
			m.calmers(func(c Calmer) { c.Calm(slots) })
			mu.Lock()
			calm = calm.With(slots)
			mu.Unlock()
			turn <- struct{}{}
			defer func() { <-turn }()
			mu.Lock()
			part := slots.Both(calm) // none where another took them along
			if slow {
				part = calm
			}
			calm = calm.Without(part)
			mu.Unlock()
			if part.Len() == 0 {
				return
			}
			began := time.Now()
			m.calmers(func(c Calmer) { c.Release(part) }) // while all others go on
			m.giveSome(ctx, node, part)
			slow = time.Since(began) > slowGiving
		})
	}
	batches.Wait()
}

// calmers visits the parts that may need long.
func (m *mover) calmers(visit func(Calmer)) {
	for _, part := range slices.Backward(m.options.Parts) {
		if c, is := part.(Calmer); is {
			visit(c)
		}
	}
}

// rest lets nothing be given to a node for a while.
func (m *mover) rest(node int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.resting[node] = time.Now().Add(givingRest)
}

// giveSome hands some slots over that Calmers have released, or takes them anew where that cannot
// be done now.
func (m *mover) giveSome(ctx context.Context, node int64, slots gateway.SlotSet) {
	ready := m.isReady(ctx, node)
	m.mu.Lock()
	stop := m.fenced || m.closed || ctx.Err() != nil
	if !ready || stop {
		m.held = m.held.Without(slots) // they are acquired again
	}
	m.mu.Unlock()
	ok := false
	switch {
	case ready && !stop:
		ok = m.handOver(ctx, node, slots)
	case !stop:
		m.rest(node)
		fallthrough
	default:
		m.release(slots)
	}
	m.mu.Lock()
	for slot := range slots.All() {
		m.going[slot] = 0
	}
	m.out = m.out.Without(slots)
	m.publish()
	m.mu.Unlock()
	if !ok {
		m.poke()
	}
}

// isReady asks a node whether it is ready to take slots. One that has not answered for long,
// but beats, is not asked: it will find by itself what it is given, which takes longer.
func (m *mover) isReady(ctx context.Context, node int64) bool {
	m.mu.Lock()
	p := m.peers[node]
	if p == nil || !p.lives() || time.Since(p.since) > leaseTime {
		m.mu.Unlock()
		return false
	}
	to, mute := p.node(node), p.mute(time.Now())
	m.mu.Unlock()
	if mute {
		return true
	}
	_, err := m.ask(ctx, to, verbReady, nil)
	return err == nil
}

// handOver hands slots over: it stops answering for them,
// releases them, assigns them, and tells the new owner.
func (m *mover) handOver(ctx context.Context, node int64, slots gateway.SlotSet) bool {
	began := time.Now()
	m.mu.Lock()
	m.out, m.held = m.out.With(slots), m.held.Without(slots)
	m.publish()
	m.mu.Unlock()
	m.release(slots)
	given, err := m.assign(slots, node)
	if err != nil {
		m.options.Log.Warn("it is not known whether slots were handed over: the store is asked again", "count", slots.Len(), "error", err)
		m.mu.Lock()
		m.unsure, m.anew = m.unsure.With(slots), true
		m.mu.Unlock()
		return false
	}
	m.offer(ctx, node, given)
	if left := slots.Without(given); left.Len() > 0 { // they are not what they were known to be
		m.mu.Lock()
		m.unsure, m.anew = m.unsure.With(left), true
		m.mu.Unlock()
	}
	m.options.Observer.HandedOver(given.Len(), time.Since(began))
	return given == slots
}

// offer tells a node of slots that are its now, and waits until it answers for them. Who is
// not told will find them.
func (m *mover) offer(ctx context.Context, node int64, slots gateway.SlotSet) {
	m.mu.Lock()
	p, o := m.peers[node], offer{}
	if p == nil || p.mute(time.Now()) {
		m.mu.Unlock()
		return
	}
	to := p.node(node)
	for slot := range slots.All() {
		o.Slots, o.Owners = append(o.Slots, slot), append(o.Owners, m.known[slot])
	}
	m.mu.Unlock()
	if _, err := m.ask(ctx, to, verbTake, o); err != nil {
		m.options.Log.Debug("a node was not told of its slots, or has not taken them yet", "node", idOf(node), "error", err)
	}
}

// ask asks another node something that is not worth waiting long for.
func (m *mover) ask(ctx context.Context, to Node, verb string, what any) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	body, err := json.Marshal(what)
	if err != nil {
		return nil, err
	}
	return m.options.Ask(ctx, to, verb, body)
}

// tellOwners lets new owners look.
func (m *mover) tellOwners(to *store.Owners) {
	m.mu.Lock()
	told := map[int64]Node{}
	for _, is := range to {
		if p := m.peers[is.Node]; p != nil && is.Node != m.self {
			told[is.Node] = p.node(is.Node)
		}
	}
	if m.closed {
		told = nil
	}
	m.mu.Unlock()
	for _, node := range told {
		m.givers.Go(func() { _, _ = m.ask(context.Background(), node, verbLook, nil) }) // who is not told will find it
	}
}

// ready answers whether this node takes slots.
func (m *mover) ready(context.Context, []byte) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fenced || m.failing || m.draining || m.closed {
		return nil, gateway.Unavailable("this node takes no slots now", time.Second)
	}
	return nil, nil
}

// taken takes note of slots that this node was given, and answers when it has acquired them.
func (m *mover) taken(ctx context.Context, body []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, askTime*9/10)
	defer cancel()
	var o offer
	if err := json.Unmarshal(body, &o); err != nil || len(o.Slots) != len(o.Owners) {
		return nil, gateway.Errorf(gateway.CodeInvalidBody, "an offer of slots cannot be read")
	}
	m.mu.Lock()
	for i, slot := range o.Slots {
		if o.Owners[i].Node == m.self {
			m.learn(slot, o.Owners[i])
		}
	}
	m.mu.Unlock()
	m.poke()
	for _, slot := range o.Slots {
		if _, _, err := m.waitOwner(ctx, slot); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// looked lets this node look into the store.
func (m *mover) looked(context.Context, []byte) ([]byte, error) {
	m.watcher.poke()
	return nil, nil
}
