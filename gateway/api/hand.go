package api

import (
	"net/http"
	"slices"
	"strconv"

	"hookgate/gateway"
	"hookgate/gateway/fields"
	"hookgate/gateway/outbound"
)

// Hand is what is done to deliveries by hand.
type Hand interface {
	Retry(tenant, delivery string) (*gateway.Delivery, error)
	Cancel(tenant, delivery string) (*gateway.Delivery, error)
	Replay(tenant, endpoint string, f outbound.ReplayFilter) (count int, err error)
}

func (h *deliveries) retry(c *call) (answer, error) {
	return h.byHand(c, http.StatusAccepted, "a delivery was retried by hand", h.hand.Retry)
}

func (h *deliveries) cancel(c *call) (answer, error) {
	return h.byHand(c, http.StatusOK, "a delivery was cancelled", h.hand.Cancel)
}

// byHand does something to the path's delivery and answers with it.
func (h *deliveries) byHand(c *call, status int, what string, do func(tenant, id string) (*gateway.Delivery, error)) (answer, error) {
	if !gateway.IsID(gateway.PrefixDelivery, c.params.id) {
		return answer{}, errNoSuch
	}
	d, _, err := h.stored.ReadDelivery(c.params.tenant, c.params.id, gateway.AttemptBounds{})
	if err != nil {
		return answer{}, err
	}
	if err := c.steersLane(d.Endpoint); err != nil {
		return answer{}, err
	}
	if d, err = do(c.params.tenant, c.params.id); err != nil {
		return answer{}, err
	}
	c.audit(what, "tenant", d.Tenant, "endpoint", d.Endpoint, "delivery_id", d.ID)
	_, attempts, err := h.stored.ReadDelivery(d.Tenant, d.ID, h.bounds(full))
	if err != nil {
		attempts = nil // what was asked for is done; the attempts can be read again
	}
	return h.show(c, status, d, attempts)
}

// replayBody says which deliveries of an endpoint are sent again; by default the
// dead ones.
type replayBody struct {
	Since      gateway.Time          `json:"since"`
	Until      gateway.Time          `json:"until"`
	State      gateway.DeliveryState `json:"state"`
	EventTypes []string              `json:"event_types"`
	Limit      *int                  `json:"limit"`
}

// maxReplay bounds one replay; the lanes do no more in one go.
const maxReplay = 10_000

// maxReplayTypes is how many types each delivery is compared with, as many as an
// endpoint may list.
const maxReplayTypes = 100

func (b *replayBody) filter() (f outbound.ReplayFilter, err error) {
	var faults []gateway.Fault
	add := func(path, message string) { faults = append(faults, gateway.Fault{Path: path, Message: message}) }
	if b.State != "" && !slices.Contains(deliveryStates, string(b.State)) {
		add("state", stateRule)
	}
	if len(b.EventTypes) > maxReplayTypes {
		add("event_types", "has more than "+strconv.Itoa(maxReplayTypes))
		b.EventTypes = nil
	}
	for i, eventType := range b.EventTypes {
		if !gateway.IsEventType(eventType) {
			add(fields.Index("event_types", i), "must be a type of events, without a message's kind")
		}
	}
	f = outbound.ReplayFilter{Since: b.Since.Time, Until: b.Until.Time, State: b.State, EventTypes: b.EventTypes}
	if b.Limit != nil {
		if f.Limit = *b.Limit; f.Limit < 1 || f.Limit > maxReplay {
			add("limit", "must be a whole number from 1 to "+strconv.Itoa(maxReplay))
		}
	}
	return f, gateway.Invalid(faults)
}

// replay sends deliveries of any lane again: an endpoint's, the platform
// endpoint's, or a relay's.
func (h *deliveries) replay(c *call) (answer, error) {
	var body struct {
		Endpoint string `json:"endpoint"`
		replayBody
	}
	if err := c.optionalBody(&body); err != nil {
		return answer{}, err
	}
	if err := c.steersLane(body.Endpoint); err != nil {
		return answer{}, err
	}
	if !hasLane(c, body.Endpoint) {
		return answer{}, invalid("endpoint", "must be an endpoint of the tenant, _platform, or _route_ and the id of a relay route")
	}
	return replay(c, h.hand, body.Endpoint, &body.replayBody)
}

// hasLane says whether deliveries of the path's tenant go to what is called so.
func hasLane(c *call, endpoint string) bool {
	route, relays := gateway.RouteOfLane(endpoint)
	if !relays {
		return endpoint == gateway.PlatformEndpoint || c.tenant.Endpoint(endpoint) != nil
	}
	for _, r := range c.snapshot.Routes() {
		if r.ID == route {
			return r.Relay && r.Spec.Tenant == c.params.tenant
		}
	}
	return false
}

// replay sends deliveries of a lane again.
func replay(c *call, lanes Hand, endpoint string, body *replayBody) (answer, error) {
	f, err := body.filter()
	if err != nil {
		return answer{}, err
	}
	if e := c.tenant.Endpoint(endpoint); e != nil {
		f.Passes = e.Passes()
	}
	n, err := lanes.Replay(c.params.tenant, endpoint, f)
	if err != nil {
		return answer{}, err
	}
	c.audit("deliveries were replayed", "tenant", c.params.tenant, "endpoint", endpoint, "count", n)
	return show(http.StatusAccepted, struct {
		Count int `json:"count"`
	}{n})
}
