package api

import (
	"container/heap"
	"errors"
	"strings"

	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/store"
)

// Lists of what several tenants have (SPEC O2): those that the caller may see, the newest
// first. Of each tenant no more is looked at than is newer than what is found already, and
// what is found is read whole when it is shown.

// found is one thing that a list across tenants shows.
type found struct{ tenant, id string }

// newest keeps the newest so many of what is found: the oldest of them is on top.
type newest struct {
	most int
	of   []found
}

func (n *newest) Len() int           { return len(n.of) }
func (n *newest) Less(i, j int) bool { return n.of[i].id < n.of[j].id }
func (n *newest) Swap(i, j int)      { n.of[i], n.of[j] = n.of[j], n.of[i] }
func (n *newest) Push(x any)         { n.of = append(n.of, x.(found)) }

// Pop is for container/heap.
func (n *newest) Pop() any {
	last := n.of[len(n.of)-1]
	n.of = n.of[:len(n.of)-1]
	return last
}

func (n *newest) full() bool { return len(n.of) == n.most }

// take takes one, unless there are as many that are newer: then no older one is wanted.
func (n *newest) take(one found) (more bool) {
	if n.full() {
		if one.id < n.of[0].id {
			return false
		}
		heap.Pop(n)
	}
	heap.Push(n, one)
	return true
}

// sorted gives all that was taken, the newest first.
func (n *newest) sorted() []found {
	gateway.Sort(n.of, func(a, b found) int { return strings.Compare(b.id, a.id) })
	return n.of
}

// reached visits the tenants that the caller may see, until visit gives an error.
func (c *call) reached(visit func(*directory.Tenant) error) error {
	for t := range c.snapshot.Tenants() {
		if !c.snapshot.Reaches(c.by, t.ID) {
			continue
		}
		if err := visit(t); err != nil {
			return err
		}
		c.turn.row() // a tenant that has nothing takes a look, too
	}
	return nil
}

// across lists what the tenants have that the caller may see. look looks through one of
// them, and show shows one thing; it gives gateway.ErrNotFound of what is gone meanwhile.
func (c *call) across(a *asked, look func(q *store.Query, visit func(id string) (more bool)) error, show func(l *list, one found) (more bool, err error)) (answer, error) {
	l, err := c.list(a.page(), a.extent)
	if err != nil {
		return answer{}, err
	}
	n := &newest{most: a.Limit}
	err = c.reached(func(t *directory.Tenant) error {
		q := a.Query
		q.Tenant = t.ID
		return look(&q, func(id string) bool { return n.take(found{t.ID, id}) })
	})
	if err != nil {
		return answer{}, err
	}
	full, more := n.full(), true
	for _, one := range n.sorted() {
		c.turn.row()
		switch more, err = show(l, one); {
		case errors.Is(err, gateway.ErrNotFound):
			more = true
		case err != nil:
			return answer{}, err
		}
		if !more {
			break
		}
	}
	if full && more { // one that was found is gone: what is older was not looked at
		l.more, l.after = true, n.of[len(n.of)-1].id
	}
	return l.answer()
}

// across lists deliveries of several tenants.
func (h *deliveries) across(c *call) (answer, error) {
	a, err := c.asks(gateway.PrefixDelivery, h.filter)
	if err != nil {
		return answer{}, err
	}
	names, key := h.names, c.query().text("conversation_key")
	return c.across(&a, func(q *store.Query, visit func(id string) bool) (err error) {
		if q.Conversation, err = conversation(names, q.Tenant, key); err != nil {
			return err
		}
		return eachDelivery(h.stored, q, gateway.AttemptBounds{}, c.turn, func(d *gateway.Delivery, _ []gateway.Attempt) bool { return visit(d.ID) })
	}, func(l *list, one found) (more bool, err error) {
		d, attempts, err := h.stored.ReadDelivery(one.tenant, one.id, h.bounds(a.extent))
		if err == nil && a.State != "" && a.State != string(d.State) {
			err = gateway.ErrNotFound // it has another state by now
		}
		if err != nil {
			return false, err
		}
		c.veil(d, attempts)
		return l.add(d.ID, func(t *text, e extent) { t.delivery(d, attempts, c.extentOf(d, e), h.next(c, d)) }), nil
	})
}

// across lists waits of several tenants.
func (h *waits) across(c *call) (answer, error) {
	a, err := c.asks(gateway.PrefixWait, filterWaits)
	if err != nil {
		return answer{}, err
	}
	return c.across(&a, func(q *store.Query, visit func(id string) bool) error {
		q.Bodies = false
		return eachWait(h.sessions, q, c.turn, func(w *gateway.Wait) bool { return visit(w.ID) })
	}, func(l *list, one found) (more bool, err error) {
		w, err := h.sessions.Get(one.tenant, one.id)
		if err == nil && a.State != "" && a.State != string(w.State) {
			err = gateway.ErrNotFound
		}
		if err != nil {
			return false, err
		}
		return l.add(w.ID, func(t *text, much extent) { t.wait(w, much, h.sessions) }), nil
	})
}
