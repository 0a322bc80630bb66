package api

import (
	"math"
	"net/http"
	"slices"
	"strconv"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/store"
)

// Deliveries is what the API needs to show deliveries.
type Deliveries interface {
	// ReadDelivery gives a delivery with its last attempts; else gateway.ErrNotFound.
	ReadDelivery(tenant, id string, most gateway.AttemptBounds) (*gateway.Delivery, []gateway.Attempt, error)
	// Deliveries visits the deliveries that are asked for, newest first, each with its
	// last attempts, until visit wants no more, or q.Limit were visited. next, where it is
	// not "", is where to go on.
	Deliveries(q store.Query, most gateway.AttemptBounds, visit func(*gateway.Delivery, []gateway.Attempt) (more bool)) (next string, err error)
}

// maxAttempts is how many attempts of a delivery are shown, the last ones: without a
// bound in its endpoint's retry it may have had any number.
const maxAttempts = 1000

func (c *call) attemptBounds(e extent) gateway.AttemptBounds {
	most := gateway.AttemptBounds{Most: maxAttempts}
	if e == full {
		most.Bodies = c.ListAnswer
	}
	return most
}

// extentOf says how much of a delivery the caller is shown, of what was asked for.
func (c *call) extentOf(d *gateway.Delivery, asked extent) extent {
	if c.seesLane(d.Endpoint) {
		return asked
	}
	return min(asked, plain)
}

// delivery appends a delivery as it is shown (SPEC 7).
func (t *text) delivery(d *gateway.Delivery, attempts []gateway.Attempt, e extent) {
	t.append(1<<10+6*(len(d.Tenant)+len(d.Endpoint)+len(d.EventType)+len(d.ConversationKey))+64*len(d.EventIDs), func(dst []byte) []byte {
		dst = gateway.AppendString(append(dst, `{"id":`...), d.ID)
		dst = gateway.AppendMember(dst, "tenant", d.Tenant)
		dst = gateway.AppendMember(dst, "endpoint", d.Endpoint)
		dst = appendStrings(append(dst, `,"event_ids":`...), d.EventIDs)
		dst = gateway.AppendMember(dst, "event_type", d.EventType)
		dst = gateway.AppendOptional(dst, "conversation_key", d.ConversationKey)
		return gateway.AppendMember(dst, "state", string(d.State))
	})
	t.raw(`,"attempts":[`)
	for i := range attempts {
		if i > 0 {
			t.raw(",")
		}
		t.attempt(&attempts[i], e)
	}
	t.append(256, func(dst []byte) []byte {
		var next gateway.Time
		if !d.State.Ended() {
			next = timeOf(d.NextAttemptAt)
		}
		dst = next.AppendJSON(append(dst, `],"next_attempt_at":`...))
		dst = gateway.At(d.CreatedAt).AppendJSON(append(dst, `,"created_at":`...))
		dst = timeOf(d.EndedAt).AppendJSON(append(dst, `,"ended_at":`...))
		return append(dst, '}')
	})
}

// attempt appends an attempt. A body that is not shown is left out: "" would say that
// the answer had none.
func (t *text) attempt(a *gateway.Attempt, e extent) {
	t.append(256+6*len(a.Error), func(dst []byte) []byte {
		dst = strconv.AppendInt(append(dst, `{"number":`...), int64(a.Number), 10)
		dst = gateway.At(a.At).AppendJSON(append(dst, `,"at":`...))
		dst = strconv.AppendInt(append(dst, `,"duration_ms":`...), a.Duration.Milliseconds(), 10)
		dst = append(dst, `,"status":`...)
		if a.Status == 0 {
			dst = append(dst, "null"...) // there was no answer
		} else {
			dst = strconv.AppendInt(dst, int64(a.Status), 10)
		}
		return gateway.AppendOptional(dst, "error", a.Error) // null: 2xx
	})
	if e == full && !a.BodyUnread {
		t.raw(`,"response_body":`)
		t.string(a.ResponseBody)
	}
	t.raw("}")
}

func appendStrings(dst []byte, list []string) []byte {
	dst = append(dst, '[')
	for i, s := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = gateway.AppendString(dst, s)
	}
	return append(dst, ']')
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
	c.pass(c.reads)
	d, attempts, err := c.Deliveries.ReadDelivery(c.params.tenant, c.params.id, c.attemptBounds(full))
	if err != nil {
		return answer{}, err
	}
	return c.showDelivery(http.StatusOK, d, attempts)
}

// showDelivery answers with one delivery and the bodies of its last attempts, as far
// as they fit into an answer of a list: nobody needs more of them at once.
func (c *call) showDelivery(status int, d *gateway.Delivery, attempts []gateway.Attempt) (answer, error) {
	t, shown, size := c.wholeItem(), c.extentOf(d, full), 0
	if shown == full {
		size = fitBodies(attempts, c.ListAnswer)
	}
	t.room(1<<10 + 256*len(attempts) + size)
	t.delivery(d, attempts, shown)
	return t.answer(status)
}

// fitBodies leaves out the bodies of all attempts but the last ones whose bodies have
// so many bytes as they are shown. It gives the bytes of those that it leaves.
func fitBodies(attempts []gateway.Attempt, most int) (size int) {
	for i := range slices.Backward(attempts) {
		a := &attempts[i]
		n := gateway.StringSize(a.ResponseBody)
		if size+n > most {
			for j := range attempts[:i+1] {
				attempts[j].ResponseBody, attempts[j].BodyUnread = nil, true
			}
			break
		}
		size += n
	}
	return size
}

func listDeliveries(c *call) (answer, error) {
	p, err := c.page(isIDOf(gateway.PrefixDelivery))
	if err != nil {
		return answer{}, err
	}
	asked, err := c.include()
	if err != nil {
		return answer{}, err
	}
	keep, err := c.deliveryFilter(&p)
	if err != nil {
		return answer{}, err
	}
	l, err := c.list(p, asked)
	if err != nil {
		return answer{}, err
	}
	_, err = c.Deliveries.Deliveries(store.Query{Tenant: c.params.tenant, Before: p.after, Rows: math.MaxInt}, c.attemptBounds(asked),
		func(d *gateway.Delivery, attempts []gateway.Attempt) bool {
			return !keep(d) || l.add(d.ID, func(t *text, e extent) { t.delivery(d, attempts, c.extentOf(d, e)) })
		})
	if err != nil {
		return answer{}, err
	}
	return l.answer()
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
