package directory_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/transport"
	"hookgate/metrics"
	"hookgate/retry/breaker"
)

func routes(t *testing.T, text string) ([]*directory.Route, []gateway.Fault) {
	t.Helper()
	var file map[string]gateway.Route
	if err := json.Unmarshal([]byte(text), &file); err != nil {
		t.Fatal(err)
	}
	o := options
	o.CheckHeader = transport.CheckHeader
	return directory.CompileRoutes(file, o)
}

const bot = `"mode":"proxy","upstreams":[{"url":"http://10.0.0.5:3000"}]`

func TestRouteDefaults(t *testing.T) {
	list, faults := routes(t, `{"bot":{`+bot+`,"match":{"path":"/"}}}`)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	r := list[0]
	if r.Timeout != 30*time.Second || r.IdleTimeout != 5*time.Minute || r.MaxBody != int64(options.MaxBody) || !r.Retries || r.Verifier != nil ||
		r.Health != nil || r.Upgrade || r.Rate != nil || len(r.Methods()) != 7 || !r.Takes([]byte("DELETE")) || r.Takes([]byte("TRACE")) {
		t.Errorf("%+v", r)
	}
	want := breaker.Default()
	want.Open, want.MaxOpen = time.Second, 30*time.Second
	if *r.Breaker != want {
		t.Errorf("breaker %+v", *r.Breaker)
	}
}

func TestRouteFaults(t *testing.T) {
	for members, want := range map[string]string{
		``:                                                         `routes.r.match.path must be a path`,
		`"match":{"path":"x"}`:                                     `routes.r.match.path must be a path`,
		`"match":{"path":"/a//b"}`:                                 `routes.r.match.path must have no empty`,
		`"match":{"path":"/a/../b"}`:                               `routes.r.match.path must have no empty`,
		`"match":{"path":"/a/%2e"}`:                                `routes.r.match.path must have no empty`,
		`"match":{"path":"/a%2fb"}`:                                `routes.r.match.path must have no query`,
		`"match":{"path":"/a;b"}`:                                  `routes.r.match.path must have no query`,
		`"match":{"path":"/a?b"}`:                                  `routes.r.match.path must have no query`,
		`"match":{"path":"/%zz"}`:                                  `routes.r.match.path has a bad percent escape`,
		`"match":{"path":"/hooks"}`:                                `routes.r.match.path is where callbacks arrive`,
		`"match":{"path":"/h%6foks/acme"}`:                         `routes.r.match.path is where callbacks arrive`,
		`"match":{"path":"/","host":"a:80"}`:                       `routes.r.match.host must be a host name`,
		`"match":{"path":"/","host":"[x]"}`:                        `routes.r.match.host must be a host name`,
		`"match":{"path":"/","host":"."}`:                          `routes.r.match.host must be a host name`,
		`"match":{"path":"/","methods":["get"]}`:                   `routes.r.match.methods[0] is "get"`,
		`"match":{"path":"/"},"mode":"tunnel"`:                     `routes.r.mode is "tunnel"`,
		`"match":{"path":"/"},"upstreams":[]`:                      `routes.r.upstreams has 0`,
		`"match":{"path":"/"},"upstreams":[{"url":""}]`:            `routes.r.upstreams[0].url is missing`,
		`"match":{"path":"/"},"upstreams":[{"url":"http://a/?x"}]`: `routes.r.upstreams[0].url must end with its path`,
		`"match":{"path":"/"},"upstreams":[{"url":"http://a"},{"url":"http://a"}]`:  `routes.r.upstreams[1].url is there twice`,
		`"match":{"path":"/"},"timeout":"0s"`:                                       `routes.r.timeout is 0s`,
		`"match":{"path":"/"},"idle_timeout":"10ms"`:                                `routes.r.idle_timeout is 10ms`,
		`"match":{"path":"/"},"retry":{"max_attempts":3}`:                           `routes.r.retry.max_attempts is 3`,
		`"match":{"path":"/"},"retry":{"initial":"1s"}`:                             `routes.r.retry has what a proxy does not do`,
		`"match":{"path":"/"},"breaker":{"failures":0}`:                             `routes.r.breaker.failures`,
		`"match":{"path":"/"},"health":{"path":"x"}`:                                `routes.r.health.path must be a path`,
		`"match":{"path":"/"},"health":{"path":"/","interval":"1ms"}`:               `routes.r.health.interval is 1ms`,
		`"match":{"path":"/"},"headers":{"set":{"Host":"x"}}`:                       `routes.r.headers.set.Host`,
		`"match":{"path":"/"},"headers":{"set":{"X-A":"a\nb"}}`:                     `routes.r.headers.set.X-A`,
		`"match":{"path":"/"},"headers":{"remove":["X A"]}`:                         `routes.r.headers.remove[0]`,
		`"match":{"path":"/"},"rate_limit":{"per_second":1,"burst":1},"max_body":0`: `routes.r.max_body is 0`,
		`"match":{"path":"/"},"max_body":"20MiB","verify":{"type":"none"}`:          `routes.r.max_body is 20971520: must be 1 to 16777216 bytes where it is verified`,
		`"match":{"path":"/"},"verify":{}`:                                          `routes.r.verify.type is missing`,
		`"match":{"path":"/"},"verify":{"type":"github"}`:                           `routes.r.verify.secrets`,
		`"match":{"path":"/"},"tenant":"No Name"`:                                   `routes.r.tenant must be`,
		`"match":{"path":"/"},"mode":"relay"`:                                       `routes.r.tenant must be the id`,
		`"match":{"path":"/"},"mode":"relay","tenant":"acme","upgrade":true`:        `routes.r.upgrade is for mode proxy only`,
		`"match":{"path":"/"},"mode":"relay","tenant":"acme","health":{"path":"/"}`: `routes.r.health is for mode proxy only`,
		`"match":{"path":"/"},"mode":"relay","tenant":"acme","timeout":"2m"`:        `routes.r.timeout is 2m`,
	} {
		all := map[string]json.RawMessage{}
		for _, part := range []string{bot, members} {
			if err := json.Unmarshal([]byte("{"+part+"}"), &all); err != nil {
				t.Fatal(err)
			}
		}
		text, _ := json.Marshal(all)
		_, faults := routes(t, `{"r":`+string(text)+`}`)
		if !slices.ContainsFunc(faults, func(f gateway.Fault) bool { return strings.HasPrefix(f.Path+" "+f.Message, want) }) {
			t.Errorf("%s: %v, want %s", members, faults, want)
		}
	}
}

func TestRoutesOfTheSameRequests(t *testing.T) {
	route := func(match string) string { return `{` + bot + `,"match":` + match + `}` }
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{`{"path":"/a"}`, `{"path":"/%61"}`, true},
		{`{"path":"/a","methods":["GET"]}`, `{"path":"/a"}`, true},
		{`{"path":"/a","host":"X.test"}`, `{"path":"/a","host":"x.test."}`, true},
		{`{"path":"/a","methods":["GET"]}`, `{"path":"/a","methods":["PUT"]}`, false},
		{`{"path":"/a"}`, `{"path":"/a/"}`, false},
		{`{"path":"/a"}`, `{"path":"/a","host":"x.test"}`, false},
	} {
		_, faults := routes(t, `{"one":`+route(c.a)+`,"two":`+route(c.b)+`}`)
		if is := len(faults) == 1 && faults[0].String() == "routes.two.match: takes requests that route one takes too"; is != c.same || !c.same && len(faults) > 0 {
			t.Errorf("%s and %s: %v", c.a, c.b, faults)
		}
	}
}

func TestRoutesInSnapshots(t *testing.T) {
	list, faults := routes(t, `{"bot":{`+bot+`,"match":{"path":"/"},"tenant":"acme","headers":{"set":{"X-Own":"route"}}},"site":{`+bot+`,"match":{"path":"/site"}}}`)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	m := metrics.New("test")
	without := directory.Build(m, nil, nil).WithRoutes(list)
	if r := without.Routes()[0]; r.Enabled || r.Tenant != nil || !without.Routes()[1].Enabled {
		t.Error("a route is in service without its tenant, or one is not that names none")
	}
	with := without.With(tenant(t, "acme", gateway.Tenant{Headers: gateway.Headers{{Name: "X-Own", Value: "tenant"}, {Name: "X-Acme", Value: "tenant"}}}))
	r := with.Routes()[0]
	if !r.Enabled || r.Tenant != with.Tenant("acme") || len(r.Set) != 2 || value(r, "X-Acme") != "tenant" || value(r, "X-Own") != "route" {
		t.Errorf("%+v", r)
	}
	if without.Routes()[0].Enabled || with.Routes()[1] != without.Routes()[1] {
		t.Error("a snapshot changed, or a route was copied that did not")
	}
	if gone := with.Without("acme"); gone.Routes()[0].Enabled || gone.Routes()[0].Metrics != r.Metrics {
		t.Error("a route outlives its tenant, or forgets its counters")
	}
	d := directory.New()
	d.Swap(with)
	r.Metrics.Answered(200)
	with.Routes()[1].Metrics.Answered(200)
	d.Swap(with.WithRoutes(list[:1]))
	families, err := m.Gatherer().Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		if family.GetName() != "hookgate_route_requests_total" {
			continue
		}
		for _, one := range family.GetMetric() {
			if one.GetLabel()[1].GetValue() != "bot" || one.GetCounter().GetValue() != 0 && one.GetLabel()[0].GetValue() != "200" {
				t.Errorf("counted is %v", one)
			}
		}
	}
}

func value(r *directory.Route, name string) string {
	for _, h := range r.Set {
		if h.Name == name {
			return h.Value
		}
	}
	return ""
}
