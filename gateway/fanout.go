package gateway

import (
	"encoding/binary"
	"time"

	"github.com/oklog/ulid/v2"
)

// Fanout is the deliveries of one tenant that a large publish makes, decided and not
// yet made: which endpoint gets which events, under which ids and when. So what is made
// of it again is the same. Those of one endpoint come together, in the order of the
// events.
type Fanout struct {
	Tenant    string
	First     string    // id of the first delivery; that of each next one is the next (NewIDs)
	At        time.Time // they are made, and due
	Events    []FanoutEvent
	Listeners []Listener
}

// FanoutEvent is what deliveries say of their event.
type FanoutEvent struct{ ID, Type, ConversationKey string }

// Listener is an endpoint that wants some of the events.
type Listener struct {
	Endpoint string
	Events   []uint16 // places in Fanout.Events, rising: there are at most MaxEvents
}

// Len is how many deliveries there are.
func (f *Fanout) Len() (n int) {
	for i := range f.Listeners {
		n += len(f.Listeners[i].Events)
	}
	return n
}

// FanoutReader makes the deliveries of a Fanout, some at a time.
type FanoutReader struct {
	f               *Fanout
	first           ulid.ULID
	events          [][]string // by event: what its deliveries carry
	listener, event int        // the next
	made            int
}

// Read makes a reader that begins after so many.
func (f *Fanout) Read(after int) *FanoutReader {
	r := &FanoutReader{f: f, made: after, events: make([][]string, len(f.Events))}
	r.first, _ = ParseID(PrefixDelivery, f.First)
	for i := range f.Events {
		r.events[i] = []string{f.Events[i].ID}
	}
	for ; r.listener < len(f.Listeners); r.listener++ {
		n := len(f.Listeners[r.listener].Events)
		if after < n {
			break
		}
		after -= n
	}
	r.event = after
	return r
}

// Made is how many lie behind.
func (r *FanoutReader) Made() int { return r.made }

// Next appends the next ones to dst, at most so many; none at the end.
func (r *FanoutReader) Next(dst []Delivery, most int) []Delivery {
	for ; most > 0 && r.listener < len(r.f.Listeners); r.listener, r.event = r.listener+1, 0 {
		to := &r.f.Listeners[r.listener]
		for ; most > 0 && r.event < len(to.Events); most-- {
			dst = append(dst, r.delivery(to.Endpoint, int(to.Events[r.event])))
			r.event++
		}
		if r.event < len(to.Events) {
			break
		}
	}
	return dst
}

func (r *FanoutReader) delivery(endpoint string, event int) Delivery {
	e := &r.f.Events[event]
	id := r.first
	binary.BigEndian.PutUint64(id[8:], binary.BigEndian.Uint64(id[8:])+uint64(r.made))
	r.made++
	return Delivery{
		ID: formatULID(PrefixDelivery, id), Tenant: r.f.Tenant, Endpoint: endpoint,
		EventIDs: r.events[event], EventType: e.Type, ConversationKey: e.ConversationKey,
		State: DeliveryPending, NextAttemptAt: r.f.At, CreatedAt: r.f.At,
	}
}
