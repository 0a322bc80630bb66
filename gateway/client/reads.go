package client

import (
	"context"
	"encoding/json"
	"net/http"
	"time"
)

// Check is one step of how a request was judged (SPEC-operations O1).
type Check struct {
	Step   string `json:"step"`
	OK     *bool  `json:"ok"` // nil: it was not judged, and Detail says why
	Detail string `json:"detail"`
}

// GivenRequest is a request whose fate is asked for; what is empty is the default.
type GivenRequest struct {
	Method string      `json:"method,omitempty"`
	Path   string      `json:"path,omitempty"` // with its query
	Header [][2]string `json:"headers,omitempty"`
	Body   string      `json:"body,omitempty"`
	Base64 []byte      `json:"body_base64,omitempty"` // in the place of Body
	Client string      `json:"client,omitempty"`
	Now    *time.Time  `json:"now,omitempty"`
}

// Explained is what would become of a request, and why.
type Explained struct {
	Outcome         string                     `json:"outcome"` // "": nobody knows, not all of it is kept
	Status          int                        `json:"status"`
	Checks          []Check                    `json:"checks"`
	Variables       map[string]json.RawMessage `json:"variables"`
	Match           string                     `json:"match"`
	Branch          string                     `json:"branch"`
	ConversationKey string                     `json:"conversation_key"`
	CallbackID      string                     `json:"callback_id"`
	WaitID          string                     `json:"wait_id"`
}

// Explain says what would become of a request to a source, and changes nothing.
func (t OfTenant) Explain(ctx context.Context, source string, g GivenRequest) (Explained, error) {
	return Ask[Explained](ctx, t.c, Request{Path: t.at("sources", source, "explain"), Body: g})
}

// ExplainRequest runs a request that is kept through today's configuration.
func (t OfTenant) ExplainRequest(ctx context.Context, id string) (Explained, error) {
	return Ask[Explained](ctx, t.c, Request{Method: http.MethodPost, Path: t.at("requests", id, "explain")})
}

// Line is one of a conversation's timeline, or one event of the stream.
type Line struct {
	At     time.Time       `json:"at"`
	Kind   string          `json:"kind"` // wait callback event delivery attempt call deed breaker config
	ID     string          `json:"id"`
	Tenant string          `json:"tenant"`           // in the stream
	Key    string          `json:"conversation_key"` // in the stream
	Text   json.RawMessage `json:"-"`                // all of it, as it came
}

// UnmarshalJSON keeps the whole text beside what all lines have.
func (l *Line) UnmarshalJSON(text []byte) error {
	type plain Line
	if err := json.Unmarshal(text, (*plain)(l)); err != nil {
		return err
	}
	l.Text = append(json.RawMessage(nil), text...)
	return nil
}

// Conversation gives the newest lines of a conversation's timeline, at most so many, in the
// order of time.
func (t OfTenant) Conversation(ctx context.Context, key string, most int) ([]Line, error) {
	var all []Line
	for line, err := range List[Line](ctx, t.c, t.at("conversations", key), nil, most) {
		if err != nil {
			return nil, err
		}
		all = append(all, line)
	}
	return all, nil
}

// Resume lets a restored hookgate send (SPEC-operations O6).
func (c *Client) Resume(ctx context.Context) error {
	_, err := Ask[json.RawMessage](ctx, c, Request{Method: http.MethodPost, Path: Path("v1", "resume")})
	return err
}

// Backup takes a backup: a tar, of which SHA256SUMS is the last entry where it is whole.
// With withKey the master key is in it. Who has read it closes its body.
func (c *Client) Backup(ctx context.Context, withKey bool) (*http.Response, error) {
	r := Request{Method: http.MethodPost, Path: Path("v1", "backup")}
	if withKey {
		r.Query = Query("with_key", "true")
	}
	return c.Open(ctx, r)
}
