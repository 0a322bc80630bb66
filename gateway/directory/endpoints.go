package directory

import "iter"

// Endpoint gives an endpoint by its id; nil is none.
func (t *Tenant) Endpoint(id string) *Endpoint { return t.endpoints[id] }

// Endpoints lists the endpoints by id.
func (t *Tenant) Endpoints() []*Endpoint { return byID(t.endpoints) }

// Listening is how many endpoints want any events.
func (t *Tenant) Listening() int { return len(t.listening) }

// Wanting gives the endpoints to which an event goes, by id: those that are
// enabled and want its type. kind is that of a message, else "".
func (t *Tenant) Wanting(eventType, kind string) iter.Seq[*Endpoint] {
	return func(yield func(*Endpoint) bool) {
		for _, e := range t.listening {
			if e.Wants(eventType, kind) && !yield(e) {
				return
			}
		}
	}
}
