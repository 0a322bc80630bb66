package configs

import (
	"time"

	"hookgate/gateway"
)

// Config is the whole configuration (SPEC 11): what the file says, on top of it
// the environment, on top of that the flags. What takes a restart is tagged so: see
// restart.go.
type Config struct {
	Public   Public           `json:"public"`
	Internal Internal         `json:"internal" takes:"restart"`
	Store    Store            `json:"store" takes:"restart"`
	Egress   Egress           `json:"egress"`
	Log      Log              `json:"log" takes:"restart"`
	Bounds   Bounds           `json:"bounds" takes:"restart"`
	Drain    gateway.Duration `json:"drain" takes:"restart"` // how long SIGTERM lets what is in flight finish
	Tokens   []Token          `json:"tokens"`
	Tenants  Tenants          `json:"tenants"`
	Routes   Routes           `json:"routes"`

	// AdminToken is HOOKGATE_ADMIN_TOKEN: the admin token while it is set.
	AdminToken gateway.Secret `json:"-"`
	// MasterKey is HOOKGATE_MASTER_KEY: "", or 32 bytes in base64. See Key.
	MasterKey gateway.Secret `json:"-"`

	file *document // where everything stands; nil without a file
	// set has the flag or variable by which a place got its value, in place of the file.
	set     map[string]string
	unknown []gateway.Fault // see UnknownVariables
}

// Tenants are the tenants of the file, by their ids.
type Tenants map[string]Tenant

// Routes are the routes by their ids (SPEC 9).
type Routes map[string]gateway.Route

// Public is the listener for sources and routes.
type Public struct {
	Addr           string           `json:"addr" takes:"restart"`
	URL            string           `json:"url" takes:"restart"` // base of the URLs that are given out, as normalURL gives it; "": what was called
	TLS            TLS              `json:"tls" takes:"restart"`
	MaxBody        gateway.Size     `json:"max_body" takes:"restart"`     // for sources and routes that set none
	TrustedProxies []Network        `json:"trusted_proxies"`              // whose X-Forwarded fields, and Forwarded, are believed
	IdleTimeout    gateway.Duration `json:"idle_timeout" takes:"restart"` // of a kept connection, for its next request
	ReadTimeout    gateway.Duration `json:"read_timeout" takes:"restart"` // for the head of a request, and the start of its body
}

// TLS names the files of a certificate and its key; both or none.
type TLS struct {
	Cert string `json:"cert"`
	Key  string `json:"key"`
}

// Internal is the listener for everything else.
type Internal struct {
	Addr        string           `json:"addr"`
	IdleTimeout gateway.Duration `json:"idle_timeout"` // of a kept connection, for its next request
}

// Store is where what was promised is kept.
type Store struct {
	Driver   string `json:"driver"`   // pebble; nats comes with the cluster
	Dir      string `json:"dir"`      // pebble: the data folder, made when it is not there
	URL      string `json:"url"`      // nats
	Replicas int    `json:"replicas"` // nats
}

// Egress says where outbound requests may go beyond public addresses (SPEC 10).
type Egress struct {
	Allow []Network `json:"allow"` // networks that are reached all the same, on any port
	Ports []int     `json:"ports"` // in place of 80, 443, 8080, 8443
	// CA is in PEM: further authorities, for all targets but those with a tls.ca of their
	// own. CAFile is a file in its place.
	CA     string      `json:"ca"`
	CAFile string      `json:"ca_file"`
	Proxy  EgressProxy `json:"proxy"`
}

// EgressProxy makes a tunnel, by HTTP CONNECT, to each target that is not reached
// directly (SPEC 15).
type EgressProxy struct {
	URL     gateway.Secret `json:"url"`      // http or https, with user and password for it; "": no proxy
	NoProxy []string       `json:"no_proxy"` // names, .name for all below it, addresses, networks, *
	Resolve string         `json:"resolve"`  // "": names are looked up here, and their addresses judged; proxy: by it
}

// Log says how much is logged to standard error, and in which form.
type Log struct {
	Level  string `json:"level"`  // debug, info, warn, error
	Format string `json:"format"` // json, text
}

// Bounds are what one process has of anything that somebody else could use up (SPEC
// 16). What is shared among tenants and clients: see gateway/shares.
type Bounds struct {
	Bodies       gateway.Size `json:"bodies"`        // memory for request bodies in flight, on each listener
	Answers      gateway.Size `json:"answers"`       // memory for answers of lists and reads
	ListAnswer   gateway.Size `json:"list_answer"`   // one answer of a list
	Waits        int          `json:"waits"`         // open waits
	Contexts     gateway.Size `json:"contexts"`      // contexts of open waits
	Calls        int          `json:"calls"`         // pending calls
	WaitedCalls  int          `json:"waited_calls"`  // calls whose callers wait for the end
	CallRequests gateway.Size `json:"call_requests"` // requests of both
	Holds        int          `json:"holds"`         // requests that stay: holders of waits, callers, writers whose endpoint proves itself
	Windows      int          `json:"windows"`       // places of deliveries in memory
	Attempts     gateway.Size `json:"attempts"`      // memory for attempts of deliveries with large events
	Publish      int          `json:"publish"`       // deliveries that one publish may make
	Publishing   int          `json:"publishing"`    // deliveries that publishes under way make, where each makes many
	// Configuration is what a tenant and all in its tree may keep by their own tokens.
	Configuration gateway.Size `json:"configuration"`
	VariablesMax  gateway.Size `json:"variables_max"` // mapped variables of one callback or call
	Pattern       int          `json:"pattern"`       // instructions of one compiled pattern
	// Mapping is how much CPU mapping and matching of one callback or answer may take.
	Mapping gateway.Duration `json:"mapping"`
}

// Token is a token of the internal API that the operator chose (SPEC 14).
type Token struct {
	Scope  string         `json:"scope"`  // admin, platform, tenant
	Tenant string         `json:"tenant"` // for scope tenant
	Name   string         `json:"name"`
	Secret gateway.Secret `json:"secret"` // 16 characters or more
}

// Tenant is a tenant with all that belongs to it.
type Tenant struct {
	gateway.Tenant
	Sources   map[string]gateway.Source   `json:"sources"`
	Endpoints map[string]gateway.Endpoint `json:"endpoints"`
	Webhooks  map[string]gateway.Webhook  `json:"webhooks"`
}

// Bounds of what the configuration may say.
const (
	MaxMaxBody = 16 << 20         // bytes, as for a source (gateway/directory)
	MaxDrain   = 10 * time.Minute // a supervisor kills long before
	// The least and the most of time-outs of connections.
	MinConnTimeout, MaxConnTimeout = 100 * time.Millisecond, time.Hour
)

// Default is the configuration of a start without a file.
func Default() *Config {
	return &Config{
		Public: Public{
			Addr: ":8080", MaxBody: 1 << 20, IdleTimeout: gateway.Duration(75 * time.Second), ReadTimeout: gateway.Duration(10 * time.Second),
		},
		Internal: Internal{Addr: "127.0.0.1:8081", IdleTimeout: gateway.Duration(75 * time.Second)},
		Store:    Store{Driver: "pebble", Dir: "./hookgate-data"},
		Log:      Log{Level: "info", Format: "json"},
		Bounds: Bounds{
			Bodies: 128 << 20, Answers: 64 << 20, ListAnswer: 8 << 20, Waits: 1_000_000, Contexts: 128 << 20,
			Calls: 1024, WaitedCalls: 4096, CallRequests: 64 << 20, Holds: 65536, Windows: 1_000_000, Attempts: 128 << 20, Publish: 100_000, Publishing: 400_000, VariablesMax: 1 << 20, Pattern: 1000, Configuration: 32 << 20,
			Mapping: gateway.Duration(50 * time.Millisecond),
		},
		Drain: gateway.Duration(15 * time.Second),
	}
}
