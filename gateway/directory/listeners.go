package directory

import "sync"

// fewListening is how many endpoints are asked one by one whether they want an event.
const fewListening = 16

// listeners are the endpoints of a tenant that take events, by the types that they list:
// an event costs what is made of it, not what the tenant has.
type listeners struct {
	all   []*Endpoint
	types map[string][]int32 // the places in all of those that list a type, each once
	every []int32            // of those that want every type
}

// joinListeners has them put together when the first event comes, as joinFilters does.
func (t *Tenant) joinListeners() {
	all := t.listening
	t.wanting = sync.OnceValue(func() *listeners {
		l := &listeners{all: all, types: map[string][]int32{}}
		for i, e := range all {
			l.add(int32(i), e.wants)
		}
		return l
	})
}

func (l *listeners) add(place int32, wants []wanted) {
	if len(wants) == 0 {
		l.every = append(l.every, place)
	}
	for _, w := range wants {
		places := l.types[w.eventType]
		if n := len(places); n > 0 && places[n-1] == place {
			continue // another kind of message
		}
		l.types[w.eventType] = append(places, place)
	}
}

// Wanting gives the endpoints that want an event, in their order. It is a value that is
// asked, no sequence: the functions of one would be made anew for each event.
type Wanting struct {
	eventType, kind string
	all             []*Endpoint
	listed, every   []int32 // those that are left, where many is set
	many            bool
}

// Next gives the next one; nil: that was all.
func (w *Wanting) Next() *Endpoint {
	if w.many {
		return w.nextOfMany()
	}
	for len(w.all) > 0 {
		e := w.all[0]
		w.all = w.all[1:]
		if e.Wants(w.eventType, w.kind) {
			return e
		}
	}
	return nil
}

func (w *Wanting) nextOfMany() (e *Endpoint) {
	for len(w.listed) > 0 || len(w.every) > 0 {
		if len(w.every) > 0 && (len(w.listed) == 0 || w.every[0] < w.listed[0]) {
			e, w.every = w.all[w.every[0]], w.every[1:]
			return e
		}
		e, w.listed = w.all[w.listed[0]], w.listed[1:]
		if e.Wants(w.eventType, w.kind) {
			return e
		}
	}
	return nil
}
