package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"time"

	"hookgate/gateway"
)

// Delivery is one event, or a batch, for one endpoint (SPEC 7).
type Delivery struct {
	ID              string                `json:"id"`
	Tenant          string                `json:"tenant"`
	Endpoint        string                `json:"endpoint"`
	EventIDs        []string              `json:"event_ids"`
	EventType       string                `json:"event_type"`
	ConversationKey string                `json:"conversation_key"`
	State           gateway.DeliveryState `json:"state"`
	Attempts        []Attempt             `json:"attempts"` // the last 1000
	NextAttemptAt   time.Time             `json:"next_attempt_at"`
	CreatedAt       time.Time             `json:"created_at"`
	EndedAt         time.Time             `json:"ended_at"`
}

// Attempt is one HTTP request of a delivery. Lists leave out fields and body.
type Attempt struct {
	Number          int               `json:"number"` // from 1
	At              time.Time         `json:"at"`
	DurationMS      int               `json:"duration_ms"`
	Status          int               `json:"status"` // 0: no answer
	Error           string            `json:"error"`
	Detail          string            `json:"detail"`
	Address         string            `json:"address"`
	RequestHeaders  map[string]string `json:"request_headers"`
	ResponseHeaders map[string]string `json:"response_headers"`
	ResponseBody    string            `json:"response_body"`
}

// DeliveryFilter says which deliveries are listed; what is empty is all.
type DeliveryFilter struct {
	State                                gateway.DeliveryState
	Endpoint, EventType, ConversationKey string
	Since, Until                         time.Time
}

// Query is the filter as parameters.
func (f DeliveryFilter) Query() url.Values {
	return Query("state", string(f.State), "endpoint", f.Endpoint, "event_type", f.EventType,
		"conversation_key", f.ConversationKey, "since", moment(f.Since), "until", moment(f.Until))
}

// Deliveries lists deliveries, newest first.
func (t OfTenant) Deliveries(ctx context.Context, f DeliveryFilter) iter.Seq2[Delivery, error] {
	return List[Delivery](ctx, t.c, t.at("deliveries"), f.Query(), 0)
}

// GetDelivery reads a delivery with its attempts.
func (t OfTenant) GetDelivery(ctx context.Context, id string) (Delivery, error) {
	return Ask[Delivery](ctx, t.c, Request{Path: t.at("deliveries", id)})
}

// RetryDelivery sends a delivery again that has ended, or now one that waits.
func (t OfTenant) RetryDelivery(ctx context.Context, id string) (Delivery, error) {
	return Ask[Delivery](ctx, t.c, Request{Method: http.MethodPost, Path: t.at("deliveries", id, "retry")})
}

// CancelDelivery ends a delivery that has not ended.
func (t OfTenant) CancelDelivery(ctx context.Context, id string) (Delivery, error) {
	return Ask[Delivery](ctx, t.c, Request{Method: http.MethodPost, Path: t.at("deliveries", id, "cancel")})
}

// Replay says which deliveries are sent again (SPEC-operations O2); what is empty is all.
type Replay struct {
	Endpoint   string                `json:"endpoint,omitempty"` // _platform and _route_ID too; "": all endpoints
	Since      *time.Time            `json:"since,omitempty"`
	Until      *time.Time            `json:"until,omitempty"`
	State      gateway.DeliveryState `json:"state,omitempty"` // default dead
	EventTypes []string              `json:"event_types,omitempty"`
	Limit      int                   `json:"limit,omitempty"` // the newest so many
	Rate       float64               `json:"rate,omitempty"`  // a second
	DryRun     bool                  `json:"dry_run,omitempty"`
}

// Replayed is the job that does it, or of a dry run what it would do.
type Replayed struct {
	JobID         string         `json:"job_id"`
	Count         int            `json:"count"`
	Oldest        time.Time      `json:"oldest"`
	Newest        time.Time      `json:"newest"`
	ByEndpoint    map[string]int `json:"by_endpoint"`
	SecondsAtRate *float64       `json:"seconds_at_rate"`
}

// Replay sends deliveries again, by filter.
func (t OfTenant) Replay(ctx context.Context, r Replay) (Replayed, error) {
	return Ask[Replayed](ctx, t.c, Request{Path: t.at("deliveries", "replay"), Body: r})
}

// Job is a bulk job.
type Job struct {
	ID        string    `json:"id"`
	Kind      string    `json:"kind"`
	Tenant    string    `json:"tenant"`
	Endpoint  string    `json:"endpoint"` // "": all
	State     string    `json:"state"`    // running, done, cancelled
	Rate      float64   `json:"rate"`     // a second, to each endpoint; 0: as each takes
	Total     int       `json:"total"`
	Done      int       `json:"done"`
	Failed    int       `json:"failed"` // that were no more when it came to them
	CreatedAt time.Time `json:"created_at"`
	EndedAt   time.Time `json:"ended_at"`
}

// GetJob reads a job.
func (c *Client) GetJob(ctx context.Context, id string) (Job, error) {
	return Ask[Job](ctx, c, Request{Path: Path("v1", "jobs", id)})
}
