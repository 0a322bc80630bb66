package pgstore

import (
	"hookgate/gateway"
	"hookgate/gateway/store"
)

// listedAtOnce is how many deliveries of a list are held in memory while their attempts are
// read.
const listedAtOnce = 64

// Deliveries visits the deliveries that are asked for, newest first, each with as
// many of its attempts, until visit wants no more, or q.Limit were visited. next, where
// it is not "", is where to go on (q.Before): q.Rows were looked at.
func (s *reads) Deliveries(
	q store.Query, most gateway.AttemptBounds, visit func(*gateway.Delivery, []gateway.Attempt) (more bool),
) (next string, err error) {
	q = store.Query{
		Tenant: q.Tenant, Conversation: q.Conversation, Endpoint: q.Endpoint, State: q.State, Type: q.Type,
		Since: q.Since, Until: q.Until, Before: q.Before, Limit: q.Limit, Rows: q.Rows,
	}
	if q.Rows <= 0 {
		q.Rows = rowsAtOnce
	}
	for {
		var some []finding
		next, err := s.findings(q, func(f finding) bool {
			some = append(some, f)
			return len(some) != q.Limit && len(some) < listedAtOnce
		})
		if err != nil {
			return "", err
		}
		for i := range some {
			attempts, err := s.attempts(&some[i], most)
			if err != nil || !visit(some[i].d, attempts) {
				return "", err
			}
		}
		if next != "" || len(some) < listedAtOnce || len(some) == q.Limit {
			return next, nil
		}
		if q.Limit > 0 {
			q.Limit -= len(some)
		}
		q.Before = some[len(some)-1].d.ID
		if q.Rows -= len(some); q.Rows <= 0 {
			return q.Before, nil
		}
	}
}

// findings visits the deliveries that are asked for, as they lie.
func (s *reads) findings(q store.Query, visit func(finding) (more bool)) (next string, err error) {
	l := s.newListing(q, gateway.PrefixDelivery)
	switch state := gateway.DeliveryState(q.State); {
	case state == "":
		l.from = placeTables[:]
	case !state.Ended():
		l.from = placeTables[inUnfinished : inUnfinished+1]
	case state == gateway.DeliveryDead:
		l.from = placeTables[inGrave:]
	default:
		l.from = placeTables[inEnded : inEnded+1]
	}
	switch state := gateway.DeliveryState(q.State); state {
	case "", gateway.DeliveryDead:
	default:
		l.empty = l.empty || deliveryState(state) == 0 && state != gateway.DeliveryPending // no state
		l.facet("state", shortOf, number(deliveryState(state)))
	}
	l.followed = l.from[0] != placeTables[inGrave] // a dead letter is in indexes of its own
	l.text("endpoint", q.Endpoint)
	l.text("type", q.Type)
	l.conversation("")
	return l.run(func(id, value []byte) (more bool, err error) {
		f, err := asFound(q.Tenant, inUnfinished, 0, id, value)
		if err != nil || !q.Delivery(f.d) || s.outlived(f.d) {
			return err == nil, err
		}
		if f.d.State.Ended() {
			f.place = inEnded
		}
		if f.d.State == gateway.DeliveryDead {
			f.place, f.day = inGrave, dayOf(f.d.EndedAt)
		}
		return visit(f), nil
	})
}
