package api

import (
	"net/http"

	"hookgate/gateway"
	"hookgate/gateway/audit"
)

// Hand is what is done to deliveries by hand, in one commit with the lines of the audit.
type Hand interface {
	Retry(tenant, delivery string, told ...gateway.AuditLine) (*gateway.Delivery, error)
	Cancel(tenant, delivery string, told ...gateway.AuditLine) (*gateway.Delivery, error)
}

func (h *deliveries) retry(c *call) (answer, error) {
	return h.byHand(c, audit.Replay, http.StatusAccepted, "a delivery was retried by hand", h.hand.Retry)
}

func (h *deliveries) cancel(c *call) (answer, error) {
	return h.byHand(c, audit.Cancel, http.StatusOK, "a delivery was cancelled", h.hand.Cancel)
}

// byHand does something to the path's delivery and answers with it.
func (h *deliveries) byHand(c *call, action audit.Action, status int, what string, do func(tenant, id string, told ...gateway.AuditLine) (*gateway.Delivery, error)) (answer, error) {
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
	err = c.deed(action, "deliveries/"+d.ID, func(told gateway.AuditLine) (err error) {
		d, err = do(c.params.tenant, c.params.id, told)
		return err
	})
	if err != nil {
		return answer{}, err
	}
	c.audit(what, "tenant", d.Tenant, "endpoint", d.Endpoint, "delivery_id", d.ID)
	_, attempts, err := h.stored.ReadDelivery(d.Tenant, d.ID, h.bounds(full))
	if err != nil {
		attempts = nil // what was asked for is done; the attempts can be read again
	}
	return h.show(c, status, d, attempts)
}

// replay sends deliveries of any lane again: an endpoint's, the platform endpoint's, a
// relay's, or of all endpoints of the tenant.
func (h *deliveries) replay(c *call) (answer, error) {
	var body struct {
		Endpoint *string `json:"endpoint"` // nil: of all
		replayBody
	}
	if err := c.optionalBody(&body); err != nil {
		return answer{}, err
	}
	if body.Endpoint == nil {
		return h.replays.replay(c, "", &body.replayBody)
	}
	if err := c.steersLane(*body.Endpoint); err != nil {
		return answer{}, err
	}
	if !hasLane(c, *body.Endpoint) {
		return answer{}, invalid("endpoint", "must be an endpoint of the tenant, _platform, or _route_ and the id of a relay route")
	}
	return h.replays.replay(c, *body.Endpoint, &body.replayBody)
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
