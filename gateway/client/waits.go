package client

import (
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"hookgate/gateway"
)

// Wait is a waiting session (SPEC 6). What is null is empty here.
type Wait struct {
	ID              string                     `json:"id"`
	Tenant          string                     `json:"tenant"`
	Source          string                     `json:"source"`
	ConversationKey string                     `json:"conversation_key"`
	State           gateway.WaitState          `json:"state"`
	Mode            gateway.Mode               `json:"mode"`
	Branch          gateway.Branch             `json:"branch"`
	Match           string                     `json:"match"`
	Reason          string                     `json:"reason"` // why it ended without a callback
	Aliases         []string                   `json:"aliases"`
	Variables       map[string]json.RawMessage `json:"variables"`
	Callback        *TakenCallback             `json:"callback"`
	Context         json.RawMessage            `json:"context"` // as it was given
	CreatedAt       time.Time                  `json:"created_at"`
	ExpiresAt       time.Time                  `json:"expires_at"`
	EndedAt         time.Time                  `json:"ended_at"` // the zero time while it waits
}

// TakenCallback is the callback that resumed a wait. Lists leave the body out.
type TakenCallback struct {
	ID          string          `json:"id"`
	ReceivedAt  time.Time       `json:"received_at"`
	ContentType string          `json:"content_type"`
	Body        json.RawMessage `json:"body"`
}

// NewWait is what a wait is to be; what is empty is the source's, or the default.
type NewWait struct {
	Source          string             `json:"source"`
	ConversationKey string             `json:"conversation_key,omitempty"`
	ConversationURL string             `json:"conversation_url,omitempty"` // its last segment is the key
	TimeoutSeconds  int                `json:"timeout_seconds,omitempty"`  // 1 to 300; default 60
	Mode            gateway.Mode       `json:"mode,omitempty"`             // default hold
	Aliases         []string           `json:"aliases,omitempty"`
	Match           []gateway.Match    `json:"match,omitempty"`
	Variables       []gateway.Variable `json:"variables,omitempty"`
	Context         json.RawMessage    `json:"context,omitempty"` // at most 16 KiB
	// Key is the Idempotency-Key of opening it; "": one is made up.
	Key string `json:"-"`
}

// OpenWait opens a wait; in the mode hold it comes back with the outcome. A connection that
// breaks meanwhile ends nothing: the same wait is asked for again.
func (t OfTenant) OpenWait(ctx context.Context, w NewWait) (Wait, error) {
	return Ask[Wait](ctx, t.c, w.Request(t.id))
}

// Request is that of OpenWait.
func (w NewWait) Request(tenant string) Request {
	r := Request{Path: Path("v1", "tenants", tenant, "waits"), Body: w, Key: w.Key, Keyed: true}
	if w.Mode == "" || w.Mode == gateway.ModeHold {
		r.Hold = time.Duration(w.TimeoutSeconds) * time.Second
		if w.TimeoutSeconds == 0 {
			r.Hold = gateway.DefaultWaitSeconds * time.Second
		}
	}
	return r
}

// GetWait reads a wait, and stays up to hold (300 s at most) for its outcome.
func (t OfTenant) GetWait(ctx context.Context, id string, hold time.Duration) (Wait, error) {
	r := Request{Path: t.at("waits", id), Hold: hold}
	if hold > 0 {
		r.Query = Query("hold", strconv.Itoa(int(hold.Seconds())))
	}
	return Ask[Wait](ctx, t.c, r)
}

// WaitFilter says which waits are listed; what is empty is all.
type WaitFilter struct {
	State                   gateway.WaitState
	Source, ConversationKey string // the key, or an alias
	Since, Until            time.Time
}

// Query is the filter as parameters.
func (f WaitFilter) Query() url.Values {
	return Query("state", string(f.State), "source", f.Source, "conversation_key", f.ConversationKey, "since", moment(f.Since), "until", moment(f.Until))
}

// Waits lists waits that are open, or ended in the last 24 hours, newest first.
func (t OfTenant) Waits(ctx context.Context, f WaitFilter) iter.Seq2[Wait, error] {
	return List[Wait](ctx, t.c, t.at("waits"), f.Query(), 0)
}

// Resolution is how a wait is ended by hand.
type Resolution struct {
	Branch    gateway.Branch             `json:"branch"`
	Match     string                     `json:"match,omitempty"`
	Variables map[string]json.RawMessage `json:"variables,omitempty"`
}

// ResolveWait ends an open wait as a callback would have.
func (t OfTenant) ResolveWait(ctx context.Context, id string, as Resolution) (Wait, error) {
	return Ask[Wait](ctx, t.c, Request{Path: t.at("waits", id, "resolve"), Body: as})
}

// ExtendWait gives an open wait another deadline, 1 s to 300 s from now.
func (t OfTenant) ExtendWait(ctx context.Context, id string, by time.Duration) (Wait, error) {
	body := map[string]int{"timeout_seconds": int(by.Seconds())}
	return Ask[Wait](ctx, t.c, Request{Path: t.at("waits", id, "extend"), Body: body})
}

// CancelWait cancels an open wait.
func (t OfTenant) CancelWait(ctx context.Context, id string) (Wait, error) {
	return Ask[Wait](ctx, t.c, Request{Method: http.MethodDelete, Path: t.at("waits", id)})
}

// moment writes a time as parameters have it; the zero time is none.
func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}
