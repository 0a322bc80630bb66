package api

import (
	"net/http"
	"slices"
	"time"

	"hookgate/gateway"
)

// Deliveries is what the API needs to show deliveries.
type Deliveries interface {
	// Delivery gives a delivery with its attempts; else gateway.ErrNotFound.
	Delivery(tenant, id string) (*gateway.Delivery, []gateway.Attempt, error)
	// Deliveries lists a tenant's deliveries, newest first, those with an id
	// below before ("" for all), at most so many of those that keep says yes to.
	Deliveries(tenant, before string, most int, keep func(*gateway.Delivery) bool) ([]*gateway.Delivery, error)
}

// deliveryView is a delivery as it is shown (SPEC 7).
type deliveryView struct {
	ID              string                `json:"id"`
	Tenant          string                `json:"tenant"`
	Endpoint        string                `json:"endpoint"`
	EventIDs        []string              `json:"event_ids"`
	EventType       string                `json:"event_type"`
	ConversationKey *string               `json:"conversation_key"`
	State           gateway.DeliveryState `json:"state"`
	Attempts        []attemptView         `json:"attempts"`
	NextAttemptAt   gateway.Time          `json:"next_attempt_at"`
	CreatedAt       gateway.Time          `json:"created_at"`
	EndedAt         gateway.Time          `json:"ended_at"`
}

type attemptView struct {
	Number       int          `json:"number"`
	At           gateway.Time `json:"at"`
	DurationMS   int64        `json:"duration_ms"`
	Status       *int         `json:"status"` // null: there was no answer
	Error        *string      `json:"error"`  // null: 2xx
	ResponseBody string       `json:"response_body"`
}

func (c *call) viewDelivery(d *gateway.Delivery, attempts []gateway.Attempt) deliveryView {
	v := deliveryView{
		ID: d.ID, Tenant: d.Tenant, Endpoint: d.Endpoint, EventIDs: d.EventIDs, EventType: d.EventType,
		ConversationKey: orNull(d.ConversationKey), State: d.State, Attempts: make([]attemptView, len(attempts)),
		CreatedAt: gateway.At(d.CreatedAt), EndedAt: timeOf(d.EndedAt),
	}
	if !d.State.Ended() {
		v.NextAttemptAt = timeOf(d.NextAttemptAt)
	}
	for i, a := range attempts {
		v.Attempts[i] = attemptView{
			Number: a.Number, At: gateway.At(a.At), DurationMS: a.Duration.Milliseconds(), Status: orNull(a.Status),
			Error: orNull(a.Error),
		}
		if c.seesLane(d.Endpoint) {
			v.Attempts[i].ResponseBody = string(a.ResponseBody)
		}
	}
	return v
}

func orNull[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

func timeOf(t time.Time) gateway.Time {
	if t.IsZero() {
		return gateway.Time{}
	}
	return gateway.At(t)
}

func getDelivery(c *call) (answer, error) {
	if !gateway.IsID(gateway.PrefixDelivery, c.params.id) {
		return answer{}, errNoSuch
	}
	d, attempts, err := c.Deliveries.Delivery(c.params.tenant, c.params.id)
	if err != nil {
		return answer{}, err
	}
	return show(http.StatusOK, c.viewDelivery(d, attempts))
}

func listDeliveries(c *call) (answer, error) {
	p, err := c.page(isIDOf(gateway.PrefixDelivery))
	if err != nil {
		return answer{}, err
	}
	keep, err := c.deliveryFilter(&p)
	if err != nil {
		return answer{}, err
	}
	found, err := c.Deliveries.Deliveries(c.params.tenant, p.after, p.limit+1, keep)
	if err != nil {
		return answer{}, err
	}
	part, next := cut(found, p, func(d *gateway.Delivery) string { return d.ID })
	views := make([]deliveryView, len(part))
	for i, d := range part {
		whole, attempts, err := c.Deliveries.Delivery(d.Tenant, d.ID)
		if err != nil { // it expired since the list was read
			whole, attempts = d, nil
		}
		views[i] = c.viewDelivery(whole, attempts)
	}
	return show(http.StatusOK, list{views, next})
}

var deliveryStates = []gateway.DeliveryState{
	gateway.DeliveryPending, gateway.DeliveryRetrying, gateway.DeliverySucceeded, gateway.DeliveryDead, gateway.DeliveryCancelled,
}

const stateRule = "must be pending, retrying, succeeded, dead or cancelled"

// deliveryFilter reads what the query asks for; every fault at once. A page that
// ends at a moment begins below it.
func (c *call) deliveryFilter(p *page) (func(*gateway.Delivery) bool, error) {
	q := c.query()
	state, endpoint, event := gateway.DeliveryState(q.text("state")), q.text("endpoint"), q.text("event_type")
	since, until := q.moment("since"), q.moment("until")
	if state != "" && !slices.Contains(deliveryStates, state) {
		q.fault("state", stateRule)
	}
	names, err := c.names(q.text("conversation_key"))
	if err != nil {
		return nil, err
	}
	p.until(gateway.PrefixDelivery, until)
	return func(d *gateway.Delivery) bool {
		c.turn.row()
		return (state == "" || d.State == state) && (endpoint == "" || d.Endpoint == endpoint) &&
			(event == "" || d.EventType == event) && (names == nil || slices.Contains(names, d.ConversationKey)) &&
			!d.CreatedAt.Before(since) && (until.IsZero() || d.CreatedAt.Before(until))
	}, gateway.Invalid(q.faults)
}
