package gateway

// Who manages a resource: the configuration file, or the API.
const (
	ManagedByFile = "file"
	ManagedByAPI  = "api"
)

// Meta is what hookgate itself knows of a resource. These members are read-only:
// a PUT that carries them is taken, and they are left out of account.
type Meta struct {
	ID        string `json:"id"`
	ManagedBy string `json:"managed_by"`
	CreatedAt Time   `json:"created_at"`
	UpdatedAt Time   `json:"updated_at"`
	// SecretSetAt is since when a source or an endpoint has the secrets of its signature;
	// zero: it has none, or the file has it, or they are older than this is kept.
	SecretSetAt Time `json:"-"`
}

// Tenant is a customer of the platform (SPEC 4).
type Tenant struct {
	Name        string    `json:"name"`
	Parent      string    `json:"parent"` // the agency above it, or ""
	AccountKeys []string  `json:"account_keys"`
	Headers     Headers   `json:"headers"` // on every outbound request made for the tenant
	Limits      Limits    `json:"limits"`
	Retention   Retention `json:"retention"`
	Platform    *Platform `json:"platform"`
}

// Limits bound what one tenant and all below it may use; nil is no limit. Over one:
// 429. Of Children nil is DefaultChildren, which binds tenants' tokens alone. Of Endpoints
// nil is DefaultEndpoints of its own. Over one of these two: 422.
type Limits struct {
	CallbacksPerSecond *Rate `json:"callbacks_per_second"`
	EventsPerSecond    *Rate `json:"events_per_second"`
	CallsPerSecond     *Rate `json:"calls_per_second"`
	WaitsOpen          *int  `json:"waits_open"`
	Children           *int  `json:"children"`  // tenants below it, theirs included, when a tenant's token makes one more
	Storage            *Size `json:"storage"`   // bytes on the disk, of all that is kept
	Endpoints          *int  `json:"endpoints"` // those of the configuration file count, and are never refused
}

// DefaultChildren is how many tenants may lie below one whose limits do not say
// (SPEC 16).
const DefaultChildren = 100

// DefaultEndpoints is how many endpoints a tenant may have whose limits do not say.
const DefaultEndpoints = 10_000

// Retention is how long what has ended is kept: events and deliveries from
// their acceptance, dead letters from their death. Defaults: 7d, 7d, 30d.
type Retention struct {
	Events     *Duration `json:"events"`
	Deliveries *Duration `json:"deliveries"`
	Dead       *Duration `json:"dead"`
}

// Platform is the platform's own address for outcomes: the platform endpoint.
type Platform struct {
	URL     string    `json:"url"`
	Auth    Auth      `json:"auth"`
	Sign    Sign      `json:"sign"`
	Headers Headers   `json:"headers"`
	Timeout *Duration `json:"timeout"` // for one attempt; default 15s, at most 60s
	Retry   *Retry    `json:"retry"`
}

// PlatformEndpoint is the name under which deliveries to the platform endpoint
// are listed (SPEC 8).
const PlatformEndpoint = "_platform"

// Auth is how an outbound request says who sends it.
type Auth struct {
	Type     string `json:"type"` // none, basic, bearer, header
	Username string `json:"username,omitempty"`
	Password Secret `json:"password,omitempty"`
	Token    Secret `json:"token,omitempty"`
	Name     string `json:"name,omitempty"`
	Value    Secret `json:"value,omitempty"`
}

// Sign is how an outbound request proves that it is ours (SPEC 7).
type Sign struct {
	Type            string   `json:"type"` // standard, hmac, none
	Secrets         []Secret `json:"secrets,omitempty"`
	Header          string   `json:"header,omitempty"`
	Algorithm       string   `json:"algorithm,omitempty"`
	Encoding        string   `json:"encoding,omitempty"`
	Prefix          string   `json:"prefix,omitempty"`
	Signed          string   `json:"signed,omitempty"`
	TimestampHeader string   `json:"timestamp_header,omitempty"`
	TimestampUnit   string   `json:"timestamp_unit,omitempty"` // s (default), ms, us, iso
	Format          string   `json:"format,omitempty"`         // of a header that has both time and signature
}

// Retry is how often and how soon a failed delivery is tried again: either a
// schedule (the pause before the second attempt, the third …) or a growing
// pause (SPEC 7). An empty schedule that is written out is one attempt.
type Retry struct {
	Schedule    *[]Duration `json:"schedule"`
	Initial     *Duration   `json:"initial"`
	Max         *Duration   `json:"max"`
	Multiplier  *float64    `json:"multiplier"`
	MaxAttempts *int        `json:"max_attempts"`
	MaxAge      *Duration   `json:"max_age"`
	Jitter      *float64    `json:"jitter"` // random part each way: 0.2 is ±20 %
	Never       []Status    `json:"never"`  // what is not retried: 400, "4xx", "tls"
}
