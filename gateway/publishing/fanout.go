package publishing

import (
	"strconv"

	"hookgate/gateway"
)

// fanout makes one delivery for each endpoint that wants an event, and says that its
// conversation's timeline shows it.
func (d *draft) fanout() {
	p := &d.publication
	share := 0 // events mostly come from one tenant: it is found at once
	for i := range p.Events {
		e := &p.Events[i]
		if d.tenants[share].of.ID != e.Tenant {
			share = d.shareOf(e.Tenant)
		}
		n := 0
		wanting := d.tenants[share].of.Wanting(e.Type, e.Kind)
		for endpoint := wanting.Next(); endpoint != nil; endpoint = wanting.Next() {
			if !d.filtered.pass(i, endpoint) {
				continue
			}
			n++
			p.Deliveries = append(p.Deliveries, gateway.Delivery{
				ID: d.deliveryID(e, n), Tenant: e.Tenant, Endpoint: endpoint.ID,
				EventIDs: []string{e.ID}, EventType: e.Type, ConversationKey: e.ConversationKey,
				State: gateway.DeliveryPending, NextAttemptAt: d.at, CreatedAt: d.at,
			})
		}
		d.counts = append(d.counts, n)
		e.Lined = e.ConversationKey != ""
	}
}

// deliveryID makes the id of the n-th delivery of an event.
func (d *draft) deliveryID(e *gateway.Event, n int) string {
	if n > gateway.DeliveriesBeside {
		return gateway.NewID(gateway.PrefixDelivery, d.at)
	}
	return gateway.DeliveryBeside(e.ID, n)
}

func (d *draft) shareOf(tenant string) int {
	for i := range d.tenants {
		if d.tenants[i].of.ID == tenant {
			return i
		}
	}
	panic("publishing: an event of a tenant that was not counted") // count saw every event
}

// answer is {"accepted":n,"events":[{"id":"evt_…","deliveries":2}]}. Accepted are those
// that were taken before, too: all of them are there.
func (d *draft) answer() []byte {
	events := d.publication.Events
	body := make([]byte, 0, 64+80*(len(events)+d.ids.again))
	body = append(body, `{"accepted":`...)
	body = strconv.AppendInt(body, int64(max(len(events), len(d.ids.told))), 10)
	if d.ids.at != nil {
		body = strconv.AppendInt(append(body, `,"duplicates":`...), int64(d.ids.again), 10)
		return append(d.appendTold(append(body, `,"events":[`...)), `]}`...)
	}
	body = append(body, `,"events":[`...)
	for i := range events {
		if i > 0 {
			body = append(body, ',')
		}
		body = append(body, `{"id":"`...)
		body = append(body, events[i].ID...)
		body = append(body, `","deliveries":`...)
		body = strconv.AppendInt(body, int64(d.counts[i]), 10)
		body = append(body, '}')
	}
	return append(body, `]}`...)
}
