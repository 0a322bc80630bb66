package storetest

import (
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

// Waits gives a page of waits, whole.
func (k *kit) Waits(tenant, before string, most int, keep func(*gateway.Wait) bool) ([]*gateway.Wait, error) {
	return page(most, keep, func(visit func(*gateway.Wait) bool) error { return k.Store.Waits(tenant, before, true, visit) })
}

// Events gives a page of events.
func (k *kit) Events(tenant, before string, most int, keep func(*gateway.Event) bool) ([]*gateway.Event, error) {
	return page(most, keep, func(visit func(*gateway.Event) bool) error { return k.Store.Events(tenant, before, visit) })
}

// Deliveries gives a page of deliveries.
func (k *kit) Deliveries(tenant, before string, most int, keep func(*gateway.Delivery) bool) ([]*gateway.Delivery, error) {
	return page(most, keep, func(visit func(*gateway.Delivery) bool) error {
		_, err := k.Store.Deliveries(store.Query{Tenant: tenant, Before: before}, gateway.AttemptBounds{},
			func(d *gateway.Delivery, _ []gateway.Attempt) bool { return visit(d) })
		return err
	})
}
