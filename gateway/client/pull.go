package client

import (
	"context"
	"time"

	"hookgate/gateway"
)

// Pulled is a delivery that was pulled (SPEC-operations O3), as a push would have carried it.
type Pulled struct {
	ID      string            `json:"id"`
	Lease   string            `json:"lease"`
	Attempt int               `json:"attempt"` // from 1
	Headers map[string]string `json:"headers"`
	Text    *string           `json:"body"`
	Base64  []byte            `json:"body_base64"` // where the body is no UTF-8
}

// Body is the body, byte for byte: the signature is over it.
func (p *Pulled) Body() []byte {
	if p.Text != nil {
		return []byte(*p.Text)
	}
	return p.Base64
}

// Pull takes what is due of an endpoint with mode pull, at most so many, each for the time of
// a lease; where nothing is due it stays up to hold, a minute at most.
//
// It is not sent again where its answer was lost: what that had comes again when its lease
// has run out.
func (t OfTenant) Pull(ctx context.Context, endpoint string, most int, hold, lease time.Duration) ([]Pulled, error) {
	body := map[string]any{"max": most, "hold": gateway.Duration(hold), "lease": gateway.Duration(lease)}
	answer, err := Ask[struct {
		Deliveries []Pulled `json:"deliveries"`
	}](ctx, t.c, Request{Path: t.at("endpoints", endpoint, "pull"), Body: body, Hold: hold})
	return answer.Deliveries, err
}

// Told says which leases were still good; what is gone comes again, or came.
type Told struct {
	Good []string `json:"good"`
	Gone []string `json:"gone"`
}

// Ack says that deliveries have arrived: none of them comes again.
func (t OfTenant) Ack(ctx context.Context, endpoint string, leases ...string) (Told, error) {
	return t.told(ctx, endpoint, "ack", map[string]any{"leases": leases})
}

// Failure is why deliveries that were pulled have not arrived.
type Failure struct {
	Error        string            `json:"error,omitempty"`
	RetryAfter   *gateway.Duration `json:"retry_after,omitempty"`
	Status       int               `json:"status,omitempty"` // that a receiver of one's own answered
	ResponseBody string            `json:"response_body,omitempty"`
	Leases       []string          `json:"leases"`
}

// Nack says that deliveries have not arrived: they are due again by the endpoint's retries.
func (t OfTenant) Nack(ctx context.Context, endpoint string, f Failure) (Told, error) {
	return t.told(ctx, endpoint, "nack", f)
}

// Extend has leases end later, so much from now.
func (t OfTenant) Extend(ctx context.Context, endpoint string, lease time.Duration, leases ...string) (Told, error) {
	return t.told(ctx, endpoint, "extend", map[string]any{"leases": leases, "lease": gateway.Duration(lease)})
}

// told may be said twice: of what is good already the second answer says gone.
func (t OfTenant) told(ctx context.Context, endpoint, what string, body any) (Told, error) {
	return Ask[Told](ctx, t.c, Request{Path: t.at("endpoints", endpoint, what), Body: body})
}
