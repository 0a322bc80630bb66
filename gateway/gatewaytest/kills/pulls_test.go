package kills

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"hookgate/gateway/gatewaytest/program"
)

var pullKills = flag.Int("pull.kills", 6, "how often TestKillPulls kills the program")

// TestKillPulls kills the program while some publish, and others pull and die: they say
// nothing of what they pulled, or do not hear the answer. Every event that was accepted is
// pulled, until somebody said that it arrived; none comes again after that was answered,
// nor while somebody has it, in whatever life; and none is passed in its conversation.
//
//	go test ./gateway/gatewaytest/kills -run TestKillPulls -pull.kills=25
func TestKillPulls(t *testing.T) {
	l := newLives(t, seedOfLoad(t))
	g := newPullers(l.home("acme"))
	ctx, stop := context.WithCancel(t.Context())
	l.start()
	l.gate.open(l.program)
	var all sync.WaitGroup
	all.Go(func() { g.work(ctx) })
	for range *pullKills {
		l.pause(300, 1500)
		l.kill()
		l.start()
		l.gate.open(l.program)
	}
	l.pause(300, 600)
	stop()
	all.Wait()
	g.finish()
}

func newPullers(h *home) *pullers {
	const retries = `retry: { initial: 50ms, max: 500ms, max_attempts: 1000 }`
	h.has(`    endpoints:
      desk: { mode: pull, `+retries+` }
      line: { mode: pull, ordered: true, `+retries+` }
      bulk: { mode: pull, batch: { max_events: 5, max_wait: 100ms }, `+retries+` }
`, "")
	return &pullers{home: h, accepted: map[string]bool{}, endpoints: map[string]*pulledAt{"desk": newPulledAt(), "line": newPulledAt(), "bulk": newPulledAt()}}
}

// work publishes and pulls until the end.
func (g *pullers) work(ctx context.Context) {
	var all sync.WaitGroup
	for n := range 3 {
		all.Go(func() { g.publish(ctx, n, rand.New(rand.NewPCG(g.seed, uint64(n)))) })
	}
	for endpoint := range g.endpoints {
		for n := range 2 {
			all.Go(func() { g.pull(ctx, endpoint, rand.New(rand.NewPCG(g.seed, uint64(100+n)))) })
		}
	}
	all.Wait()
}

// pullers is the load of TestKillPulls, and what it saw.
type pullers struct {
	*home
	mu        sync.Mutex
	accepted  map[string]bool // "conversation number"
	endpoints map[string]*pulledAt
}

// pulledAt is what was seen of one endpoint.
type pulledAt struct {
	until map[string]time.Time // by delivery: who has it has it until then, unless he said something
	acked map[string]time.Time // by delivery: when that was answered
	said  map[string]bool      // by event: somebody said that it arrived, heard or not
	given map[string]bool      // by event
	count map[string]int
}

func newPulledAt() *pulledAt {
	return &pulledAt{map[string]time.Time{}, map[string]time.Time{}, map[string]bool{}, map[string]bool{}, map[string]int{}}
}

// publish publishes events of conversations of its own, one after the other.
func (g *pullers) publish(ctx context.Context, who int, rng *rand.Rand) {
	numbers := map[string]int{}
	for ctx.Err() == nil {
		if g.behind() > mostBehind {
			rest(ctx, 50*time.Millisecond)
			continue
		}
		var events, names []string
		for range 1 + rng.IntN(4) {
			c := fmt.Sprintf("c%d-%d", who, rng.IntN(4))
			numbers[c]++
			names = append(names, fmt.Sprintf("%s %d", c, numbers[c]))
			events = append(events, fmt.Sprintf(`{"event":{"type":"note"},"conversation":{"key":%q},"n":%d}`, c, numbers[c]))
		}
		body, err := json.Marshal(map[string][]json.RawMessage{"events": raws(events)})
		if err != nil {
			panic(err)
		}
		if a, ok := g.ask(ctx, 10*time.Second, "/v1/tenants/"+g.tenant+"/events", string(body)); ok && a.Status == 202 {
			g.mu.Lock()
			for _, name := range names {
				g.accepted[name] = true
			}
			g.mu.Unlock()
		}
		rest(ctx, time.Duration(rng.IntN(150))*time.Millisecond)
	}
}

// mostBehind is how many events may wait for those who pull: a load of many minutes would leave
// more than the end has time for.
const mostBehind = 300

// behind is how many events nobody said have arrived, of the endpoint that has the most.
func (g *pullers) behind() (most int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, at := range g.endpoints {
		most = max(most, len(g.accepted)-len(at.said))
	}
	return most
}

func raws(texts []string) (all []json.RawMessage) {
	for _, text := range texts {
		all = append(all, json.RawMessage(text))
	}
	return all
}

func rest(ctx context.Context, span time.Duration) {
	select {
	case <-time.After(span):
	case <-ctx.Done():
	}
}

// ask asks the program while there is one.
func (g *pullers) ask(ctx context.Context, patience time.Duration, path, body string) (a program.Answer, ok bool) {
	p, leave, err := g.gate.enter(ctx)
	if err != nil {
		return a, false
	}
	defer leave()
	within, stop := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer stop()
	a, err = p.Admin().Do(within, "POST", path, []byte(body))
	return a, err == nil
}

// pull pulls, and says what became of it, or dies.
func (g *pullers) pull(ctx context.Context, endpoint string, rng *rand.Rand) {
	at, path := g.endpoints[endpoint], "/v1/tenants/"+g.tenant+"/endpoints/"+endpoint
	for ctx.Err() == nil {
		lease := time.Duration(1+rng.IntN(3)) * time.Second
		began := time.Now()
		a, ok := g.ask(ctx, 10*time.Second, path+"/pull", fmt.Sprintf(`{"max":%d,"hold":0.2,"lease":%q}`, 1+rng.IntN(20), lease))
		if !ok || a.Status != 200 {
			rest(ctx, 10*time.Millisecond)
			continue
		}
		list := gjson.GetBytes(a.Body, "deliveries").Array()
		for _, d := range list {
			g.got(endpoint, d, began, lease)
		}
		for _, d := range list {
			rest(ctx, time.Duration(rng.IntN(3))*time.Millisecond)
			leases := fmt.Sprintf(`{"leases":[%q]`, d.Get("lease").Str)
			switch roll := rng.IntN(10); {
			case roll < 2: // dies with it
				at.counts(&g.mu, "died")
			case roll == 2:
				g.frees(at, d) // before it is asked: it may come again before the answer is read
				g.ask(ctx, 10*time.Second, path+"/nack", leases+`,"error":"no"}`)
			case roll == 3: // does not hear the answer
				g.says(at, d)
				g.frees(at, d)
				g.ask(ctx, time.Duration(rng.IntN(1500))*time.Microsecond, path+"/ack", leases+"}")
			default:
				g.says(at, d)
				if a, ok := g.ask(ctx, 10*time.Second, path+"/ack", leases+"}"); ok && a.Status == 200 && gjson.GetBytes(a.Body, "good.#").Int() == 1 {
					g.mu.Lock()
					at.acked[d.Get("id").Str] = time.Now()
					g.mu.Unlock()
					at.counts(&g.mu, "acknowledged")
				} else if ok && a.Status == 200 {
					at.counts(&g.mu, "gone")
				}
			}
		}
	}
}

func (p *pulledAt) counts(mu *sync.Mutex, what string) {
	mu.Lock()
	defer mu.Unlock()
	p.count[what]++
}

// frees notes that a delivery may come again from now.
func (g *pullers) frees(at *pulledAt, d gjson.Result) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(at.until, d.Get("id").Str)
}

// says notes that it is going to be said that a delivery arrived.
func (g *pullers) says(at *pulledAt, d gjson.Result) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, name := range namesOf(d) {
		at.said[name] = true
	}
}

// namesOf gives the names of the events that a delivery carries.
func namesOf(d gjson.Result) (all []string) {
	for _, e := range gjson.Parse(d.Get("body").Str).Get("events").Array() {
		all = append(all, e.Get("conversation.key").Str+" "+e.Get("n").Raw)
	}
	return all
}

// got judges what was pulled: a lease runs from when it was asked for, at the soonest.
func (g *pullers) got(endpoint string, d gjson.Result, began time.Time, lease time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	at, id, now := g.endpoints[endpoint], d.Get("id").Str, time.Now()
	if end := at.until[id]; end.After(now) {
		g.t.Errorf("%s: %s is given out again %s before its lease ends", endpoint, id, end.Sub(now))
	}
	if acked, is := at.acked[id]; is {
		p := g.program
		shown, err := p.Admin().Do(context.Background(), "GET", "/v1/tenants/"+g.tenant+"/deliveries/"+id, nil)
		g.t.Errorf("%s: %s comes again %s after it was acknowledged, pulled at %s as %s: %s (%v)", endpoint, id, now.Sub(acked), began, d.Get("lease").Str, shown.Body, err)
	}
	at.until[id] = began.Add(lease)
	for _, name := range namesOf(d) {
		at.given[name] = true
		if endpoint != "line" {
			continue
		}
		var c string
		var n int
		if _, err := fmt.Sscanf(name, "%s %d", &c, &n); err != nil {
			g.t.Error(name, err)
		}
		for before := range n {
			if earlier := fmt.Sprintf("%s %d", c, before); (at.given[earlier] || g.accepted[earlier]) && !at.said[earlier] {
				g.t.Errorf("%s passes %s, which nobody said has arrived", name, earlier)
				break
			}
		}
	}
}

// finish pulls what is left, and looks for what never came.
func (g *pullers) finish() {
	admin := g.program.Admin()
	for deadline := time.Now().Add(2 * time.Minute); g.undelivered() && time.Now().Before(deadline); {
		for endpoint := range g.endpoints {
			path := "/v1/tenants/" + g.tenant + "/endpoints/" + endpoint
			began := time.Now()
			a := admin.Must(g.t, []int{200}, "POST", path+"/pull", []byte(`{"max":1000,"hold":0.02,"lease":"1m"}`))
			var leases []string
			for _, d := range gjson.GetBytes(a.Body, "deliveries").Array() {
				g.got(endpoint, d, began, 0)
				g.says(g.endpoints[endpoint], d)
				leases = append(leases, d.Get("lease").Str)
			}
			if len(leases) > 0 {
				text, err := json.Marshal(map[string][]string{"leases": leases})
				if err != nil {
					g.t.Fatal(err)
				}
				admin.Must(g.t, []int{200}, "POST", path+"/ack", text)
			}
		}
	}
	if g.undelivered() {
		g.t.Error("some deliveries never end")
	}
	for _, state := range []string{"dead", "cancelled"} {
		a := admin.Must(g.t, []int{200}, "GET", "/v1/tenants/"+g.tenant+"/deliveries?state="+state, nil)
		if n := gjson.GetBytes(a.Body, "data.#").Int(); n > 0 {
			g.t.Errorf("%d deliveries are %s", n, state)
		}
	}
	for endpoint, at := range g.endpoints {
		for name := range g.accepted {
			if !at.given[name] {
				g.t.Errorf("%s: %s was accepted, and never came", endpoint, name)
			}
		}
		g.t.Logf("%s: %d events, %v", endpoint, len(at.given), at.count)
	}
	if len(g.accepted) == 0 || g.t.Failed() {
		g.t.Errorf("%d events were accepted; the log of the last life:\n%s", len(g.accepted), g.program.Log.Text())
	}
}
