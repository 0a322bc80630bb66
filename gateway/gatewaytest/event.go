package gatewaytest

import "hookgate/gateway"

// Events is a store that shows events.
type Events interface {
	EventAlone(tenant, id string) (*gateway.Event, error)
	EventDeliveries(tenant, id string, visit func(gateway.EventDelivery) (more bool)) error
}

// Event gives an event with all its deliveries, oldest first; else gateway.ErrNotFound.
func Event(s Events, tenant, id string) (*gateway.Event, []gateway.EventDelivery, error) {
	v, err := s.EventAlone(tenant, id)
	if err != nil {
		return nil, nil, err
	}
	var deliveries []gateway.EventDelivery
	err = s.EventDeliveries(tenant, id, func(d gateway.EventDelivery) bool {
		deliveries = append(deliveries, d)
		return true
	})
	return v, deliveries, err
}
