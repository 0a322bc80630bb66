package directory

import (
	"time"

	"hookgate/auth/signature"
	"hookgate/gateway"
	"hookgate/gateway/mapping"
	"hookgate/metrics"
	"hookgate/retry"
	"hookgate/retry/breaker"
)

// SKELETON by the integrator: the members are agreed, the rest is the directory helper's.

// Webhook is one webhook, compiled.
type Webhook struct {
	ID      string
	Tenant  *Tenant
	Meta    gateway.Meta
	Spec    gateway.Webhook
	Enabled bool // its tenant is; if not, nothing below need be set
	Refused bool // it was stored, but does not compile any more

	Profile string
	Method  string
	// Templates is what url, query, headers and body look up in the body of the
	// request for a call, as it was written.
	Templates *mapping.Set
	URL       *mapping.Template
	Query     []TemplateField // by name
	Fields    []TemplateField // its own headers, by name
	Headers   []Header        // its auth, and the tenant's where nothing of its own has the name
	Body      *mapping.Body   // builder: nil for none
	Extra     gateway.Raw     // campaign: the further members of the body, a JSON object; nil: none
	Token     gateway.Secret  // chatbot: goes along as the query's token

	Signer   *signature.Signer
	Timeout  time.Duration // for all of a sync call
	Async    bool
	Continue bool
	Retry    retry.Policy
	Breaker  *breaker.Settings // nil: none
	Response *mapping.Program  // of the answer; its rules have no match
	Metrics  metrics.Webhook
}

// TemplateField is a header or query parameter whose value is rendered.
type TemplateField struct {
	Name  string
	Value *mapping.Template
}
