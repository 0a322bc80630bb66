package node

import (
	"errors"

	"hookgate/gateway"
	"hookgate/gateway/store"
	"hookgate/gateway/waiting"
)

// pastAll is what was of waits of all tenants: their owners know it, and so does the store.
// What is asked of one tenant is asked of its owner; lists over several read the store for
// those that are another node's.
type pastAll struct {
	*waiting.Sessions
	archive waiting.Archive
	others  *others
}

// List visits a tenant's waits, newest first: see waiting.Sessions.
func (p pastAll) List(q store.Query, visit func(*gateway.Wait) (more bool)) (next string, err error) {
	seen := false
	next, err = p.Sessions.List(q, func(w *gateway.Wait) bool { seen = true; return visit(w) })
	if errors.Is(err, gateway.ErrMoved) && !seen {
		return p.archive.Waits(q, visit)
	}
	return next, err
}

// Get gives a wait as it stands, or as the store has it.
func (p pastAll) Get(tenant, id string) (*gateway.Wait, error) {
	w, err := p.Sessions.Get(tenant, id)
	if errors.Is(err, gateway.ErrMoved) && !p.decides(tenant) {
		return p.others.store.ledger.Wait(tenant, id)
	}
	return w, err
}

// decides says whether this node decides a tenant's waits: then what it does not know nobody
// does.
func (p pastAll) decides(tenant string) bool {
	_, here := p.others.among.Owner(gateway.SlotOf(tenant))
	return here
}

// Timeline gives the lines that are asked for of a conversation, the newest first.
func (p pastAll) Timeline(key string, q store.Timeline) ([]gateway.Trace, error) {
	lines, err := p.Sessions.Timeline(key, q)
	if !errors.Is(err, gateway.ErrMoved) || p.decides(q.Tenant) {
		return lines, err
	}
	n, found, err := p.others.store.ledger.Names(q.Tenant, key)
	if err != nil {
		return nil, err
	}
	if q.Names = []string{key}; found {
		q.Names = n.All
	}
	return p.archive.Traces(q)
}
