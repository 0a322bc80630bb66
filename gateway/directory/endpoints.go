package directory

import "iter"

// Endpoint gives an endpoint by its id; nil is none.
func (t *Tenant) Endpoint(id string) *Endpoint { return t.endpoints[id] }

// Endpoints lists the endpoints by id.
func (t *Tenant) Endpoints() []*Endpoint { return byID(t.endpoints) }

// Expiring gives the endpoints that are deleted when nobody pulls from them.
func (t *Tenant) Expiring() iter.Seq[*Endpoint] {
	return func(yield func(*Endpoint) bool) {
		for _, e := range t.endpoints {
			if e.ExpireAfter > 0 && !yield(e) {
				return
			}
		}
	}
}

// Listening is how many endpoints want any events.
func (t *Tenant) Listening() int { return len(t.listening) }

// Wanting asks for the endpoints to which an event goes, by id: those that are
// enabled and want its type. kind is that of a message, else "".
func (t *Tenant) Wanting(eventType, kind string) Wanting {
	w := Wanting{eventType: eventType, kind: kind, all: t.listening}
	if len(t.listening) > fewListening {
		l := t.wanting()
		w.all, w.listed, w.every, w.many = l.all, l.types[eventType], l.every, true
	}
	return w
}
