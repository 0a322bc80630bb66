package kills

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tidwall/gjson"

	"hookgate/gateway/gatewaytest"
	"hookgate/gateway/gatewaytest/program"
)

// crowdSize is how many tenants a crowd has: so their slots are at all nodes.
const crowdSize = 8

// crowd publishes for several tenants in one request, under an Idempotency-Key: what was answered
// 202 arrives at each of them, and nothing arrives that was not published, or at another tenant.
type crowd struct {
	*nodes
	next atomic.Int64

	mu       sync.Mutex
	asked    map[string]bool // "tenant number"
	accepted map[string]bool
	arrived  map[string]int
}

func newCrowd(n *nodes) *crowd {
	c := &crowd{nodes: n, asked: map[string]bool{}, accepted: map[string]bool{}, arrived: map[string]int{}}
	r := gatewaytest.NewReceiver(n.t)
	r.Script(func(q gatewaytest.Received) gatewaytest.Reply {
		c.mu.Lock()
		defer c.mu.Unlock()
		for _, e := range gjson.GetBytes(q.Body, "events").Array() {
			name := strings.TrimPrefix(q.Path, "/") + " " + e.Get("n").Raw
			if c.arrived[name]++; !c.asked[name] {
				n.t.Errorf("%s arrived, and was not published", name)
			}
		}
		return gatewaytest.Reply{Status: []int{200, 200, 200, 500}[q.Number%4]}
	})
	for i := range crowdSize {
		tenant := fmt.Sprintf("crowd-%d", i)
		n.home(tenant).has(fmt.Sprintf("    account_keys: [%[1]s]\n    endpoints: { all: { url: \"%s/%[1]s\", timeout: 10s, retry: { initial: 50ms, max: 200ms, max_attempts: 1000 }, breaker: { enabled: false } } }\n", tenant, r.URL), "")
	}
	return c
}

func (c *crowd) work(ctx context.Context) {
	for ctx.Err() == nil {
		n := c.next.Add(1)
		var events, names []string
		for _, i := range rand.Perm(crowdSize)[:1+rand.IntN(4)] {
			tenant := fmt.Sprintf("crowd-%d", i)
			names = append(names, fmt.Sprintf("%s %d", tenant, n))
			events = append(events, fmt.Sprintf(`{"n":%d,"event":{"type":"note"},"account":{"key":%q},"conversation":{"key":"c"}}`, n, tenant))
		}
		c.note(c.asked, names)
		for c.publish(ctx, n, events, names) {
			rest(ctx, restAfter503)
		}
		rest(ctx, time.Duration(rand.IntN(40))*time.Millisecond)
	}
}

func (c *crowd) note(what map[string]bool, names []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, name := range names {
		what[name] = true
	}
}

// publish publishes, and says whether it is to be published again.
func (c *crowd) publish(ctx context.Context, n int64, events, names []string) (again bool) {
	p, leave, err := c.gate.enter(ctx)
	if err != nil {
		return false
	}
	defer leave()
	limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer cancel()
	a, err := p.Admin().Do(limit, "POST", "/v1/events", `{"events":[`+strings.Join(events, ",")+`]}`, fmt.Sprintf("Idempotency-Key: crowd %d", n))
	switch {
	case err != nil || a.Status == 503:
		return limit.Err() == nil
	case a.Status != 202:
		c.t.Errorf("a publish for several tenants was answered %s", a)
	default:
		c.note(c.accepted, names)
	}
	return false
}

// finish waits until everything has arrived.
func (c *crowd) finish() {
	c.t.Helper()
	program.Eventually(c.t, 2*time.Minute, func() error {
		c.mu.Lock()
		defer c.mu.Unlock()
		for name := range c.accepted {
			if c.arrived[name] == 0 {
				return fmt.Errorf("%s was accepted, and never arrived", name)
			}
		}
		return nil
	})
	c.t.Logf("%d events of %d tenants were accepted, and arrived", len(c.accepted), crowdSize)
}
