package node

import (
	"encoding/json"
	"io"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"hookgate/auth/token"
	"hookgate/configs"
	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/gatewaytest/program"
)

// parsed reads a value of the configuration as it is written.
func parsed[T any](text string) (v T) {
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		panic(err)
	}
	return v
}

// reloads has every key of the file: a change of it, and for one that a reload takes
// what then is otherwise.
var reloads = map[string]struct {
	change func(*configs.Config)
	shown  func(*Node) bool // nil: it takes a restart
}{
	"public.addr":     {change: func(c *configs.Config) { c.Public.Addr = "127.0.0.1:1" }},
	"public.url":      {change: func(c *configs.Config) { c.Public.URL = "https://hooks.example.com" }},
	"public.tls.cert": {change: func(c *configs.Config) { c.Public.TLS.Cert = "cert.pem" }},
	"public.tls.key":  {change: func(c *configs.Config) { c.Public.TLS.Key = "key.pem" }},
	"public.max_body": {change: func(c *configs.Config) { c.Public.MaxBody++ }},
	"public.trusted_proxies": {
		change: func(c *configs.Config) { c.Public.TrustedProxies = parsed[[]configs.Network](`["192.0.2.0/24"]`) },
		shown:  func(n *Node) bool { return n.proxy.Trusts(netip.MustParseAddr("192.0.2.7")) },
	},
	"public.idle_timeout":   {change: func(c *configs.Config) { c.Public.IdleTimeout++ }},
	"public.read_timeout":   {change: func(c *configs.Config) { c.Public.ReadTimeout++ }},
	"internal.idle_timeout": {change: func(c *configs.Config) { c.Internal.IdleTimeout++ }},

	"internal.addr":     {change: func(c *configs.Config) { c.Internal.Addr = "127.0.0.1:1" }},
	"store.driver":      {change: func(c *configs.Config) { c.Store.Driver = configs.DriverPostgres }},
	"store.dir":         {change: func(c *configs.Config) { c.Store.Dir += "2" }},
	"store.url":         {change: func(c *configs.Config) { c.Store.URL = "postgres://127.0.0.1" }},
	"store.url_file":    {change: func(c *configs.Config) { c.Store.URLFile = "database" }},
	"store.schema":      {change: func(c *configs.Config) { c.Store.Schema += "2" }},
	"store.connections": {change: func(c *configs.Config) { c.Store.Connections++ }},
	"store.migrate_url": {change: func(c *configs.Config) { c.Store.MigrateURL = "postgres://127.0.0.1" }},
	"cluster.advertise": {change: func(c *configs.Config) { c.Cluster.Advertise = "10.0.0.7:8081" }},
	"cluster.secret":    {change: func(c *configs.Config) { c.Cluster.Secret = "another" }},
	"cluster.secrets":   {change: func(c *configs.Config) { c.Cluster.Secrets = []gateway.Secret{"another"} }},
	"cluster.listen":    {change: func(c *configs.Config) { c.Cluster.Listen = "127.0.0.1:1" }},
	"egress.allow": {
		change: func(c *configs.Config) { c.Egress.Allow = parsed[[]configs.Network](`["192.0.2.0/24"]`) },
		shown:  func(n *Node) bool { return n.transport.CheckURL("http://bot.internal", false) == nil },
	},
	"egress.ports": {
		change: func(c *configs.Config) { c.Egress.Ports = []int{9999} },
		shown:  func(n *Node) bool { return n.transport.CheckURL("http://bot.example.com:9999", false) == nil },
	},
	"egress.ca": {
		change: func(c *configs.Config) { c.Egress.CA = outside.authorities[0].PEM },
		shown:  func(n *Node) bool { return outside.reached(n, outside.secured[0]) },
	},
	"egress.ca_file": { // it stands for egress.ca when the file is read
		change: func(c *configs.Config) { c.Egress.CA = outside.authorities[1].PEM },
		shown:  func(n *Node) bool { return outside.reached(n, outside.secured[1]) },
	},
	"egress.proxy.url": {
		change: func(c *configs.Config) { c.Egress.Proxy.URL = gateway.Secret(outside.proxy.URL) },
		shown:  func(n *Node) bool { return outside.reached(n, outside.plain) && len(outside.proxy.Asked()) == 1 },
	},
	"egress.proxy.no_proxy": {
		change: func(c *configs.Config) {
			c.Egress.Proxy = configs.EgressProxy{URL: gateway.Secret(outside.proxy.URL), NoProxy: []string{"127.0.0.1"}}
		},
		shown: func(n *Node) bool {
			return outside.reached(n, outside.plain) && len(outside.proxy.Asked()) == 0 && outside.reached(n, outside.behind)
		},
	},
	"egress.proxy.resolve": {
		change: func(c *configs.Config) {
			c.Egress.Proxy = configs.EgressProxy{URL: gateway.Secret(outside.proxy.URL), Resolve: "proxy"}
		},
		shown: func(n *Node) bool { return outside.reached(n, "http://receiver.test") },
	},
	"log.level":               {change: func(c *configs.Config) { c.Log.Level = "debug" }},
	"log.format":              {change: func(c *configs.Config) { c.Log.Format = "text" }},
	"bounds.bodies":           {change: func(c *configs.Config) { c.Bounds.Bodies++ }},
	"bounds.answers":          {change: func(c *configs.Config) { c.Bounds.Answers++ }},
	"bounds.list_answer":      {change: func(c *configs.Config) { c.Bounds.ListAnswer++ }},
	"bounds.waits":            {change: func(c *configs.Config) { c.Bounds.Waits++ }},
	"bounds.contexts":         {change: func(c *configs.Config) { c.Bounds.Contexts++ }},
	"bounds.calls":            {change: func(c *configs.Config) { c.Bounds.Calls++ }},
	"bounds.waited_calls":     {change: func(c *configs.Config) { c.Bounds.WaitedCalls++ }},
	"bounds.call_requests":    {change: func(c *configs.Config) { c.Bounds.CallRequests++ }},
	"bounds.holds":            {change: func(c *configs.Config) { c.Bounds.Holds++ }},
	"bounds.streams":          {change: func(c *configs.Config) { c.Bounds.Streams++ }},
	"bounds.fetches":          {change: func(c *configs.Config) { c.Bounds.Fetches++ }},
	"bounds.parked":           {change: func(c *configs.Config) { c.Bounds.Parked++ }},
	"bounds.windows":          {change: func(c *configs.Config) { c.Bounds.Windows++ }},
	"bounds.call_answers":     {change: func(c *configs.Config) { c.Bounds.CallAnswers++ }},
	"bounds.attempts":         {change: func(c *configs.Config) { c.Bounds.Attempts++ }},
	"bounds.connections":      {change: func(c *configs.Config) { c.Bounds.Connections++ }},
	"bounds.sessions":         {change: func(c *configs.Config) { c.Bounds.Sessions++ }},
	"bounds.publish":          {change: func(c *configs.Config) { c.Bounds.Publish++ }},
	"bounds.publishing":       {change: func(c *configs.Config) { c.Bounds.Publishing++ }},
	"bounds.configuration":    {change: func(c *configs.Config) { c.Bounds.Configuration++ }},
	"bounds.variables_max":    {change: func(c *configs.Config) { c.Bounds.VariablesMax++ }},
	"bounds.pattern":          {change: func(c *configs.Config) { c.Bounds.Pattern++ }},
	"bounds.mapping":          {change: func(c *configs.Config) { c.Bounds.Mapping++ }},
	"backup.rate":             {change: func(c *configs.Config) { c.Backup.Rate++ }},
	"audit.retention":         {change: func(c *configs.Config) { c.Audit.Retention++ }},
	"audit.daily":             {change: func(c *configs.Config) { c.Audit.Daily++ }},
	"requests.per_source":     {change: func(c *configs.Config) { c.Requests.PerSource++ }},
	"requests.memory":         {change: func(c *configs.Config) { c.Requests.Memory++ }},
	"drain.timeout":           {change: func(c *configs.Config) { c.Drain.Timeout++ }},
	"drain.delay":             {change: func(c *configs.Config) { c.Drain.Delay++ }},
	"internal.tls.cert":       {change: func(c *configs.Config) { c.Internal.TLS.Cert += "x" }},
	"internal.tls.key":        {change: func(c *configs.Config) { c.Internal.TLS.Key += "x" }},
	"internal.tls.client_ca":  {change: func(c *configs.Config) { c.Internal.TLS.ClientCA += "x" }},
	"otel.endpoint":           {change: func(c *configs.Config) { c.Otel.Endpoint = "http://127.0.0.1:4318" }},
	"otel.headers":            {change: func(c *configs.Config) { c.Otel.Headers = gateway.Headers{{Name: "api-key", Value: "k"}} }},
	"otel.sample":             {change: func(c *configs.Config) { c.Otel.Sample = 0.5 }},
	"console.addr":            {change: func(c *configs.Config) { c.Console.Addr = "127.0.0.1:0" }},
	"console.url":             {change: func(c *configs.Config) { c.Console.URL = "https://console.example.com" }},
	"console.trusted_proxies": {change: func(c *configs.Config) { c.Console.TrustedProxies = parsed[[]configs.Network](`["192.0.2.0/24"]`) }},
	"console.redact":          {change: func(c *configs.Config) { c.Console.Redact = append(c.Console.Redact, "iban") }},
	"otel.service_name":       {change: func(c *configs.Config) { c.Otel.ServiceName = "edge" }},
	"tokens": {
		change: func(c *configs.Config) {
			c.Tokens = []configs.Token{{Scope: "platform", Secret: "a-token-of-the-file"}}
		},
		shown: func(n *Node) bool {
			_, known := n.directory.Current().Token(token.Hash("a-token-of-the-file"))
			return known
		},
	},
	"tenants": {
		change: func(c *configs.Config) { c.Tenants = configs.Tenants{"acme": {}} },
		shown:  func(n *Node) bool { t := n.directory.Current().Tenant("acme"); return t != nil && !t.Disabled },
	},
	"routes": {
		change: func(c *configs.Config) {
			c.Routes = parsed[configs.Routes](`{"bot": {"match": {"path": "/bot/*"}, "mode": "proxy", "upstreams": [{"url": "http://127.0.0.1:1"}]}}`)
		},
		shown: func(n *Node) bool { return n.directory.Current().Route("bot") != nil },
	},
}

// Every key of the file either takes effect with a reload, or is declared as one that
// takes a restart: then the reload says so, to who asked and in the log.
func TestEveryKeyTakesEffectOrSaysThatItTakesARestart(t *testing.T) {
	log := &program.Log{}
	k := newKit(t, log)
	outside = newWorld(t)
	unknown := len(reloads)
	for _, key := range configs.Keys() {
		row, known := reloads[key.Name]
		if !known || (row.shown == nil) != key.Restart {
			t.Errorf("%s (takes a restart: %v) is not shown to take effect: give it a row above", key.Name, key.Restart)
			continue
		}
		unknown--
		if row.shown != nil && row.shown(k.Node) {
			t.Fatalf("%s: what would show the change is so before it", key.Name)
		}
		before := len(log.Text())
		k.change = row.change
		waiting, err := k.Reload()
		var want []string
		if key.Restart {
			want = []string{key.Name}
		}
		if err != nil || !slices.Equal(waiting, want) {
			t.Errorf("%s: %q wait for a restart, want %q; error %v", key.Name, waiting, want, err)
		}
		said := log.Text()[before:]
		if told := strings.Contains(said, `"setting":"`+key.Name+`"`); told != key.Restart {
			t.Errorf("%s takes a restart: %v, and the log says\n%s", key.Name, key.Restart, said)
		}
		if row.shown != nil && !row.shown(k.Node) {
			t.Errorf("%s: the change has no effect", key.Name)
		}
		k.change = func(*configs.Config) {}
		if waiting, err := k.Reload(); err != nil || waiting != nil {
			t.Errorf("%s, as at start again: %q wait for a restart, error %v", key.Name, waiting, err)
		}
		if row.shown != nil && row.shown(k.Node) {
			t.Errorf("%s: as at start again, the change still has its effect", key.Name)
		}
	}
	if unknown != 0 {
		t.Errorf("%d rows are of no key", unknown)
	}
}

// A reload in which public.max_body waits for a restart goes by the old one in all:
// the listener's bound and the sources' are the same.
func TestReloadGoesByTheRunningMaxBody(t *testing.T) {
	k := newKit(t, io.Discard)
	k.change = func(c *configs.Config) {
		c.Public.MaxBody = 5000
		c.Tenants = parsed[configs.Tenants](`{"acme": {"sources": {"pay": {"verify": {"type": "none"}}}}}`)
	}
	if _, err := k.Reload(); err != nil {
		t.Fatal(err)
	}
	if got, want := k.directory.Current().Tenant("acme").Source("pay").MaxBody, configs.Default().Public.MaxBody; gateway.Size(got) != want {
		t.Errorf("the source takes %d bytes, want %d as at start", got, want)
	}
}

// A reload of what is in force builds nothing, and names what waits for a restart again.
func TestReloadOfTheSameBuildsNothing(t *testing.T) {
	k := newKit(t, io.Discard)
	same := configs.Default()
	k.change = func(c *configs.Config) {
		*same = *c
		same.Drain.Timeout++
		same.Tenants = parsed[configs.Tenants](`{"acme": {"endpoints": {"e": {"url": "https://e.example.com/"}}}}`)
	}
	load := k.Load
	if _, err := load(); err != nil {
		t.Fatal(err)
	}
	k.Load = func() (*configs.Config, error) { return same, nil }
	swaps := 0
	swapped := k.directory.OnSwap
	k.directory.OnSwap = func(changed []string, about directory.About) { swaps++; swapped(changed, about) }
	for i := range 3 {
		waiting, err := k.Reload()
		if err != nil || !slices.Equal(waiting, []string{"drain.timeout"}) || swaps != 1 {
			t.Errorf("reload %d: %q wait for a restart, error %v, %d snapshots", i, waiting, err, swaps)
		}
	}
}
