package main

// row says what one package of ours imports of the others. What is not listed is
// refused, and what is listed is used; never has the reason for those that somebody may
// want most.
type row struct {
	may   []string
	never map[string]string
}

const (
	noStore = "a way never sees a store: it declares the few methods it needs, and node hands them in"
	noWay   = "the ways know nothing of each other: node joins them"
	noOurs  = "the leaves are pure: they are handed plain values and functions"
)

// rows is the table of STYLE section 1, by folder.
var rows = map[string]row{
	"cmd/hookgate": {
		may: []string{"configs", "gateway", "gateway/client", "gateway/keeping", "gateway/node", "gateway/fields", "auth/signature"},
		never: map[string]string{
			"gateway/api":     "the command decides nothing: it reads the line and hands over to node, or asks the API over HTTP",
			"gateway/inbound": "the command decides nothing: it reads the line and hands over to node",
		},
	},
	"cmd/hookbench": {
		may:   []string{"gateway/gatewaytest/postgres"}, // it measures on a database of its own
		never: map[string]string{"gateway/node": "it is a stranger that measures over HTTP, as a user would"},
	},
	"configs/release": {
		never: map[string]string{"configs": "it packs what is there, and links nothing of it"},
	},
	"configs": {
		may:   []string{"gateway", "gateway/fields", "auth", "auth/token"},
		never: map[string]string{"gateway/node": "configuration starts nothing: node is given it"},
	},
	"gateway": {
		never: map[string]string{"metrics": "the words do no I/O and count nothing"},
	},
	"gateway/fields": {may: []string{"gateway"}},
	"gateway/client": {
		may:   []string{"gateway"},
		never: map[string]string{"gateway/api": "it is a stranger who asks over HTTP: programs of others import it, and must not bring a server along"},
	},
	"gateway/audit": {
		may:   []string{"gateway", "gateway/fields", "gateway/store", "auth"},
		never: map[string]string{"gateway/resources": "it is told what changed, and knows nothing of how", "auth/seal": "it is handed marks, and never a secret"},
	},
	"gateway/limits": {may: []string{"gateway", "gateway/directory"}},
	"gateway/store": {
		may:   []string{"gateway"},
		never: map[string]string{"gateway/store/pebblestore": "it says what is asked, of whichever store"},
	},
	"gateway/docs":   {may: []string{"gateway/markup"}, never: map[string]string{"gateway/api": "it is handed the description, and shows what stands there"}},
	"gateway/markup": {never: map[string]string{"gateway": "it makes pages of values, and knows nothing of what they say"}},
	"gateway/spec":   {never: map[string]string{"gateway": "pages, and nothing that runs"}},
	"gateway/shares": {never: map[string]string{"gateway": "it divides numbers among names, and knows nothing of what they count"}},
	"gateway/slots": {
		may:   []string{"gateway", "gateway/background"},
		never: map[string]string{"gateway/waiting": "it moves slots, and knows nothing of what is in them"},
	},
	"gateway/cluster": {
		may:   []string{"gateway", "gateway/background", "gateway/cluster/peers", "gateway/store"},
		never: map[string]string{"gateway/waiting": "it moves slots, and knows nothing of what is in them", "gateway/store/pgstore": "it is handed a store in which nodes see each other"},
	},
	"gateway/secure/securetest":       {},
	"gateway/transport/transporttest": {},
	"gateway/secure":                  {may: []string{"auth/signature"}, never: map[string]string{"gateway/transport": "it says how a connection is secured, and knows none"}},
	"gateway/process":                 {never: map[string]string{"gateway/cluster": "it knows processes, and nothing of what they own"}},
	"gateway/background":              {never: map[string]string{"gateway": "it knows goroutines and time, and nothing of what they work on"}},
	"gateway/wire":                    {never: map[string]string{"gateway": "bytes and nothing else: who reads them knows what they mean, and what to refuse"}},
	"gateway/edge": {
		may: []string{"gateway", "gateway/shares", "gateway/wire"},
		never: map[string]string{
			"gateway/inbound":           "what comes in over HTTP is the same for all: the edge knows no way",
			"gateway/store/pebblestore": "a request that is not well-formed must cost no I/O",
		},
	},
	"gateway/node": {
		may:   []string{"configs", "gateway", "gateway/api", "gateway/background", "gateway/cluster", "gateway/cluster/forward", "gateway/cluster/peers", "gateway/cluster/watching", "gateway/store", "gateway/store/copying", "gateway/calling", "gateway/directory", "gateway/docs", "gateway/edge", "gateway/fields", "gateway/inbound", "gateway/mapping", "gateway/outbound", "gateway/process", "gateway/proxy", "gateway/publishing", "gateway/requests", "gateway/resources", "gateway/secure", "gateway/server", "gateway/shares", "gateway/clock", "gateway/store/pebblestore", "gateway/store/pgstore", "gateway/transport", "gateway/waiting", "auth", "auth/seal", "auth/signature", "auth/token", "metrics", "retry", "retry/breaker", "gateway/keeping", "gateway/relayed", "gateway/jobs", "gateway/stats", "gateway/stream", "gateway/tracing", "gateway/changes", "gateway/storage", "gateway/console"},
		never: map[string]string{"cmd/hookgate": "the command is above it"},
	},
	"gateway/cluster/peers": {
		may:   []string{"gateway", "gateway/background", "gateway/edge", "gateway/shares"},
		never: map[string]string{"gateway/directory": "nodes ask each other, whatever it is"},
	},
	"gateway/cluster/forward": {
		may:   []string{"gateway", "gateway/background", "gateway/cluster/peers", "gateway/edge", "gateway/shares"},
		never: map[string]string{"gateway/api": "a request is passed on whole, and nobody looks what it asks for", "gateway/inbound": "a request is passed on whole, and nobody looks what it asks for"},
	},
	"gateway/cluster/watching": {
		may:   []string{"gateway", "gateway/background", "gateway/cluster/forward", "gateway/cluster/peers", "gateway/store/record"},
		never: map[string]string{"gateway/waiting": "it looks on at waits, whoever decides them: node hands in who does here"},
	},
	"gateway/server": {
		may: []string{"gateway", "gateway/edge", "gateway/shares"},
		never: map[string]string{
			"gateway/inbound":           "the server knows paths, not what is behind them: node hands in the handlers",
			"gateway/outbound":          "the server knows paths, not what is behind them: node hands in the handlers",
			"gateway/store/pebblestore": "only the ways keep anything, through what they declare",
		},
	},
	"gateway/inbound": {
		may: []string{"gateway", "gateway/tracing", "gateway/directory", "gateway/edge", "gateway/limits", "gateway/mapping", "gateway/requests", "gateway/shares", "gateway/waiting", "auth/signature", "gateway/respond"},
		never: map[string]string{
			"gateway/outbound":          noWay,
			"gateway/store/pebblestore": noStore,
		},
	},
	"gateway/respond": {
		may:   []string{"gateway", "gateway/fields", "gateway/mapping"},
		never: map[string]string{"gateway/directory": "it is an answer in words, whoever gives it: what is compiled holds it"},
	},
	"gateway/changes": {
		may:   []string{"gateway", "gateway/limits", "gateway/store"},
		never: map[string]string{"gateway/outbound": "it is told, and knows nothing of who tells", "gateway/store/pebblestore": noStore},
	},
	"gateway/stats": {
		may: []string{"gateway", "gateway/store"},
		never: map[string]string{
			"gateway/directory":         "it is told who lies above whom",
			"gateway/store/pebblestore": noStore,
		},
	},
	"gateway/storage": {
		may: []string{"gateway"},
		never: map[string]string{
			"gateway/directory":         "it is told who lies above whom",
			"gateway/store/pebblestore": noStore,
		},
	},
	"gateway/stream": {
		may: []string{"gateway"},
		never: map[string]string{
			"gateway/edge":      "it gives texts to whoever takes them, over whatever connection",
			"gateway/directory": "who may see what is asked of those who read",
		},
	},
	"gateway/requests": {
		may:   []string{"gateway", "gateway/wire", "auth/signature"},
		never: map[string]string{"gateway/directory": "it keeps what it is handed: nothing of a snapshot outlives it there"},
	},
	"gateway/keeping": {
		may: []string{"gateway"},
		never: map[string]string{
			"gateway/store/pebblestore": "it keeps files, whatever store they are of: node hands in what gives them",
			"gateway/edge":              "a backup is written to whoever reads it",
		},
	},
	"gateway/tracing": {
		may:   []string{"gateway"},
		never: map[string]string{"gateway/transport": "the collector is the operator's, as a database would be: the guard is for what tenants name", "gateway/edge": "it knows spans, and nothing of whose they are"},
	},
	"gateway/clock": {
		never: map[string]string{"gateway": "a clock tells the time, and nothing of what it is asked for"},
	},
	"gateway/waiting": {
		may: []string{"gateway", "gateway/directory", "gateway/fields", "gateway/shares", "gateway/slots", "gateway/store", "gateway/mapping"},
		never: map[string]string{
			"gateway/inbound":           "a wait must be testable without HTTP: inbound calls it, never the other way",
			"gateway/outbound":          noWay,
			"gateway/edge":              "a wait must be testable without HTTP",
			"gateway/store/pebblestore": noStore,
		},
	},
	"gateway/transport": {
		may: []string{"gateway/secure", "gateway/shares", "gateway/wire"},
		never: map[string]string{
			"gateway/outbound": "everything that goes out passes here: events, calls and handshakes must be alike to it",
			"gateway":          "everything that goes out passes here: it knows requests, not events or calls",
		},
	},
	"gateway/outbound": {
		may: []string{"gateway", "gateway/tracing", "gateway/directory", "gateway/secure", "gateway/shares", "gateway/slots", "gateway/background", "gateway/relayed", "gateway/transport", "retry", "retry/breaker", "auth/signature"},
		never: map[string]string{
			"gateway/inbound":           noWay,
			"gateway/waiting":           noWay,
			"gateway/publishing":        "lanes see what is durable, whoever published it",
			"gateway/store/pebblestore": noStore,
		},
	},
	"gateway/jobs": {
		may: []string{"gateway", "gateway/shares", "gateway/store"},
		never: map[string]string{
			"gateway/outbound":          "it counts and paces: what sends again is handed in",
			"gateway/store/pebblestore": noStore,
		},
	},
	"gateway/publishing": {
		may: []string{"gateway", "gateway/directory", "gateway/fields", "gateway/shares", "gateway/limits", "gateway/mapping", "gateway/relayed"},
		never: map[string]string{
			"gateway/inbound":           noWay,
			"gateway/waiting":           noWay,
			"gateway/outbound":          "any node may publish: who owns the lanes is told by a function",
			"gateway/transport":         "what is published is sent by who owns its lane",
			"gateway/store/pebblestore": noStore,
		},
	},
	"gateway/relayed": {
		may:   []string{"gateway", "gateway/transport"},
		never: map[string]string{"auth/seal": "it is the form of what is sealed, whoever seals it"},
	},
	"gateway/calling": {
		may: []string{"gateway", "gateway/tracing", "gateway/directory", "gateway/fields", "gateway/shares", "gateway/slots", "gateway/background", "gateway/limits", "gateway/mapping", "gateway/transport", "auth/signature", "retry", "retry/breaker"},
		never: map[string]string{
			"gateway/inbound":           noWay,
			"gateway/waiting":           noWay,
			"gateway/outbound":          noWay,
			"gateway/store/pebblestore": noStore,
		},
	},
	"gateway/proxy": {
		may: []string{"gateway", "gateway/tracing", "gateway/directory", "gateway/edge", "gateway/limits", "gateway/mapping", "gateway/requests", "gateway/transport", "gateway/wire", "retry/breaker", "auth/signature", "gateway/respond"},
		never: map[string]string{
			"gateway/inbound":           noWay,
			"gateway/outbound":          noWay,
			"gateway/store/pebblestore": noStore,
		},
	},
	"gateway/mapping": {
		may:   []string{"gateway", "gateway/mapping/charset", "gateway/mapping/jinja", "gateway/mapping/jsonpath", "gateway/mapping/pattern", "gateway/mapping/rawjson", "gateway/mapping/work"},
		never: map[string]string{"gateway/transport": "paths and templates run on what strangers wrote: they get no I/O of any kind"},
	},
	"gateway/mapping/jsonpath": {
		may:   []string{"gateway", "gateway/mapping/pattern", "gateway/mapping/rawjson", "gateway/mapping/work"},
		never: map[string]string{"gateway/transport": "paths run on what strangers wrote: they get no I/O of any kind"},
	},
	"gateway/mapping/pattern": {
		may:   []string{"gateway/mapping/work"},
		never: map[string]string{"gateway": "an expression knows nothing of what its texts are"},
	},
	"gateway/mapping/rawjson": {
		may:   []string{"gateway/mapping/work"},
		never: map[string]string{"gateway": "it reads JSON, and knows nothing of what that means"},
	},
	"gateway/mapping/work": {
		may:   []string{"gateway/shares"},
		never: map[string]string{"gateway": "it counts, and knows nothing of what it counts for"},
	},
	"gateway/mapping/charset": {
		never: map[string]string{"gateway": "it turns bytes into text, and knows nothing of callbacks"},
	},
	"gateway/mapping/jinja": {
		may: []string{"gateway/mapping/rawjson"},
		never: map[string]string{
			"gateway":           "a language knows nothing of what it is used for",
			"gateway/transport": "templates run on what strangers wrote: they get no I/O of any kind",
		},
	},
	"gateway/directory": {
		// retry/breaker for its settings alone: a breaker outlives every snapshot.
		may: []string{"gateway", "gateway/fields", "gateway/mapping", "gateway/respond", "gateway/secure", "gateway/shares", "auth", "auth/token", "auth/signature", "metrics", "retry", "retry/breaker"},
		never: map[string]string{
			"gateway/store/pebblestore": "a snapshot is compiled from what it is given",
		},
	},
	"gateway/resources": {
		may: []string{"gateway", "gateway/shares", "gateway/audit", "gateway/directory", "gateway/fields", "gateway/secure", "auth", "auth/seal", "auth/token", "metrics"},
		never: map[string]string{
			"gateway/edge":              "what a PUT does must not depend on HTTP: the file and the API go the same way",
			"gateway/store/pebblestore": noStore,
		},
	},
	"gateway/api": {
		// calling, waiting, publishing and outbound for the types in the interfaces that it declares.
		may: []string{"gateway", "gateway/cluster", "gateway/directory", "gateway/store", "gateway/fields", "gateway/shares", "gateway/calling", "gateway/edge", "gateway/requests", "gateway/resources", "gateway/waiting", "gateway/mapping", "gateway/publishing", "gateway/outbound", "auth", "auth/token", "gateway/keeping", "gateway/audit", "gateway/proxy", "gateway/stats", "gateway/stream", "gateway/tracing"},
		never: map[string]string{
			"gateway/inbound":           "management and callbacks are on two listeners: neither may reach the other",
			"gateway/store/pebblestore": noStore,
			"gateway/server":            "its handlers return errors: server turns them into problems",
		},
	},
	"gateway/console": {
		// api and resources for the types of what it is handed; signature for the names that a form proposes.
		may: []string{"gateway", "gateway/api", "gateway/audit", "gateway/edge", "gateway/fields", "gateway/limits", "gateway/markup", "gateway/resources", "auth", "auth/signature"},
		never: map[string]string{
			"gateway/store/pebblestore": "it shows what the API answers, and looks past it nowhere",
			"gateway/store":             "it shows what the API answers, and looks past it nowhere",
		},
	},
	"gateway/store/record": {
		may:   []string{"gateway"},
		never: map[string]string{"gateway/store/pebblestore": "what is kept of a thing is the same in every store"},
	},
	"gateway/store/handy": {
		may:   []string{"gateway"},
		never: map[string]string{"gateway/store/pebblestore": "what is at hand is the same in every store"},
	},
	"gateway/store/gate": {never: map[string]string{"gateway": "it counts who is inside, of whatever"}},
	"gateway/store/pebblestore": {
		may: []string{"gateway", "gateway/store", "gateway/store/gate", "gateway/store/handy", "gateway/store/record"},
		never: map[string]string{
			"gateway/waiting":  "a store meets the ways' interfaces by its methods alone: it knows none of them",
			"gateway/outbound": "a store meets the ways' interfaces by its methods alone: it knows none of them",
			"gateway/inbound":  "a store meets the ways' interfaces by its methods alone: it knows none of them",
		},
	},
	"gateway/store/pgstore": {
		may: []string{"gateway", "gateway/store", "gateway/store/gate", "gateway/store/handy", "gateway/store/record"},
		never: map[string]string{
			"gateway/waiting":           "a store meets the ways' interfaces by its methods alone: it knows none of them",
			"gateway/outbound":          "a store meets the ways' interfaces by its methods alone: it knows none of them",
			"gateway/inbound":           "a store meets the ways' interfaces by its methods alone: it knows none of them",
			"gateway/store/pebblestore": "what both stores share is in store/record",
		},
	},
	"gateway/store/copying": {
		may:   []string{"gateway/store"},
		never: map[string]string{"gateway/store/pebblestore": "it copies from any store to any other", "gateway/store/pgstore": "it copies from any store to any other"},
	},
	"gateway/store/storetest": {
		may:   []string{"gateway", "gateway/store", "gateway/store/copying", "gateway/calling", "gateway/jobs", "gateway/waiting", "gateway/outbound", "gateway/publishing", "gateway/resources", "gateway/stats", "gateway/changes"},
		never: map[string]string{"gateway/store/pebblestore": "the suite holds every store to the same: it knows no concrete one"},
	},
	// Nobody's row lists the test kit, but for hookbench, which starts the same database: only tests import it.
	"gateway/gatewaytest":          {may: []string{"gateway"}},
	"gateway/mapping/jsontest":     {may: []string{"gateway"}},
	"gateway/gatewaytest/postgres": {never: map[string]string{"gateway": "it starts a database, whoever uses it"}},
	"gateway/gatewaytest/program":  {never: map[string]string{"gateway": "it knows the program from outside: what SPEC fixes"}},
	"gateway/gatewaytest/promises": {may: []string{"gateway", "gateway/gatewaytest"}},
	"auth":                         {never: map[string]string{"gateway": "auth points at nothing of ours: it must be readable, and reviewable, alone"}},
	"auth/token":                   {may: []string{"auth"}},
	"auth/seal":                    {never: map[string]string{"gateway": "sealing must be reviewable alone"}},
	"auth/signature":               {never: map[string]string{"gateway": "a scheme is checked against its documentation alone, without the gateway"}},
	"retry":                        {never: map[string]string{"gateway": "decisions are pure: no clock, no I/O, nothing of ours"}},
	"retry/breaker": {
		never: map[string]string{"gateway": noOurs, "metrics": noOurs},
	},
	"metrics": {never: map[string]string{"gateway": "whoever counts hands in plain words: metrics points at nothing of ours"}},
}

// library is a module of others, the packages of ours that import it, and why no
// other does. What is not listed is refused, and what is listed is used.
type library struct {
	path   string // the module, without its major version
	in     []string
	reason string
}

var libraries = []library{
	{"github.com/valyala/fasthttp", []string{"gateway/api", "gateway/cluster/forward", "gateway/cluster/peers", "gateway/console", "gateway/docs", "gateway/edge", "gateway/inbound", "gateway/node", "gateway/proxy", "gateway/server", "cmd/hookbench", "cmd/hookgate"},
		"it reuses a request's memory after the handler: it shows only where HTTP comes in or goes out"},
	{"github.com/jackc/pgx", []string{"gateway/store/pgstore"}, "no type of the driver leaves its package: one machine keeps things elsewhere"},
	{"github.com/chromedp", []string{"cmd/hookbench"}, "a browser is driven by tests, and where pages are measured"},
	{"github.com/cockroachdb/pebble", []string{"gateway/store/pebblestore"}, "no Pebble type leaves its package: a cluster will keep things elsewhere"},
	{"github.com/prometheus/client_golang", []string{"metrics", "gateway/node"}, "metrics alone knows how they are kept; node counts on what it holds"},
	{"github.com/prometheus/common", []string{"metrics"}, "metrics alone knows how they are written"},
	{"github.com/prometheus/client_model", []string{"metrics"}, "metrics alone knows how they are written"},
	{"github.com/klauspost/compress", []string{"metrics"}, "of what goes out only a scrape is so large, and so much alike, that it is worth it"},
	{"github.com/sony/gobreaker", []string{"retry/breaker"}, "what it cannot do (restore, remember until when) is made up for in one place"},
	{"code.dny.dev/ssrf", []string{"gateway/transport"}, "there is one guarded way out"},
	{"github.com/goccy/go-yaml", []string{"configs", "gateway/docs"}, "YAML is for the file, and what describes the API"},
	{"github.com/caarlos0/env", []string{"configs"}, "the environment is read in one place"},
	{"github.com/spf13/cobra", []string{"cmd/hookgate", "cmd/hookbench"}, "the command line is read in one place"},
	{"github.com/spf13/pflag", []string{"cmd/hookbench", "cmd/hookgate"}, "the command line is read in one place"},
	{"github.com/dgraph-io/ristretto", []string{"gateway/waiting"},
		"it may drop what it was given: only for what can be computed again, never for waits, dedupe or breakers"},
	{"github.com/tidwall/gjson", []string{"cmd/hookgate", "auth/signature", "gateway/api", "gateway/calling", "gateway/fields", "gateway/mapping/jinja", "gateway/resources", "gateway/waiting"},
		"it takes what is no JSON without a word: only where the text was checked before"},
	{"github.com/oklog/ulid", []string{"gateway", "gateway/store/record", "gateway/store/pebblestore"}, "ids are made in one place; the store knows the time in them"},
	{"golang.org/x/term", []string{"cmd/hookgate"}, "who looks on is known to the command line alone"},
	{"golang.org/x/time", []string{"gateway/limits"}, "buckets are kept in one place"},
	{"golang.org/x/sys", []string{"gateway/edge", "gateway/proxy", "gateway/server", "cmd/hookbench"}, "what is asked of the system is asked at the edge"},
	{"golang.org/x/text", []string{"gateway/mapping/jinja", "auth/signature"}, "letters of all languages are for templates, and for a provider that normalises its secrets"},
	{"go.opentelemetry.io/otel", []string{"gateway/tracing"}, "spans are made in one place, which is off where nobody takes them"},
	{"go.opentelemetry.io/proto/otlp", []string{"gateway/tracing"}, "what goes to the collector is written in one place"},
	{"google.golang.org/protobuf", []string{"gateway/tracing"}, "what goes to the collector is written in one place"},
	{"pgregory.net/rapid", []string{"gateway/mapping/jsontest"}, "what draws at random is for tests"},
}
