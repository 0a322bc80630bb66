package storetest

import (
	"slices"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/store"
)

// page gathers what a list visits: at most so many of those that keep says yes to.
func page[T any](most int, keep func(T) bool, list func(visit func(T) (more bool)) error) (all []T, err error) {
	err = list(func(one T) bool {
		if keep(one) {
			all = append(all, one)
		}
		return len(all) < most
	})
	return all, err
}

// goOn asks until there is nowhere to go on, or visit wants no more.
func goOn[T any](q store.Query, visit func(T) (more bool), list func(store.Query, func(T) (more bool)) (next string, err error)) error {
	more := true
	for {
		next, err := list(q, func(one T) bool {
			more = visit(one)
			return more
		})
		if err != nil || next == "" || !more {
			return err
		}
		q.Before = next
	}
}

// Waits gives a page of waits, whole.
func (k *kit) Waits(tenant, before string, most int, keep func(*gateway.Wait) bool) ([]*gateway.Wait, error) {
	return page(most, keep, func(visit func(*gateway.Wait) bool) error {
		return goOn(store.Query{Tenant: tenant, Before: before, Bodies: true}, visit, k.Store.Waits)
	})
}

// Events gives a page of events.
func (k *kit) Events(tenant, before string, most int, keep func(*gateway.Event) bool) ([]*gateway.Event, error) {
	return page(most, keep, func(visit func(*gateway.Event) bool) error {
		return goOn(store.Query{Tenant: tenant, Before: before}, visit, k.Store.Events)
	})
}

// Deliveries gives a page of deliveries.
func (k *kit) Deliveries(tenant, before string, most int, keep func(*gateway.Delivery) bool) ([]*gateway.Delivery, error) {
	return page(most, keep, func(visit func(*gateway.Delivery) bool) error {
		return goOn(store.Query{Tenant: tenant, Before: before}, visit, k.listDeliveries)
	})
}

// listDeliveries lists deliveries without their attempts.
func (k *kit) listDeliveries(q store.Query, visit func(*gateway.Delivery) (more bool)) (next string, err error) {
	return k.Store.Deliveries(q, gateway.AttemptBounds{}, func(d *gateway.Delivery, _ []gateway.Attempt) bool { return visit(d) })
}

// Event gives an event with its deliveries, oldest first.
func (k *kit) Event(tenant, id string) (*gateway.Event, []gateway.EventDelivery, error) {
	v, err := k.EventAlone(tenant, id)
	if err != nil {
		return nil, nil, err
	}
	var deliveries []gateway.EventDelivery
	err = k.EventDeliveries(tenant, id, func(d gateway.EventDelivery) bool {
		deliveries = append(deliveries, d)
		return true
	})
	return v, deliveries, err
}

// Traces gives the newest most lines at or after since, oldest first.
func (k *kit) Traces(tenant string, names []string, since time.Time, most int) ([]gateway.Trace, error) {
	if most == 0 {
		return nil, nil
	}
	lines, err := k.Store.Traces(store.Timeline{Tenant: tenant, Names: names, Since: since, Limit: most})
	slices.Reverse(lines)
	return lines, err
}
