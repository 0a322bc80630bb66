package configs

import (
	"crypto/sha256"
	"time"

	"hookgate/gateway"
)

// Config is the whole configuration (SPEC 11): what the file says, on top of it
// the environment, on top of that the flags. What takes a restart is tagged so: see
// restart.go.
type Config struct {
	Public   Public   `json:"public"`
	Internal Internal `json:"internal" takes:"restart"`
	Console  Console  `json:"console" takes:"restart"`
	Store    Store    `json:"store" takes:"restart"`
	Cluster  Cluster  `json:"cluster" takes:"restart"`
	Egress   Egress   `json:"egress"`
	Log      Log      `json:"log" takes:"restart"`
	Bounds   Bounds   `json:"bounds" takes:"restart"`
	Requests Requests `json:"requests" takes:"restart"`
	Backup   Backup   `json:"backup" takes:"restart"`
	Audit    Audit    `json:"audit" takes:"restart"`
	Otel     Otel     `json:"otel" takes:"restart"`
	Drain    Drain    `json:"drain" takes:"restart"`
	Tokens   []Token  `json:"tokens"`
	Tenants  Tenants  `json:"tenants"`
	Routes   Routes   `json:"routes"`

	// AdminToken is HOOKGATE_ADMIN_TOKEN: the admin token while it is set.
	AdminToken gateway.Secret `json:"-"`
	// MasterKey is HOOKGATE_MASTER_KEY: "", or 32 bytes in base64. See Key.
	MasterKey gateway.Secret `json:"-"`

	file *document // where everything stands; nil without a file
	// set has the flag or variable by which a place got its value, in place of the file.
	set     map[string]string
	unknown []gateway.Fault // see UnknownVariables
	inputs  *inputs         // what the file took from elsewhere
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

// InternalTLS is TLS on the internal listener.
type InternalTLS struct {
	Cert string `json:"cert"`
	Key  string `json:"key"`
	// ClientCA is a file of authorities, in PEM: without a certificate of theirs nobody is
	// let in; "": none is asked for.
	ClientCA string `json:"client_ca"`
}

// Internal is the listener for everything else.
type Internal struct {
	Addr        string           `json:"addr"`
	TLS         InternalTLS      `json:"tls"`
	IdleTimeout gateway.Duration `json:"idle_timeout"` // of a kept connection, for its next request
}

// Console is where people look at the gateway (SPEC-console C5).
type Console struct {
	Addr string `json:"addr"` // of a listener of its own; "": the internal one answers for it
	URL  string `json:"url"`  // base of links to it; "": the address of its listener
	// TrustedProxies are those whose word counts that a browser came by https.
	TrustedProxies []Network `json:"trusted_proxies"`
	// Redact are the places in bodies and variables whose values it hides.
	Redact []string `json:"redact"`
}

// Store is where what was promised is kept.
type Store struct {
	Driver string `json:"driver"` // pebble: a folder of this machine; postgres: a database, for any number of nodes
	Dir    string `json:"dir"`    // pebble: the data folder, made when it is not there

	// Of postgres. URL names the database as libpq does, several hosts and all; URLFile is a
	// file that holds it, in its place, read again at each connect.
	URL         gateway.Secret `json:"url"`
	URLFile     string         `json:"url_file"`
	Schema      string         `json:"schema"`      // where all tables are: two schemas are two clusters
	Connections int            `json:"connections"` // of one node, at most
	// MigrateURL is that of the schema's owner, for hookgate migrate; "": URL is.
	MigrateURL gateway.Secret `json:"migrate_url"`
}

// Drivers of stores.
const (
	DriverPebble   = "pebble"
	DriverPostgres = "postgres"
)

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
	Contexts     gateway.Size `json:"contexts"`      // contexts of open waits, and their aliases
	Parked       gateway.Size `json:"parked"`        // memory for callbacks that came before their waits
	Calls        int          `json:"calls"`         // pending calls
	WaitedCalls  int          `json:"waited_calls"`  // calls whose callers wait for the end
	CallRequests gateway.Size `json:"call_requests"` // requests of both, and what is rendered for them
	CallAnswers  gateway.Size `json:"call_answers"`  // memory for what backends answer, where it is large
	Holds        int          `json:"holds"`         // requests that stay: holders of waits, callers, writers whose endpoint proves itself
	Streams      int          `json:"streams"`       // readers of the stream
	Fetches      int          `json:"fetches"`       // key sets that are fetched at once
	Windows      int          `json:"windows"`       // places of deliveries in memory
	Attempts     gateway.Size `json:"attempts"`      // memory for attempts of deliveries with large events
	Connections  int          `json:"connections"`   // to targets, kept for their next requests
	Sessions     gateway.Size `json:"sessions"`      // memory for sessions of TLS with targets
	Publish      int          `json:"publish"`       // deliveries that one publish may make
	Publishing   int          `json:"publishing"`    // deliveries that publishes under way make, where each makes many
	// Configuration is what a tenant and all in its tree may keep by their own tokens.
	Configuration gateway.Size `json:"configuration"`
	VariablesMax  gateway.Size `json:"variables_max"` // mapped variables of one callback or call
	Pattern       int          `json:"pattern"`       // instructions of one compiled pattern
	// Mapping is how much CPU mapping and matching of one callback or answer may take.
	Mapping gateway.Duration `json:"mapping"`
}

// Requests says how many of the newest public requests are kept in memory, for those who
// ask why one did not arrive (SPEC-operations O1).
type Requests struct {
	PerSource int          `json:"per_source"` // of one source or route
	Memory    gateway.Size `json:"memory"`     // of all
}

// Backup says how POST /v1/backup reads the data folder.
type Backup struct {
	Rate gateway.Size `json:"rate"` // bytes a second; 0: as fast as it goes
}

// Audit is how long it is told who changed what, and how much of it (SPEC-operations O5).
type Audit struct {
	Retention gateway.Duration `json:"retention"`
	// Daily is what the tokens of a tenant and of all in its tree may have written of it in
	// a day: over it they change no more.
	Daily gateway.Size `json:"daily"`
}

// Drain is how SIGTERM ends the process. In the file a duration alone is the timeout.
type Drain struct {
	Timeout gateway.Duration `json:"timeout" fields:"alone"` // how long what is in flight may take to finish
	// Delay is how long before that everything goes on being served, and /readyz says 503:
	// for balancers to notice. On a database it is ClusterDelay where the file does not say it.
	Delay gateway.Duration `json:"delay"`
}

// Otel says where spans go, by OTLP over HTTP (SPEC-operations O4).
type Otel struct {
	Endpoint    string          `json:"endpoint"` // the base of the collector's URL; "": nowhere, and none are made
	Headers     gateway.Headers `json:"headers"`
	Sample      float64         `json:"sample"` // which part of the traces that begin here, 0 to 1
	ServiceName string          `json:"service_name"`
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

	digest Digest
}

// Digest is of all that a part of the file says, with what it takes from the environment
// and from files. The zero Digest is of what nobody knows whether it is as it was.
type Digest [sha256.Size]byte

// Digest is equal for tenants of one id that say the same.
func (t *Tenant) Digest() Digest { return t.digest }

// Bounds of what the configuration may say.
const (
	MaxPerSource             = 10_000           // requests of one source or route
	MinRequests, MaxRequests = 1 << 20, 4 << 30 // bytes of all
	MaxMaxBody               = 16 << 20         // bytes, as for a source (gateway/directory)
	MaxDrain                 = 10 * time.Minute // a supervisor kills long before; of both, timeout and delay
	ClusterDelay             = 3 * time.Second  // drain.delay of one node of several, as the default (SPEC-cluster K5)
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
		Store:    Store{Driver: DriverPebble, Dir: "./hookgate-data", Schema: "hookgate", Connections: 8},
		Log:      Log{Level: "info", Format: "json"},
		Bounds: Bounds{
			Bodies: 128 << 20, Answers: 64 << 20, ListAnswer: 8 << 20, Waits: 200_000, Contexts: 128 << 20, Parked: 32 << 20,
			Calls: 1024, WaitedCalls: 4096, CallRequests: 64 << 20, CallAnswers: 128 << 20, Holds: 65536, Streams: 1000, Fetches: 256, Windows: 1_000_000, Attempts: 128 << 20, Connections: 4096, Sessions: 64 << 20, Publish: 100_000, Publishing: 400_000, VariablesMax: 1 << 20, Pattern: 1000, Configuration: 32 << 20,
			Mapping: gateway.Duration(50 * time.Millisecond),
		},
		Requests: Requests{PerSource: 200, Memory: 64 << 20},
		Backup:   Backup{Rate: 32 << 20},
		Audit:    Audit{Retention: gateway.Duration(90 * 24 * time.Hour), Daily: 8 << 20},
		Otel:     Otel{Sample: 1, ServiceName: "hookgate"},
		Drain:    Drain{Timeout: gateway.Duration(15 * time.Second)},
	}
}
