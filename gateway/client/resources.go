package client

import (
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"net/url"
	"time"

	"hookgate/gateway"
)

// Tenant is a tenant as it stands (SPEC 4). Its secrets read gateway.Masked, as those of
// all that is read; written back so, they stay what they are.
type Tenant struct {
	gateway.Meta
	gateway.Tenant
	Disabled bool `json:"disabled"` // it left the configuration file
}

// Source is a source as it stands (SPEC 5).
type Source struct {
	gateway.Meta
	gateway.Source
	URL         string       `json:"url,omitempty"` // where callbacks are sent, where public.url is set
	SecretSetAt gateway.Time `json:"secret_set_at"` // zero: nobody knows
}

// Endpoint is an endpoint as it stands (SPEC 7), the defaults in force put in.
type Endpoint struct {
	gateway.Meta
	gateway.Endpoint
	Verified          bool         `json:"verified"`
	VerificationError *string      `json:"verification_error"`
	Paused            bool         `json:"paused"`
	DisabledReason    *string      `json:"disabled_reason"`
	QueueDepth        int          `json:"queue_depth"` // deliveries that have not ended
	OldSecretsUntil   gateway.Time `json:"old_secrets_until"`
	SecretSetAt       gateway.Time `json:"secret_set_at"` // zero: nobody knows
	// Secret and PublicKey are there in the one answer after they were made up.
	MadeSecret gateway.Secret `json:"secret,omitempty"`
	PublicKey  string         `json:"public_key,omitempty"`
}

// Webhook is a webhook as it stands (SPEC 8).
type Webhook struct {
	gateway.Meta
	gateway.Webhook
	Error *string `json:"error,omitempty"` // of the profile chatbot: what the last call failed with
}

// Resources are the configurations of one kind: T is how one is shown, S how it is written.
type Resources[T, S any] struct {
	c    *Client
	path []string
}

// Tenants are those that the token reaches.
func (c *Client) Tenants() Resources[Tenant, gateway.Tenant] {
	return Resources[Tenant, gateway.Tenant]{c, []string{"v1", "tenants"}}
}

// Sources are those of a tenant.
func (t OfTenant) Sources() Resources[Source, gateway.Source] {
	return Resources[Source, gateway.Source]{t.c, []string{"v1", "tenants", t.id, "sources"}}
}

// Endpoints are those of a tenant.
func (t OfTenant) Endpoints() Resources[Endpoint, gateway.Endpoint] {
	return Resources[Endpoint, gateway.Endpoint]{t.c, []string{"v1", "tenants", t.id, "endpoints"}}
}

// Webhooks are those of a tenant.
func (t OfTenant) Webhooks() Resources[Webhook, gateway.Webhook] {
	return Resources[Webhook, gateway.Webhook]{t.c, []string{"v1", "tenants", t.id, "webhooks"}}
}

func (r Resources[T, S]) at(id string) string {
	return Path(append(r.path[:len(r.path):len(r.path)], id)...)
}

// All lists them by id.
func (r Resources[T, S]) All(ctx context.Context) iter.Seq2[T, error] {
	return List[T](ctx, r.c, Path(r.path...), nil, 0)
}

// Get reads one. The tag tells this version from others, secrets counted: a Put or Delete
// that names it does nothing to another one.
func (r Resources[T, S]) Get(ctx context.Context, id string) (one T, tag string, err error) {
	one, header, err := ask[T](ctx, r.c, Request{Path: r.at(id)})
	return one, header.Get("ETag"), err
}

// Put creates or replaces one. With a tag it replaces that version alone, or with TagOfNone nothing,
// else the error is of gateway.CodeChangedMeanwhile; "" is whatever is there.
func (r Resources[T, S]) Put(ctx context.Context, id string, spec S, tag string) (T, error) {
	return Ask[T](ctx, r.c, Request{Method: http.MethodPut, Path: r.at(id), Body: spec, Header: ifMatch(tag)})
}

// Delete removes one, with a tag that version alone.
func (r Resources[T, S]) Delete(ctx context.Context, id, tag string) error {
	return r.c.Remove(ctx, r.at(id), tag)
}

// Remove deletes what stands at a path, with a tag that version alone. Where an answer was
// lost and it is gone then, it was removed.
func (c *Client) Remove(ctx context.Context, path, tag string) error {
	lost := false
	return c.retried(ctx, Request{Method: http.MethodDelete, Path: path, Header: ifMatch(tag)}, func(r *ready) error {
		response, err := c.send(ctx, r)
		if err == nil {
			return response.Body.Close()
		}
		if lost && IsCode(err, gateway.CodeNotFound) {
			return nil
		}
		if _, answered := err.(*Problem); !answered {
			lost = true
		}
		return err
	})
}

func ifMatch(tag string) http.Header {
	switch tag {
	case "":
		return nil
	case TagOfNone:
		return http.Header{"If-None-Match": {"*"}}
	}
	return http.Header{"If-Match": {tag}}
}

// TagOfNone is the tag of what is not there yet: nothing is written over.
const TagOfNone = "*"

// Token is a token of the internal API, without its text (SPEC 14).
type Token struct {
	ID        string     `json:"id"`
	Scope     string     `json:"scope"` // admin, platform, tenant
	Tenant    string     `json:"tenant"`
	Name      string     `json:"name"`
	ManagedBy string     `json:"managed_by"`
	CreatedAt time.Time  `json:"created_at"`
	ExpiresAt *time.Time `json:"expires_at"` // nil: never
	LastUsed  *time.Time `json:"last_used_at"`
}

// NewToken is what a token is to be.
type NewToken struct {
	Scope     string     `json:"scope"`
	Tenant    string     `json:"tenant,omitempty"` // for the scope tenant
	Name      string     `json:"name,omitempty"`
	ExpiresAt *time.Time `json:"expires_at,omitempty"`
}

// MakeToken makes a token; its text is told this once.
func (c *Client) MakeToken(ctx context.Context, t NewToken) (made Token, text gateway.Secret, err error) {
	answer, err := Ask[struct {
		Token
		Text gateway.Secret `json:"token"`
	}](ctx, c, Request{Path: Path("v1", "tokens"), Body: t})
	return answer.Token, answer.Text, err
}

// Tokens lists those that the API made.
func (c *Client) Tokens(ctx context.Context) iter.Seq2[Token, error] {
	return List[Token](ctx, c, Path("v1", "tokens"), nil, 0)
}

// DeleteToken revokes a token: it is refused from now on.
func (c *Client) DeleteToken(ctx context.Context, id string) error {
	return c.Remove(ctx, Path("v1", "tokens", id), "")
}

// GetRaw reads what stands at a path as it is shown, with its tag, where it has one.
func (c *Client) GetRaw(ctx context.Context, path string, query url.Values) (text json.RawMessage, tag string, err error) {
	text, header, err := ask[json.RawMessage](ctx, c, Request{Path: path, Query: query})
	return text, header.Get("ETag"), err
}

// PutRaw writes what stands at a path, with a tag that version alone, and gives what it is
// then, with its tag.
func (c *Client) PutRaw(ctx context.Context, path string, query url.Values, spec any, tag string) (text json.RawMessage, now string, err error) {
	text, header, err := ask[json.RawMessage](ctx, c, Request{Method: http.MethodPut, Path: path, Query: query, Body: spec, Header: ifMatch(tag)})
	return text, header.Get("ETag"), err
}
