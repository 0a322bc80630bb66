// Package handy keeps what was just published in memory until it is settled, some megabytes of
// it at most, because most of it is sent at once: who sends it need not ask the store what it
// carries. What is at hand is durable, and lies in the queue as it was put there: whatever moves
// it from there takes it from here, too, before.
package handy

import (
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"hookgate/gateway"
)

const (
	most     = 8 << 20 // bytes of all
	mostLane = most / 4
	mostOne  = 16 << 10 // of one
	// stuck is after how long the room of what nobody has sent is given to others.
	stuck = 5 * time.Second
	// unused is how many of a lane may be there since one was sent: of a lane that
	// sends nothing, a paused one say, every so many are kept to see whether it does again.
	unused = 32
)

// Key is the id of a delivery, without its prefix.
type Key = [16]byte

// One is one delivery with its event. Neither may be changed.
type One struct {
	Delivery gateway.Delivery
	Events   [1]gateway.Event

	ids   [1]string
	relay gateway.Relayed
	key   Key
	size  int
	firm  atomic.Bool // it is durable

	older, newer *One
}

// Hand is what is at hand. Its methods may be called from several goroutines at once.
type Hand struct {
	mu    sync.Mutex
	of    map[Key]*One
	lanes map[gateway.LaneKey]*use
	size  int
	ends  One // of the list, the oldest is its newer
}

// use is how a lane uses what is at hand of it.
type use struct {
	size   int // bytes
	unused int // that came since one was given out
}

// New gives an empty hand.
func New() *Hand {
	h := &Hand{of: map[Key]*One{}, lanes: map[gateway.LaneKey]*use{}}
	h.ends.older, h.ends.newer = &h.ends, &h.ends
	return h
}

// Keep takes in what a publication makes, as far as there is room, and appends it to made.
// It is given out when Said says that it is durable.
func (h *Hand) Keep(made []*One, p *gateway.Publication) []*One {
	at := 0 // deliveries come in the order of their events
	for i := range p.Deliveries {
		d := &p.Deliveries[i]
		v := alone(d, p.Events, &at)
		if v == nil {
			continue
		}
		size := sizeOf(d, v)
		if size > mostOne || !h.room(d, size) {
			continue
		}
		key, ok := gateway.ParseID(gateway.PrefixDelivery, d.ID)
		if !ok {
			continue
		}
		one := newOne(d, v)
		one.key, one.size = key, size
		h.add(one)
		made = append(made, one)
	}
	return made
}

// alone gives the event that a new delivery carries, if it is one of them. at is where the
// one before was.
func alone(d *gateway.Delivery, events []gateway.Event, at *int) *gateway.Event {
	for range events {
		if v := &events[*at]; len(d.EventIDs) == 1 && v.ID == d.EventIDs[0] && v.Tenant == d.Tenant {
			return v
		}
		*at = (*at + 1) % len(events)
	}
	return nil
}

// sizeOf is about what one takes.
func sizeOf(d *gateway.Delivery, v *gateway.Event) int {
	size := int(unsafe.Sizeof(One{})) + textSize(d, v) + len(v.Body)
	if r := v.Relay; r != nil {
		size += len(r.Sealed)
	}
	return size
}

// textSize is how long the texts are that may be parts of what its maker uses again.
func textSize(d *gateway.Delivery, v *gateway.Event) int {
	size := len(v.Type) + len(v.Kind) + len(v.ConversationKey) + len(d.EventType) + len(d.ConversationKey)
	if r := v.Relay; r != nil {
		size += len(r.Route) + len(r.Method) + len(r.Path)
	}
	return size
}

// room says whether there is some for a lane, and makes it of what is stuck.
func (h *Hand) room(d *gateway.Delivery, size int) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if use := h.lanes[d.Lane()]; use != nil {
		if use.unused++; use.size+size > mostLane || use.unused > unused && use.unused%unused != 0 {
			return false
		}
	}
	for h.size+size > most {
		if d.CreatedAt.Sub(h.ends.newer.Delivery.CreatedAt) < stuck {
			return false
		}
		h.remove(h.ends.newer)
	}
	return true
}

func newOne(d *gateway.Delivery, v *gateway.Event) *One {
	one := &One{Delivery: *d, Events: [1]gateway.Event{*v}, ids: [1]string{v.ID}}
	size := textSize(d, v) + len(v.Body)
	if v.Relay != nil {
		size += len(v.Relay.Sealed)
	}
	texts := texts(make([]byte, 0, size))
	own := &one.Delivery
	own.EventIDs = one.ids[:]
	own.EventType, own.ConversationKey = texts.own(d.EventType), texts.own(d.ConversationKey)
	e := &one.Events[0]
	e.Type, e.Kind, e.ConversationKey = texts.own(v.Type), texts.own(v.Kind), texts.own(v.ConversationKey)
	e.Body = nil
	if len(v.Body) > 0 {
		e.Body = texts.take(v.Body)
	}
	if v.Relay != nil {
		r := &one.relay
		*r = *v.Relay
		r.Route, r.Method, r.Path = texts.own(r.Route), texts.own(r.Method), texts.own(r.Path)
		if r.Sealed = nil; len(v.Relay.Sealed) > 0 {
			r.Sealed = texts.take(v.Relay.Sealed)
		}
		e.Relay = r
	}
	return one
}

// texts is memory that several texts share.
type texts []byte

func (t *texts) take(b []byte) []byte {
	from := len(*t)
	*t = append(*t, b...)
	return (*t)[from:len(*t):len(*t)]
}

func (t *texts) own(s string) string {
	from := len(*t)
	*t = append(*t, s...)
	return unsafe.String(unsafe.SliceData((*t)[from:]), len(s))
}

func (h *Hand) add(one *One) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.of[one.key] != nil {
		return // no delivery is made twice
	}
	h.of[one.key] = one
	lane := one.Delivery.Lane()
	by := h.lanes[lane]
	if by == nil {
		by = &use{}
		h.lanes[lane] = by
	}
	by.size += one.size
	h.size += one.size
	one.older, one.newer = h.ends.older, &h.ends
	one.older.newer, one.newer.older = one, one
}

func (h *Hand) remove(one *One) {
	delete(h.of, one.key)
	lane := one.Delivery.Lane()
	if use := h.lanes[lane]; use.size > one.size {
		use.size -= one.size
	} else {
		delete(h.lanes, lane)
	}
	h.size -= one.size
	one.older.newer, one.newer.older = one.newer, one.older
}

// Find gives what is at hand of a delivery, or nil.
func (h *Hand) Find(tenant, id string) *One {
	key, _ := gateway.ParseID(gateway.PrefixDelivery, id)
	h.mu.Lock()
	defer h.mu.Unlock()
	if one := h.of[key]; one != nil && one.Delivery.Tenant == tenant && one.firm.Load() {
		h.lanes[one.Delivery.Lane()].unused = 0
		return one
	}
	return nil
}

// Drop is called before a delivery is moved, or is no more.
func (h *Hand) Drop(key Key) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if one := h.of[key]; one != nil {
		h.remove(one)
	}
}

// Forget drops all that a tenant has.
func (h *Hand) Forget(tenant string) {
	h.forget(func(d *gateway.Delivery) bool { return d.Tenant == tenant })
}

// ForgetLanes drops all that lanes of some slots have.
func (h *Hand) ForgetLanes(slots gateway.SlotSet) {
	h.forget(func(d *gateway.Delivery) bool { return slots.Has(d.Lane().Slot()) })
}

func (h *Hand) forget(is func(*gateway.Delivery) bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, one := range h.of {
		if is(&one.Delivery) {
			h.remove(one)
		}
	}
}

// Said says what became of what was kept: it is durable, or nobody knows.
func (h *Hand) Said(made []*One, durable bool) {
	for _, one := range made {
		if durable {
			one.firm.Store(true)
		} else {
			h.Drop(one.key)
		}
	}
}
