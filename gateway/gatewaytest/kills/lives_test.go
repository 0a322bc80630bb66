package kills

import (
	"context"
	"errors"
	"flag"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"hookgate/gateway/gatewaytest"
	"hookgate/gateway/gatewaytest/postgres"
	"hookgate/gateway/gatewaytest/program"
	"hookgate/gateway/gatewaytest/promises"
)

var (
	killRounds = flag.Int("rounds", 3, "how many times each kill test kills the program")
	killOn     = flag.String("store", "pebble", "the store of the kill tests: pebble, or postgres, whose database is killed now and then, too")
	killSeed   = flag.Uint64("seed", 0, "seed of their load; 0 draws one")
)

// enoughRounds is in how many everything must have happened once: what a kill
// meets is chance, and in a few rounds it may meet no answer on its way.
const enoughRounds = 10

const killSecret = "whsec_a2lsbC10ZXN0LXNlY3JldC1vZi0zMi1ieXRlcyE="

// killPlatform begins a tenant whose platform does not lose a notice: %s is where it
// listens.
const killPlatform = `    platform:
      url: "%s/outcomes"
      timeout: 1s
      sign: { type: standard, secrets: ["${KILL_SECRET}"] }
      retry: { initial: 50ms, max: 200ms, max_attempts: 1000 }
`

// lives is what the drivers of the kill tests share: a program that is killed and
// started again on one data folder, and the gate of the load.
type lives struct {
	t       *testing.T
	options program.Options
	rng     *rand.Rand // of the driver alone
	gate    *gate
	program *program.Program
	began   []time.Time
	db      *postgres.Server // nil: they are on Pebble

	seed   uint64
	homes  []*home
	env    []string
	up     []func()                    // the program answers
	killed []func(promises.Span, bool) // it was killed, or only a start of it was
	moved  []func(promises.Span)       // a node gave away what it had, as planned
	nodes  *nodes                      // nil: it is one program
}

// home is the tenant of one load in these lives.
type home struct {
	*lives
	tenant             string
	tenantText, routes string // YAML of the tenant, and of its routes
}

// home makes the tenant of a load.
func (l *lives) home(tenant string) *home {
	h := &home{lives: l, tenant: tenant}
	l.homes = append(l.homes, h)
	return h
}

// has says what is configured for the tenant.
func (h *home) has(config, routes string) { h.tenantText, h.routes = config, routes }

func (l *lives) onUp(do func())                      { l.up = append(l.up, do) }
func (l *lives) onKill(do func(promises.Span, bool)) { l.killed = append(l.killed, do) }

func (l *lives) died(s promises.Span, hasty bool) {
	for _, do := range l.killed {
		do(s, hasty)
	}
}

// seedOfLoad gives the seed that was asked for, else a new one.
func seedOfLoad(t *testing.T) uint64 {
	seed := *killSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("-seed=%d: the load; what the kills meet, chance decides", seed)
	return seed
}

func newLives(t *testing.T, seed uint64) *lives {
	l := &lives{t: t, seed: seed, rng: rand.New(rand.NewPCG(seed, 0)), gate: newGate()}
	l.env = []string{"KILL_SECRET=" + killSecret, "HOOKGATE_LOG_LEVEL=" + *logLevel}
	if *killOn == "postgres" {
		l.db, l.env = postgres.Start(t), append(l.env, keyOfTests)
	}
	t.Cleanup(func() {
		if t.Failed() && l.program != nil {
			t.Logf("the log of the last life:\n%s", l.program.Log.Text())
		}
	})
	l.options = program.Options{Binary: built, Dir: filepath.Join(t.TempDir(), "data"), Env: l.env}
	return l
}

// config is the configuration with all tenants, on the store of these lives.
func (l *lives) config() string {
	text, routes := "egress: { allow: [127.0.0.0/8] }\ntenants:\n", ""
	if l.db != nil && l.nodes == nil {
		text = onPostgres(l.db) + text
	}
	for _, h := range l.homes {
		text += "  " + h.tenant + ":\n" + h.tenantText
		routes += h.routes
	}
	if routes != "" {
		text += "routes:\n" + routes
	}
	return text
}

// running gives the programs that run.
func (l *lives) running() []*program.Program {
	if l.nodes != nil {
		return l.nodes.programs()
	}
	return []*program.Program{l.program}
}

// run lets so many workers load the program while it lives and dies, and a moment
// longer. A round begins with live, which returns when it is time to kill, and ends
// with look, while the load is held back.
func (l *lives) run(workers int, work func(context.Context), live, look func(round int)) {
	l.start()
	l.gate.open(l.program)
	ctx, stop := context.WithCancel(l.t.Context())
	var all sync.WaitGroup
	for range workers {
		all.Go(func() { work(ctx) })
	}
	for round := range *killRounds {
		live(round)
		l.kill()
		l.start()
		look(round)
		l.gate.open(l.program)
	}
	l.pause(300, 600)
	stop()
	all.Wait()
}

// start starts the program. Now and then it is killed once more while it starts,
// and is at work already.
func (l *lives) start() {
	l.options.Config = l.config()
	if len(l.began) > 0 && l.rng.IntN(4) == 0 {
		hasty := program.Launch(l.t, l.options)
		l.pause(0, 300)
		at := time.Now()
		hasty.Kill9()
		l.died(promises.Span{Begin: at, End: time.Now()}, true)
	}
	l.began = append(l.began, time.Now())
	l.program = program.Start(l.t, l.options)
	for _, do := range l.up {
		do()
	}
}

// kill ends the program at once, and waits until every client knows.
func (l *lives) kill() {
	l.gate.shut()
	at := time.Now()
	if l.db != nil && l.rng.IntN(4) == 0 {
		l.db.Kill()
		defer func() {
			if err := l.db.Run(); err != nil {
				l.t.Fatal(err)
			}
		}()
	}
	l.program.Kill9()
	for _, line := range l.program.Log.Lines() {
		if line.String("level") == "ERROR" {
			l.t.Logf("life %d: %s", len(l.began), line.Text)
		}
	}
	l.gate.empty()
	l.died(promises.Span{Begin: at, End: time.Now()}, false)
}

// pause lets the load run for a random time, in milliseconds.
func (l *lives) pause(least, most int) {
	l.sleep(time.Duration(least+l.rng.IntN(most-least)) * time.Millisecond)
}

func (l *lives) sleep(span time.Duration) {
	timer := time.NewTimer(span)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-l.t.Context().Done():
	}
}

// until waits for what must come to be; what does not, the laws find.
func (l *lives) until(deadline time.Time, settled func() bool) {
	l.t.Helper()
	for !settled() && time.Now().Before(deadline) {
		l.pause(50, 100)
	}
}

// get reads what the tenant has at a path. On PostgreSQL nobody answers for what a node
// had that was killed until it has been found dead.
func (l *home) get(path string, into any) (a program.Answer) {
	l.t.Helper()
	program.Eventually(l.t, time.Minute, func() error {
		expected := []int{200}
		if l.db != nil {
			expected = append(expected, 503)
		}
		if a = l.program.Admin().Must(l.t, expected, http.MethodGet, "/v1/tenants/"+l.tenant+"/"+path, nil); a.Status == 503 {
			return errors.New(a.String())
		}
		return nil
	})
	a.Decode(l.t, into)
	return a
}

// undelivered says whether a delivery is under way.
func (l *home) undelivered() bool {
	l.t.Helper()
	for _, state := range []string{"pending", "retrying"} {
		var page struct {
			Data []struct{} `json:"data"`
		}
		if l.get("deliveries?limit=1&state="+state, &page); len(page.Data) > 0 {
			return true
		}
	}
	return false
}

// delivered waits until no delivery is under way any more.
func (l *home) delivered() {
	l.t.Helper()
	l.until(time.Now().Add(90*time.Second), func() bool { return !l.undelivered() })
}

// eachDelivery reads every delivery there is.
func (l *home) eachDelivery(take func(promises.Shown)) {
	l.t.Helper()
	eachPage(l, "deliveries", "", func(page []promises.Shown, _ program.Answer) bool {
		for _, d := range page {
			take(d)
		}
		return true
	})
}

// eachPage reads the list at a path, which may have a filter (name=value), page by
// page, as long as more of it is wanted.
func eachPage[T any](l *home, path, filter string, take func(page []T, answer program.Answer) (more bool)) {
	l.t.Helper()
	for cursor := ""; ; {
		var page struct {
			Data []T     `json:"data"`
			Next *string `json:"next_cursor"`
		}
		answer := l.get(path+"?limit=200&"+filter+"&cursor="+cursor, &page)
		if !take(page.Data, answer) || page.Next == nil {
			return
		}
		cursor = *page.Next
	}
}

// judge ends the test when a law was broken.
func (l *lives) judge(found []promises.Violation) {
	l.t.Helper()
	for _, v := range found[:min(len(found), 5)] {
		l.t.Error(v)
	}
	if len(found) > 0 {
		l.t.Fatalf("%d in all, after %d lives", len(found), len(l.began))
	}
}

// waitsOpen says whether a wait is open that ends soon.
func (l *home) waitsOpen() (open bool) {
	l.t.Helper()
	eachPage(l, "waits", "state=waiting", func(page []gatewaytest.Wait, _ program.Answer) bool {
		for _, w := range page {
			open = open || w.ExpiresAt.Sub(w.CreatedAt) < time.Minute
		}
		return !open
	})
	return open
}
