package api

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/fields"
	"hookgate/gateway/outbound"
	"hookgate/gateway/resources"
)

// steer does something to the lane of the path's endpoint and answers with the
// endpoint as it then stands.
func (c *call) steer(what string, do func(tenant, endpoint string) error) (answer, error) {
	e, err := c.endpoint()
	if err != nil {
		return answer{}, err
	}
	if err := do(c.params.tenant, e.ID); err != nil {
		return answer{}, err
	}
	c.audit(what, "tenant", c.params.tenant, "endpoint", e.ID)
	return c.showEndpoint(http.StatusOK, e, resources.Made{})
}

func pauseEndpoint(c *call) (answer, error) {
	return c.steer("an endpoint was paused", c.Lanes.Pause)
}

func resumeEndpoint(c *call) (answer, error) {
	return c.steer("an endpoint was resumed", c.Lanes.Resume)
}

// verifyEndpoint makes the handshake at once. That it failed is no error of the
// call: verification_error of the answer says why.
func verifyEndpoint(c *call) (answer, error) {
	if err := c.stay(); err != nil {
		return answer{}, err
	}
	return c.steer("an endpoint was asked for its proof", func(tenant, endpoint string) error {
		ctx, stop := context.WithTimeout(context.Background(), maxHandshake)
		defer stop()
		err := c.Lanes.Verify(ctx, tenant, endpoint)
		var ours *gateway.Error
		if errors.As(err, &ours) || errors.Is(err, gateway.ErrNotFound) {
			return err
		}
		return nil
	})
}

// optionalBody reads a body that may be left out into dst.
func (c *call) optionalBody(dst any) error {
	body, raw, err := c.body()
	switch {
	case len(raw) == 0:
		return nil
	case err != nil:
		return err
	}
	return gateway.Invalid(fields.Decode(body, dst))
}

// testEndpoint sends a sample event to one endpoint alone.
func testEndpoint(c *call) (answer, error) {
	e, err := c.endpoint()
	if err != nil {
		return answer{}, err
	}
	body := struct {
		EventType string `json:"event_type"`
	}{"message/text"}
	if err := c.optionalBody(&body); err != nil {
		return answer{}, err
	}
	eventType, kind, ok := typeAndKind(body.EventType)
	if !ok {
		return answer{}, invalid("event_type", "must be a type, or a message with its kind, as message/text")
	}
	event, delivery, err := c.Lanes.Test(c.params.tenant, e.ID, eventType, kind)
	if err != nil {
		return answer{}, err
	}
	return show(http.StatusAccepted, struct {
		EventID    string `json:"event_id"`
		DeliveryID string `json:"delivery_id"`
	}{event, delivery})
}

// typeAndKind takes "message/text" apart; only messages have kinds.
func typeAndKind(text string) (eventType, kind string, ok bool) {
	eventType, kind, has := strings.Cut(text, "/")
	return eventType, kind, gateway.IsEventType(eventType) && (!has || eventType == "message" && gateway.IsEventType(kind))
}

func rotateSecret(c *call) (answer, error) {
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
	e, made, err := c.Resources.Endpoints.Rotate(c.by, c.params.tenant, c.params.id, overlap)
	if err != nil {
		return answer{}, err
	}
	c.audit("an endpoint's secret was rotated", "tenant", c.params.tenant, "endpoint", e.ID, "overlap", overlap.String())
	return c.showEndpoint(http.StatusOK, e, made)
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
	if b.State != "" && !slices.Contains(deliveryStates, b.State) {
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

func replayEndpoint(c *call) (answer, error) {
	e, err := c.endpoint()
	if err != nil {
		return answer{}, err
	}
	var body replayBody
	if err := c.optionalBody(&body); err != nil {
		return answer{}, err
	}
	return c.replay(e.ID, &body)
}

func retryDelivery(c *call) (answer, error) {
	return c.byHand(http.StatusAccepted, "a delivery was retried by hand", c.Lanes.Retry)
}

func cancelDelivery(c *call) (answer, error) {
	return c.byHand(http.StatusOK, "a delivery was cancelled", c.Lanes.Cancel)
}

// byHand does something to the path's delivery and answers with it.
func (c *call) byHand(status int, what string, do func(tenant, id string) (*gateway.Delivery, error)) (answer, error) {
	if !gateway.IsID(gateway.PrefixDelivery, c.params.id) {
		return answer{}, errNoSuch
	}
	d, _, err := c.Deliveries.ReadDelivery(c.params.tenant, c.params.id, gateway.AttemptBounds{})
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
	_, attempts, err := c.Deliveries.ReadDelivery(d.Tenant, d.ID, c.attemptBounds(full))
	if err != nil {
		attempts = nil // what was asked for is done; the attempts can be read again
	}
	return c.showDelivery(status, d, attempts)
}
