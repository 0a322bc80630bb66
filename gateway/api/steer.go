package api

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/audit"
	"hookgate/gateway/edge"
	"hookgate/gateway/publishing"
	"hookgate/gateway/resources"
)

// steer does something to the lane of the path's endpoint and answers with the
// endpoint as it then stands. The audit has what changes something: "" does not.
func (h *endpoints) steer(c *call, action audit.Action, what string, do func(tenant, endpoint string, told ...gateway.AuditLine) error) (answer, error) {
	e, err := endpointOf(c)
	if err != nil {
		return answer{}, err
	}
	if action == "" {
		err = do(c.params.tenant, e.ID)
	} else {
		err = c.deed(action, "endpoints/"+e.ID, func(told gateway.AuditLine) error { return do(c.params.tenant, e.ID, told) })
	}
	if err != nil {
		return answer{}, err
	}
	c.audit(what, "tenant", c.params.tenant, "endpoint", e.ID)
	return h.show(c, http.StatusOK, e, resources.Made{})
}

func (h *endpoints) pause(c *call) (answer, error) {
	return h.steer(c, audit.Pause, "an endpoint was paused", h.lanes.Pause)
}

func (h *endpoints) resume(c *call) (answer, error) {
	return h.steer(c, audit.Resume, "an endpoint was resumed", h.lanes.Resume)
}

// closeBreaker closes the circuit breaker at once: what waits for it goes on, one at first.
func (h *endpoints) closeBreaker(c *call) (answer, error) {
	return h.steer(c, audit.Close, "an endpoint's circuit breaker was closed by hand", h.lanes.CloseBreaker)
}

// verify makes the handshake at once. That it failed is no error of the
// call: verification_error of the answer says why.
func (h *endpoints) verify(c *call) (answer, error) {
	if err := c.stay(); err != nil {
		return answer{}, err
	}
	return h.steer(c, "", "an endpoint was asked for its proof", func(tenant, endpoint string, _ ...gateway.AuditLine) error {
		ctx, stop := context.WithTimeout(context.Background(), maxHandshake)
		defer stop()
		err := h.proofs.Verify(ctx, tenant, endpoint)
		var ours *gateway.Error
		if errors.As(err, &ours) || errors.Is(err, gateway.ErrNotFound) {
			return err
		}
		return nil
	})
}

// test sends a sample event to one endpoint alone.
func (h *endpoints) test(c *call) (answer, error) {
	e, err := endpointOf(c)
	if err != nil {
		return answer{}, err
	}
	body := struct {
		EventType string      `json:"event_type"`
		Event     gateway.Raw `json:"event"`
		DryRun    bool        `json:"dry_run"`
	}{}
	if err := c.optionalBody(&body); err != nil {
		return answer{}, err
	}
	if len(body.Event) > 0 && body.EventType != "" {
		return answer{}, invalid("event_type", "stands beside event, which says its own")
	}
	eventType, kind, ok := typeAndKind(cmp.Or(body.EventType, "message/text"))
	if !ok {
		return answer{}, invalid("event_type", "must be a type, or a message with its kind, as message/text")
	}
	if body.DryRun {
		if len(body.Event) == 0 {
			body.Event = h.publisher.Sample(eventType, kind)
		}
		return show(http.StatusOK, struct {
			Event gateway.Raw `json:"event"`
		}{body.Event})
	}
	var event, delivery string
	if len(body.Event) > 0 {
		event, delivery, err = h.publisher.TestGiven(publishing.Request{Snapshot: c.snapshot, Tenant: c.tenant, Body: body.Event, RequestID: edge.RequestID(c.ctx)}, e.ID)
	} else {
		event, delivery, err = h.publisher.Test(c.params.tenant, e.ID, eventType, kind)
	}
	if err != nil {
		return answer{}, err
	}
	return show(http.StatusAccepted, struct {
		EventID    string `json:"event_id"`
		DeliveryID string `json:"delivery_id"`
		// The sample is sent whatever the endpoint's filter says of it.
		FilterIgnored bool `json:"filter_ignored,omitempty"`
	}{event, delivery, e.Filter() >= 0})
}

// typeAndKind takes "message/text" apart; only messages have kinds.
func typeAndKind(text string) (eventType, kind string, ok bool) {
	eventType, kind, has := strings.Cut(text, "/")
	return eventType, kind, gateway.IsEventType(eventType) && (!has || eventType == "message" && gateway.IsEventType(kind))
}

func (h *endpoints) rotate(c *call) (answer, error) {
	body := struct {
		Overlap *gateway.Duration `json:"overlap"`
	}{}
	if err := c.optionalBody(&body); err != nil {
		return answer{}, err
	}
	overlap := resources.DefaultOverlap
	if body.Overlap != nil {
		overlap = time.Duration(*body.Overlap)
	}
	e, made, err := h.resources.Rotate(c.by, c.params.tenant, c.params.id, overlap)
	if err != nil {
		return answer{}, err
	}
	c.audit("an endpoint's secret was rotated", "tenant", c.params.tenant, "endpoint", e.ID, "overlap", overlap.String())
	return h.show(c, http.StatusOK, e, made)
}

func (h *endpoints) replay(c *call) (answer, error) {
	e, err := endpointOf(c)
	if err != nil {
		return answer{}, err
	}
	var body replayBody
	if err := c.optionalBody(&body); err != nil {
		return answer{}, err
	}
	return h.replays.replay(c, e.ID, &body)
}
