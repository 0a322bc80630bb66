package api

import (
	"net/http"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/resources"
	"hookgate/gateway/store"
)

// Deliveries is what the API needs to show deliveries.
type Deliveries interface {
	// ReadDelivery gives a delivery with its last attempts; else gateway.ErrNotFound.
	ReadDelivery(tenant, id string, most gateway.AttemptBounds) (*gateway.Delivery, []gateway.Attempt, error)
	// Deliveries visits the deliveries that are asked for, newest first, each with its
	// last attempts, until visit wants no more, or q.Limit were visited. next, where it is
	// not "", is where to go on (q.Before): q.Rows were looked at.
	Deliveries(q store.Query, most gateway.AttemptBounds, visit func(*gateway.Delivery, []gateway.Attempt) (more bool)) (next string, err error)
}

// deliveries are what goes to endpoints, and what is done to it by hand.
type deliveries struct {
	stored  Deliveries
	names   Names
	hand    Hand
	lanes   Lanes
	replays *replays
	bodies  int // of one delivery that are shown, in bytes
	known   *resources.Knowns
}

// maxAttempts is how many attempts of a delivery are shown, the last ones: without a
// bound in its endpoint's retry it may have had any number.
const maxAttempts = 1000

func (h *deliveries) bounds(e extent) gateway.AttemptBounds {
	most := gateway.AttemptBounds{Most: maxAttempts}
	if e == full {
		most.Bodies = h.bodies
	}
	return most
}

func (h *deliveries) get(c *call) (answer, error) {
	if !gateway.IsID(gateway.PrefixDelivery, c.params.id) {
		return answer{}, errNoSuch
	}
	if err := c.pass(c.reads); err != nil {
		return answer{}, err
	}
	d, attempts, err := h.stored.ReadDelivery(c.params.tenant, c.params.id, h.bounds(full))
	if err != nil {
		return answer{}, err
	}
	return h.show(c, http.StatusOK, d, attempts)
}

// show answers with one delivery and the bodies of its last attempts, as far
// as they fit into an answer of a list: nobody needs more of them at once.
func (h *deliveries) show(c *call, status int, d *gateway.Delivery, attempts []gateway.Attempt) (answer, error) {
	c.veil(d, attempts)
	t, shown, size := c.wholeItem(), c.extentOf(d, full), 0
	if shown == full {
		size = fitBodies(attempts, h.bodies)
	}
	t.room(1<<10 + 512*len(attempts) + size)
	t.delivery(d, attempts, shown, h.next(c, d))
	return t.answer(status)
}

// next gives when a delivery is tried next: when its own pause is over, and its endpoint's
// rest. Each endpoint is looked at once a call, for a list has many rows of few.
func (h *deliveries) next(c *call, d *gateway.Delivery) gateway.Time {
	if d.State.Ended() {
		return gateway.Time{}
	}
	if !c.seesLane(d.Endpoint) {
		return timeOf(d.NextAttemptAt)
	}
	key := gateway.LaneKey{Tenant: d.Tenant, Endpoint: d.Endpoint}
	rest, known := c.rests[key]
	if !known {
		if c.rests == nil {
			c.rests = map[gateway.LaneKey]time.Time{}
		}
		rest = h.lanes.Rests(d.Tenant, d.Endpoint)
		c.rests[key] = rest
	}
	if rest.After(d.NextAttemptAt) {
		return gateway.At(rest)
	}
	return timeOf(d.NextAttemptAt)
}

// list lists deliveries, newest first.
func (h *deliveries) list(c *call) (answer, error) {
	a, err := c.asks(gateway.PrefixDelivery, h.filter)
	if err != nil {
		return answer{}, err
	}
	l, err := c.list(a.page(), a.extent)
	if err != nil {
		return answer{}, err
	}
	err = eachDelivery(h.stored, &a.Query, h.bounds(a.extent), c.turn, func(d *gateway.Delivery, attempts []gateway.Attempt) bool {
		c.veil(d, attempts)
		return l.add(d.ID, func(t *text, e extent) { t.delivery(d, attempts, c.extentOf(d, e), h.next(c, d)) })
	})
	if err != nil {
		return answer{}, err
	}
	return l.answer()
}

var deliveryStates = []string{
	string(gateway.DeliveryPending), string(gateway.DeliveryRetrying), string(gateway.DeliverySucceeded),
	string(gateway.DeliveryDead), string(gateway.DeliveryCancelled),
}

const stateRule = "must be pending, retrying, succeeded, dead or cancelled"

// filter reads what deliveries can be asked for.
func (h *deliveries) filter(q *query, to *store.Query) (err error) {
	to.Endpoint = q.one("endpoint", isLane, "must be the id of an endpoint, _platform, or _route_ and the id of a route")
	to.Type = q.one("event_type", gateway.IsEventType[string], "must be an event type, as message: deliveries do not know the kinds of messages")
	to.Since, to.Until = q.moment("since"), q.moment("until")
	to.State = q.oneOf("state", deliveryStates, stateRule)
	to.Conversation, err = conversation(h.names, to.Tenant, q.text("conversation_key"))
	return err
}

// isLane tells whether a name is one that a lane may have.
func isLane(name string) bool {
	route, relays := gateway.RouteOfLane(name)
	return name == gateway.PlatformEndpoint || relays && gateway.IsName(route) || gateway.IsName(name)
}
