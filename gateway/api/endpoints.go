package api

import (
	"context"
	"encoding/json"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/edge"
	"hookgate/gateway/outbound"
	"hookgate/gateway/resources"
)

// Lanes is what the API needs of the lanes of endpoints: how they stand, and to hold
// them or let them go, in one commit with the lines of the audit that tell of it.
type Lanes interface {
	Status(tenant, endpoint string) (outbound.Status, error)
	// Rests tells until when nothing is sent to an endpoint; the zero Time: it does not rest.
	Rests(tenant, endpoint string) time.Time
	Pause(tenant, endpoint string, told ...gateway.AuditLine) error
	Resume(tenant, endpoint string, told ...gateway.AuditLine) error
	CloseBreaker(tenant, endpoint string, told ...gateway.AuditLine) error
}

// Proofs has endpoints prove that they know their token.
type Proofs interface {
	// Changed tells that an endpoint was written: a disablement is forgotten, and
	// what is to be proved is proved, within five seconds or else in the background.
	Changed(ctx context.Context, tenant, endpoint string) error
	Verify(ctx context.Context, tenant, endpoint string) error
}

// endpoints are the endpoints of tenants.
type endpoints struct {
	resources *resources.Endpoints
	lanes     Lanes
	proofs    Proofs
	replays   *replays
	publisher Publisher
}

// endpointView is an endpoint as it is shown: what is in force of what was
// written, and how it stands. Its secrets mask themselves.
type endpointView struct {
	gateway.Meta
	gateway.Endpoint
	Headers           any          `json:"headers"`
	Breaker           *breakerView `json:"breaker"`
	Verified          bool         `json:"verified"`
	VerificationError *string      `json:"verification_error"`
	Paused            bool         `json:"paused"`
	DisabledReason    *string      `json:"disabled_reason"`
	QueueDepth        int          `json:"queue_depth"`
	OldSecretsUntil   gateway.Time `json:"old_secrets_until"`
	SecretSetAt       gateway.Time `json:"secret_set_at"`
	// Secret and PublicKey are there in the one answer after they were made up.
	Secret    string `json:"secret,omitempty"`
	PublicKey string `json:"public_key,omitempty"`
}

type breakerView struct {
	gateway.Breaker
	State     string       `json:"state"`
	OpenUntil gateway.Time `json:"open_until"`
	LastProbe *probeView   `json:"last_probe"` // null: there was none
}

// probeView is the last request that a breaker let through while it was half-open.
type probeView struct {
	At      gateway.Time `json:"at"`
	Outcome string       `json:"outcome"` // succeeded, failed, undecided
}

func viewProbe(at time.Time, outcome string) *probeView {
	if at.IsZero() {
		return nil
	}
	return &probeView{gateway.At(at), outcome}
}

// viewEndpoint shows an endpoint that hookgate disabled as not enabled: written
// back, that is what it stays.
func viewEndpoint(e *directory.Endpoint, s outbound.Status, headers any) *endpointView {
	v := &endpointView{
		Meta: e.Meta, Endpoint: e.Effective(), Headers: headers,
		Verified: s.Verified, VerificationError: orNull(s.VerificationError), Paused: s.Paused,
		DisabledReason: orNull(s.DisabledReason), QueueDepth: s.Depth, OldSecretsUntil: timeOf(e.OldUntil), SecretSetAt: e.Meta.SecretSetAt,
	}
	if s.DisabledReason != "" {
		v.Enabled = new(false)
	}
	if b := v.Endpoint.Breaker; b != nil {
		v.Breaker = &breakerView{*b, s.Breaker, timeOf(s.OpenUntil), viewProbe(s.ProbedAt, s.Probed)}
	}
	return v
}

// ShowEndpoint gives an endpoint as the API shows it to a token that may not see
// headers: for the notice to the platform that it was disabled.
func ShowEndpoint(e *directory.Endpoint, s outbound.Status) (gateway.Raw, error) {
	headers := e.Spec.Headers
	if headers == nil {
		headers = gateway.Headers{}
	}
	return json.Marshal(viewEndpoint(e, s, headers))
}

// view shows an endpoint to the caller, as it stands now.
func (h *endpoints) view(c *call, e *directory.Endpoint) (*endpointView, error) {
	s, err := h.lanes.Status(e.Tenant.ID, e.ID)
	if err != nil {
		return nil, err
	}
	return viewEndpoint(e, s, c.viewHeaders(e.Spec.Headers)), nil
}

func (h *endpoints) show(c *call, status int, e *directory.Endpoint, made resources.Made) (answer, error) {
	v, err := h.view(c, e)
	if err != nil {
		return answer{}, err
	}
	v.Secret, v.PublicKey = made.Secret.Reveal(), made.PublicKey
	defer work(c)()
	tag(c, h.resources.ETag(e.Meta, &e.Spec))
	return show(status, v)
}

func (h *endpoints) list(c *call) (answer, error) {
	p, err := c.askedPage(gateway.IsName)
	if err != nil {
		return answer{}, err
	}
	return listPart(c, c.tenant.Endpoints(), p, func(e *directory.Endpoint) string { return e.ID },
		func(e *directory.Endpoint) (any, error) { return h.view(c, e) })
}

// endpointOf gives the endpoint of the path.
func endpointOf(c *call) (*directory.Endpoint, error) {
	if e := c.tenant.Endpoint(c.params.id); e != nil {
		return e, nil
	}
	return nil, errNoEndpoint
}

func (h *endpoints) get(c *call) (answer, error) {
	e, err := endpointOf(c)
	if err != nil {
		return answer{}, err
	}
	return h.show(c, 200, e, resources.Made{})
}

// maxHandshake bounds how long a call stays for a handshake: one of the lanes'
// attempts, and some time to write down how it went.
const maxHandshake = directory.MaxTimeout + 5*time.Second

func (h *endpoints) put(c *call) (answer, error) {
	body, err := write(c)
	if err != nil {
		return answer{}, err
	}
	if !c.by.Dry() { // a handshake may be made
		if err := c.stay(); err != nil {
			return answer{}, err
		}
	}
	e, made, created, err := h.resources.Put(c.by, c.params.tenant, c.params.id, body)
	if err != nil {
		return answer{}, err
	}
	if c.by.Dry() {
		return h.show(c, writtenStatus(c, created), e, made)
	}
	c.audit("an endpoint was written", "tenant", c.params.tenant, "endpoint", e.ID, "created", created, "secret_made", made.Secret != "")
	ctx, stop := context.WithTimeout(context.Background(), maxHandshake)
	defer stop()
	if err := h.proofs.Changed(ctx, c.params.tenant, e.ID); err != nil { // the endpoint is written all the same
		c.log.Warn("an endpoint was written, but its lane could not follow", "tenant", c.params.tenant, "endpoint", e.ID, "request_id", string(edge.RequestID(c.ctx)), "error", err)
	}
	return h.show(c, wrote(created), e, made)
}

func (h *endpoints) delete(c *call) (answer, error) {
	if err := h.resources.Delete(c.by, c.params.tenant, c.params.id); err != nil {
		return answer{}, err
	}
	c.audit("an endpoint was deleted", "tenant", c.params.tenant, "endpoint", c.params.id)
	return nothing, nil
}
