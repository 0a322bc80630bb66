package api_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"hookgate/auth/seal"
	"hookgate/gateway"
	"hookgate/gateway/api"
	"hookgate/gateway/calling"
	"hookgate/gateway/cluster"
	"hookgate/gateway/directory"
	"hookgate/gateway/edge"
	"hookgate/gateway/jobs"
	"hookgate/gateway/mapping"
	"hookgate/gateway/outbound"
	"hookgate/gateway/publishing"
	"hookgate/gateway/requests"
	"hookgate/gateway/resources"
	"hookgate/gateway/shares"
	"hookgate/gateway/stats"
	"hookgate/gateway/store/pebblestore"
	"hookgate/gateway/stream"
	"hookgate/gateway/transport"
	"hookgate/gateway/waiting"
	"hookgate/metrics"
)

const adminToken = "the admin token of the tests"

// kit is the API on loopback over the real store, waits and edge.
type kit struct {
	t         *testing.T
	url       string
	store     *pebblestore.Store
	waits     *waiting.Sessions
	sender    *transport.Transport
	lanes     *outbound.Lanes
	jobs      *jobs.Jobs
	publisher *publishing.Publisher
	kept      *requests.Keeper
	calls     *calling.Calls
	failed    chan string // what a chatbot's webhook is known to fail with
	here      *directory.Directory
	api       *api.API
	failures  counter
	opened    opened
	holds     *shares.Budget
	stats     *stats.Stats
	stream    *stream.Stream // closed: it ends as soon as it has begun
	reload    error          // what the next reload comes to
	restarts  []string
	numbers   int // that were given out: see next
	mu        sync.Mutex
	logs      bytes.Buffer
}

// history puts into the kit what has happened before a test looks.
type history struct{ *kit }

type counter struct {
	mu sync.Mutex
	n  int
}

func (c *counter) Inc()       { c.mu.Lock(); defer c.mu.Unlock(); c.n++ }
func (c *counter) count() int { c.mu.Lock(); defer c.mu.Unlock(); return c.n }

// Write makes the kit the place of its logs.
func (k *kit) Write(line []byte) (int, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.logs.Write(line)
}

func (k *kit) logged() string { k.mu.Lock(); defer k.mu.Unlock(); return k.logs.String() }

// opened is told when a wait is registered.
type opened chan struct{}

func (o opened) open(_ string, delta int) {
	if delta > 0 {
		o <- struct{}{}
	}
}

// newKit makes the API; set may change its options.
func newKit(t *testing.T, set ...func(*api.Options)) *kit {
	k := &kit{t: t, stream: stream.New(nil), holds: shares.New(1000), here: directory.New(), opened: make(opened, 100), failed: make(chan string, 100)}
	log := slog.New(slog.NewJSONHandler(k, &slog.HandlerOptions{Level: slog.LevelDebug}))
	var err error
	k.stream.Close()
	k.kept = requests.New(requests.Options{})
	k.store, err = pebblestore.Open(pebblestore.Options{
		Dir: "data", FS: vfs.NewMem(), Logger: slog.New(slog.DiscardHandler),
		DiskUsage: func() (uint64, uint64, error) { return 1 << 40, 1 << 41, nil },
	})
	k.must(err)
	t.Cleanup(func() { k.must(k.store.Close()) })
	k.waits = waiting.New(waiting.Options{
		Ledger: k.store, Archive: k.store, Recovery: k.store, Observer: waiting.Observer{Open: k.opened.open}, Above: k.here.Above,
		Holder: func(tenant string) shares.Holder {
			if t := k.here.Current().Tenant(tenant); t != nil {
				return k.here.Current().Holder(t)
			}
			return shares.Tenant(tenant)
		},
		Source: func(tenant, id string) *directory.Source { return k.here.Current().Tenant(tenant).Source(id) },
	})
	k.stats = stats.New(stats.Options{Store: k.store, Above: history{k}.above})
	k.must(k.waits.Acquire(gateway.AllSlots()))
	t.Cleanup(k.waits.Close)
	key, err := seal.ParseKey(base64.StdEncoding.EncodeToString(make([]byte, 32)))
	k.must(err)
	k.carry(log)
	res, err := resources.Open(resources.Options{
		Store: k.store, Directory: k.here, Metrics: metrics.New("test"), Sealer: seal.New(key), AdminToken: adminToken,
		Log: log, OnTenantDeleted: k.waits.Forget, OnEndpointDeleted: func(tenant, endpoint string) { k.must(k.lanes.Dropped(tenant, endpoint)) },
		OnWebhookDeleted: func(tenant, webhook string) { k.calls.Dropped(tenant, webhook) },
	})
	k.must(err)
	t.Cleanup(res.Close)
	k.jobs = jobs.New(jobs.Options{Store: k.store, Lanes: k.lanes, Log: log})
	k.jobs.Start()
	t.Cleanup(k.jobs.Close)
	k.call(log, res)
	k.must(res.SetFile(resources.File{
		Tenants: map[string]directory.FileTenant{"filed": {
			Sources:   map[string]gateway.Source{"s": {Verify: gateway.Verify{Type: "none"}}},
			Endpoints: map[string]gateway.Endpoint{"e": {URL: "https://crm.example.com/"}},
			Webhooks:  map[string]gateway.Webhook{"w": {URL: "https://crm.example.com/"}},
		}},
		Routes: map[string]gateway.Route{"bot": {
			Match: gateway.RouteMatch{Path: "/bot"}, Mode: gateway.ModeProxy, Upstreams: []gateway.Upstream{{URL: "http://bot.example.com:8080"}},
			Headers: gateway.RouteHeaders{Set: gateway.Headers{{Name: "X-Bot", Value: "canary-route"}}},
		}},
		Compile: directory.Options{MaxBody: 1 << 20, CheckURL: transport.Egress{}.CheckURL, CheckHeader: transport.CheckHeader},
	}))
	o := api.Options{
		Directory: k.here, Resources: res, Waits: k.waits, Ends: k.waits, Timelines: k.waits, Calls: k.calls, Lanes: k.lanes, Proofs: k.lanes, Pulls: k.lanes, Hand: k.lanes, Jobs: k.jobs,
		Events: k.store, Names: k.store, Deliveries: k.store, Told: k.store, Changes: k.store, Watcher: edge.NewWatcher(), PublicURL: "https://hooks.example.com",
		Publisher: k.publisher, Streams: k.stream, Statistics: k.stats, Requests: k.kept, Explainer: explainer{}, Trier: explainer{}, Upstreams: explainer{}, Whither: explainer{}, Settings: explainer{}, Info: explainer{}.info, Logins: res.Logins, Console: func() string { return "https://console.example.com" },
		Reload: func() ([]string, error) { return k.restarts, k.reload }, AuthFailures: &k.failures, Log: log, Holds: k.holds,
		Backups: k.backups(), Nodes: alone, Resume: func() (bool, error) { return false, nil },
	}
	for _, s := range set {
		s(&o)
	}
	k.api = api.New(o)
	k.serve(k.api)
	return k
}

// alone is one node, with all slots.
var alone = cluster.Alone{
	Say: func() cluster.Self {
		return cluster.Self{Address: "127.0.0.1:8081", Version: "test", Since: time.Date(2026, 3, 14, 0, 0, 0, 0, time.UTC), Digest: "0011223344556677"}
	},
}

// above gives the tenants above one.
func (k history) above(tenant string) (above []string, known bool) {
	s := k.here.Current()
	t := s.Tenant(tenant)
	if t == nil {
		return nil, false
	}
	for _, a := range s.Above(t) {
		above = append(above, a.ID)
	}
	return above, true
}

// carry starts the lanes, which may reach loopback.
func (k *kit) carry(log *slog.Logger) {
	k.sender = transport.New(transport.Options{Egress: transport.Egress{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}})
	k.t.Cleanup(k.sender.Close)
	k.lanes = outbound.New(outbound.Options{
		Backlog: k.store, Statuses: k.store, Archive: k.store, Firm: k.store.Firm, Announce: func(p *gateway.Publication) error { return k.publisher.Announce(p) }, Sender: k.sender, Version: "test", Logger: log,
		Targets: func(tenant, endpoint string) *outbound.Target {
			t := k.here.Current().Tenant(tenant)
			switch {
			case t == nil:
				return nil
			case endpoint == gateway.PlatformEndpoint:
				return outbound.PlatformTarget(t.Platform)
			}
			return outbound.EndpointTarget(t.Endpoint(endpoint))
		},
	})
	k.publisher = publishing.New(publishing.Options{Store: k.store, Learner: k.waits, Wake: k.lanes.Wake, WakeMany: k.lanes.WakeMany})
	k.must(k.lanes.Acquire(gateway.AllSlots()))
	k.t.Cleanup(func() {
		ctx, stop := context.WithTimeout(context.Background(), 10*time.Second)
		defer stop()
		k.must(k.lanes.Drain(ctx))
	})
}

// call makes calls, which may reach loopback too.
func (k *kit) call(log *slog.Logger, res *resources.Resources) {
	k.calls = calling.New(calling.Options{
		Sender: k.sender, Store: k.store, Waits: k.waits, Version: "test", Log: log, Above: k.here.Above,
		CheckURL: func(url string) error { return k.sender.CheckURL(url, false) },
		Webhook: func(tenant, webhook string) *directory.Webhook {
			if t := k.here.Current().Tenant(tenant); t != nil {
				return t.Webhook(webhook)
			}
			return nil
		},
		Observer: calling.Observer{Noticed: k.lanes.Wake, Failed: func(tenant, webhook, text string) {
			if err := res.Webhooks.SetError(tenant, webhook, text); err != nil {
				k.t.Error(err)
			}
			k.failed <- text
		}},
	})
	k.must(k.calls.Acquire(gateway.AllSlots()))
	k.t.Cleanup(func() {
		ctx, stop := context.WithTimeout(context.Background(), 10*time.Second)
		defer stop()
		k.must(k.calls.Drain(ctx))
	})
}

// settled waits until it is known how a chatbot's webhook failed last.
func (k *kit) settled(want string) {
	k.t.Helper()
	for {
		select {
		case text := <-k.failed:
			if text == want {
				return
			}
		case <-time.After(10 * time.Second):
			k.t.Fatalf("it is not known to fail with %q", want)
		}
	}
}

// serve answers on loopback, behind the strict pass, as the internal listener does.
func (k *kit) serve(a *api.API) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	k.must(err)
	limits := &edge.Limits{Inside: true, Grace: 10 * time.Second, Rate: 1 << 10, Body: func([]byte, []byte, []byte) int64 { return 16 << 20 }}
	settings := edge.Settings{
		Handler: a.Handler, Limits: limits, ReadTimeout: 10 * time.Second, IdleTimeout: 10 * time.Second, ReduceMemory: true,
		Logger:   log.New(io.Discard, "", 0), // it tells of clients that leave, as some here do
		Observer: edge.Observer{Panicked: func(_ string, value any, stack []byte) { k.t.Errorf("a handler panicked: %v\n%s", value, stack) }},
	}
	server := settings.Server()
	done := make(chan error, 1)
	edged := settings.Listener(narrow{ln})
	go func() { done <- server.Serve(edged) }()
	k.url = "http://" + ln.Addr().String()
	k.t.Cleanup(func() {
		k.waits.Drain() // or a held call would keep the server
		k.must(server.Shutdown())
		k.must(edged.Close()) // it may not have been served yet: then no shutdown ends it
		k.must(<-done)
	})
}

// narrow is a listener whose sockets buffer little of an answer that nobody reads: by themselves
// they may let it grow to tens of MiB.
type narrow struct{ net.Listener }

const socketBuffer = 128 << 10

func (n narrow) Accept() (net.Conn, error) {
	c, err := n.Listener.Accept()
	if tcp, is := c.(*net.TCPConn); is {
		err = tcp.SetWriteBuffer(socketBuffer)
	}
	return c, err
}

func (k *kit) must(err error) {
	k.t.Helper()
	if err != nil {
		k.t.Fatal(err)
	}
}

// got is an answer.
type got struct {
	status int
	header http.Header
	text   string
	body   map[string]any // nil unless a JSON object
}

func (g got) code() string {
	code, _ := g.body["code"].(string)
	return code
}

func (g got) str(member string) string {
	s, _ := g.body[member].(string)
	return s
}

// paths lists where a problem finds faults.
func (g got) paths() (all []string) {
	list, _ := g.body["errors"].([]any)
	for _, one := range list {
		if fault, ok := one.(map[string]any); ok {
			path, _ := fault["path"].(string)
			all = append(all, path)
		}
	}
	return all
}

// faults lists the faults of a problem.
func (g got) faults() (all []string) {
	var problem struct{ Errors []gateway.Fault }
	_ = json.Unmarshal([]byte(g.text), &problem) // of another answer there are none
	for _, fault := range problem.Errors {
		all = append(all, fault.String())
	}
	return all
}

func (k *kit) as(token, method, path, body string, header ...string) got {
	k.t.Helper()
	answer, err := k.try(token, method, path, body, header...)
	k.must(err)
	return answer
}

func (k *kit) try(token, method, path, body string, header ...string) (g got, err error) {
	g, whole, err := k.exchange(token, method, path, body, header...)
	if err != nil {
		return g, err
	}
	if fault := driven.answered(method, path, got{status: g.status, header: g.header, text: whole}); fault != nil {
		k.t.Error(fault)
	}
	return g, nil
}

// exchange makes a call whose answer is not held to the description: that takes eight times as
// long. whole is the text with the request's id, which g has not.
func (k *kit) exchange(token, method, path, body string, header ...string) (g got, whole string, err error) {
	r, err := http.NewRequest(method, k.url+path, strings.NewReader(body))
	if err != nil {
		return g, "", err
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return g, "", err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	id := answer.Header.Get("X-Request-Id") // every answer has one, and a problem says it again (O4)
	told := strings.Contains(string(text), `,"request_id":"`+id+`"`)
	if isProblem := answer.Header.Get("Content-Type") == edge.ProblemType; id == "" || isProblem && !told {
		k.t.Errorf("%s %s: the answer %q is to the request %q", method, path, text, id)
	}
	plain := strings.Replace(string(text), `,"request_id":"`+id+`"`, "", 1) // so that equal problems are equal
	g = got{status: answer.StatusCode, header: answer.Header, text: plain}
	if json.Valid(text) {
		_ = json.Unmarshal(text, &g.body) // a list leaves it nil
	}
	return g, string(text), err
}

func (k *kit) do(method, path, body string, header ...string) got {
	k.t.Helper()
	return k.as(adminToken, method, path, body, header...)
}

// want makes a call as the admin that must have the status.
func (k *kit) want(status int, method, path, body string, header ...string) got {
	k.t.Helper()
	g := k.do(method, path, body, header...)
	if g.status != status {
		k.t.Fatalf("%s %s %s: status %d, want %d: %s", method, path, body, g.status, status, g.text)
	}
	return g
}

// token makes a token of the API.
func (k *kit) token(scope, tenant string) string {
	k.t.Helper()
	body, err := json.Marshal(map[string]string{"scope": scope, "tenant": tenant, "name": "test"})
	k.must(err)
	return k.want(201, "POST", "/v1/tokens", string(body)).str("token")
}

const (
	v1Acme   = "/v1/tenants/acme"
	payments = `{"verify": {"type": "stripe", "secrets": ["canary-stripe"]}, "variables": [{"name": "amount", "path": "amount"}]}`
)

// withAcme makes the tenant acme with the source payments.
func withAcme(t *testing.T, set ...func(*api.Options)) *kit {
	k := newKit(t, set...)
	k.want(201, "PUT", v1Acme, `{"name": "Acme", "headers": {"X-Auth": "canary-header"}}`)
	k.want(201, "PUT", v1Acme+"/sources/payments", payments)
	return k
}

// callback hands a JSON callback for a key to the source payments.
func (k *kit) callback(key, body string) waiting.Taken {
	k.t.Helper()
	source := k.here.Current().Tenant("acme").Source("payments")
	doc, err := mapping.Parse("application/json", []byte(body))
	k.must(err)
	var values mapping.Values
	source.Plan.Set.Read(&doc, &values)
	now := time.Now()
	taken, err := k.waits.Take(&waiting.Callback{
		Source: source, Key: key, Mark: gateway.NewMarkKey(gateway.MarkBody, []byte(key), []byte(body)),
		Taken: gateway.TakenCallback{
			ID: gateway.NewID(gateway.PrefixCallback, now), ReceivedAt: gateway.At(now).Time,
			ContentType: "application/json", Body: gateway.Raw(body),
		},
		Received: waiting.Received{Document: &doc, Values: &values, Keeper: bare{}},
	})
	k.must(err)
	return taken
}

// bare is a callback without header fields and query.
type bare struct{}

func (bare) Keep() ([]gateway.HeaderField, string) { return nil, "" }

// cursorOf gives the cursor that a list would give out for a place.
func cursorOf(place string) string { return base64.RawURLEncoding.EncodeToString([]byte(place)) }
