package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hookgate/gateway/gatewaytest"
	"hookgate/gateway/gatewaytest/program"
)

var hostileLong = flag.Bool("hostile.long", false, "let each attack of TestHostile… go on for 30 s, and judge it by three times of calm")

const (
	hostileMemory = 512 << 20             // bytes that no attack may make of the program
	hostileFloor  = 50 * time.Millisecond // what a busy machine may make of a callback that took less
	hostileStall  = time.Second           // and beside other tests: only a stall is judged there, a figure is not
	hostileCalm   = time.Second / 2       // before an attack, and half of it after
	hostileShort  = time.Second           // an attack
	hostileRounds = 3
)

// The hostile suite: go test ./cmd/hookgate -run TestHostile. Each attack goes on for
// a second beside others (-hostile.long: for thirty, alone) while a bystander does its work; the tests
// without a bystander hold what is answered, and not how soon. What was seen, which
// line of SPEC 16 forbids it, and which test attacks so:
//
//	lists of 2 GB, 9.5 GB resident           Bounds: lists, answers       Lists, HoldersOfOne, Reads
//	50 variables of one field of 4 MiB       Bounds: variables_max        Variables
//	721 bytes of pattern burn 16 s           Bounds: patterns, 50 ms      PatternsAreNotTaken, Patterns, Paths
//	one's hanging calls are all there are    Bounds: shares               AsyncCalls, Calls, Holds
//	one's contexts are all there is          Bounds: shares               Contexts, Waits
//	262 bodies refuse everybody's callbacks  Bounds: shares               BodiesForNobody, BodiesForEverything, BodiesInternal, Bombs
//	a refused call took the payment          Promises: not admitted       RefusedCallTakesNothing
//	a flipped bit, and it starts empty       Promises: damage             TestDamage of pebblestore
//	"***" sends the operator's token away    Rights: masks                Masks
//	a visitor's variable joins two chats     Promises: names              Names
//	names learned at once are lost           Promises: aliases            NamesLearned (load); TestKillEvents
//	settled deliveries come again            Promises: within 1 s         TestIdleSettles of pebblestore
//	parking under one key is quadratic       Bounds: parked callbacks     ParkedUnderOne; TestParkedOfOneKeyCostNoMore of gateway/waiting
//	a million deliveries in one commit       Bounds: 100,000              Publish, Fanout, Replay
//	retries without a pause take the machine the first sentence           Retries
//	deletions of what is queued              Bounds: DELETE               Deletion, DeletionAndAKill
//	"delivered" is taken for "sent" again    sections 8 and 14            TestBatchesAndFollowersAreNoRepeats of gateway/inbound
//	variables of 1000 callbacks in one body  Bounds: variables_max, shares   Batches
//	lists that hold lists twice, compared    Bounds: 100 ms                   TestHostile of gateway/mapping/jinja
//	a large body waits for its own turn      the first sentence               TestLargeBodiesAreUnwrappedInOneTurn of gateway/inbound
//	an answer sets the policy of the host    Rights; steering                 TestFaults of gateway/respond
//	rendered requests of calls that hang     Bounds: shares                   Renders
//	a run shows control characters           Bounds: answers                  Runs
//	a form of a long name and a long list    Bounds: 1 MiB rendered           Forms
//	a compaction fills the disk for ever     SPEC 2: recovers by itself       TestCompactionGivesWay of pebblestore
//	children escape limits, take keys        Rights: the tree             Children, Tree, Writes
//	the operator's lanes are read, replayed  Rights: _platform, routes    Relays
//	a slow body is the next owner's          Promises: end of its body    SlowWrite
//	a clock set back stalls retries          Bounds: clock steps          clock_test.go of gateway/outbound and gateway/waiting
//	notify comes ahead of its 201            Promises: notify             TestOutcomeComesAfterItsAnswer
//	series stay of what is gone              Bounds: a metric of each     TestNoSeriesOfWhatIsGone
//	one fills the disk, and all get 503      Bounds: shares               Disk, LimitsStorage
//	figures of a tree stop all counting      the first sentence           Stats
//	streams, preflights, key servers         the first sentence           Streams, Readers, Preflights, KeyServers
//	an answer steers the proxy before us     Rights; steering             TestFaults of gateway/respond, TestHandshakesSteerNobody of gateway/directory
//	strangers, forged, guessing, cutting     the first sentence           Forgeries, Guesses, Pipelining, Connections, Tokens, Parked, Endpoints

// arena is the real program under an attack, with a bystander beside it. The attacker
// has a token of the tenant mallory; what the platform does for mallory's visitors,
// the platform does.
type arena struct {
	*program.Program
	t        *testing.T
	ctx      context.Context // over when the attack is
	mallory  *program.Client // with a tenant token
	platform *program.Client
	sender   *program.Client       // without a credential
	target   *gatewaytest.Receiver // an endpoint of mallory's own choice
}

const arenaConfig = `
egress: { allow: [127.0.0.0/8] }
log: { level: warn }
drain: 1s
tokens: [{ scope: platform, name: the bot, secret: the-platform-of-the-arena }]
tenants:
  relayed: {}
  bystander:
    platform: { url: "%[1]s/outcomes" }
    sources:
      payments: { verify: { type: token, in: header, name: X-Token, secrets: ["a-token-of-16-characters"] } }
    endpoints:
      own: { url: "%[1]s/events" }
    webhooks:
      own: { url: "%[1]s` + bystanderCalls + `" }
      later: { url: "%[1]s` + bystanderCalls + `", mode: async }
routes:
  proxied: { mode: proxy, match: { path: /proxied }, upstreams: [{ url: "%[1]s` + bystanderCalls + `" }] }
  relayed: { mode: relay, tenant: relayed, match: { path: /relayed }, upstreams: [{ url: "%[1]s` + bystanderCalls + `" }] }
`

const (
	platformOfArena = "the-platform-of-the-arena"
	bystanderCalls  = "/called" // where its receiver is called, and to which nothing was promised
	ofMallory       = "/v1/tenants/mallory"
	arenaOpen       = `{"verify":{"type":"token","in":"header","name":"X-Token","secrets":["a-token-of-16-characters"]}}`
)

// attack runs an attack against the program while a bystander does its work, and
// holds the program to SPEC 16: no tenant, and nobody without a credential, may slow
// or starve another. A second program that nobody attacks, the twin, has a bystander
// beside. prepare runs before anything is measured, and may be nil.
func attack(t *testing.T, prepare, do func(*arena)) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("only Linux has all of 127/8 as loopback, and /proc")
	}
	if !*hostileLong { // where a stall alone is judged, others may be at work
		t.Parallel()
	}
	a := &arena{t: t, ctx: t.Context(), target: gatewaytest.NewReceiver(t)}
	var b, twin *bystander
	a.Program, b = bystanding(t)
	_, twin = bystanding(t)
	a.platform = a.Admin().As(platformOfArena)
	a.sender = program.NewClientFrom(t, net.IPv4(127, 0, 66, 1), a.Public, "")
	a.Admin().Must(t, []int{201}, "PUT", ofMallory, fmt.Sprintf(`{"platform":{"url":%q}}`, a.target.URL))
	a.mallory = program.NewClient(t, a.Internal, a.token("mallory"))
	a.mallory.Must(t, []int{201}, "PUT", ofMallory+"/sources/payments", arenaOpen)
	if prepare != nil {
		prepare(a)
	}
	for _, each := range []*bystander{b, twin} {
		each.begin()
		defer each.stop()
	}
	// A machine that is busy with other things slows the bystander now and then, a
	// gateway that the attack slows does so each time.
	kept := false
	for range hostileRounds {
		if kept = a.round(b, twin, do); kept {
			break
		}
	}
	if !kept {
		t.Errorf("the bystander's callbacks have over 3 times their p99 under attack, %d times out of %d", hostileRounds, hostileRounds)
	}
	b.end()
	twin.end()
	if memory := a.memory(); memory > hostileMemory {
		t.Errorf("the program took %d MiB of memory, want at most %d", memory>>20, hostileMemory>>20)
	}
	a.Admin().Must(t, []int{200}, "GET", "/readyz", nil)
}

// bystanding starts the program with a bystander, whose work is yet to begin.
func bystanding(t *testing.T) (*program.Program, *bystander) {
	endpoint := gatewaytest.NewReceiver(t)
	endpoint.Script(func(gatewaytest.Received) gatewaytest.Reply { return gatewaytest.Reply{Body: "{}"} })
	p := program.Start(t, program.Options{Config: fmt.Sprintf(arenaConfig, endpoint.URL)})
	return p, &bystander{t: t, program: p, endpoint: endpoint}
}

// round attacks between two times of calm, and says whether the bystander kept its
// pace. Of the last one it says why not.
func (a *arena) round(b, twin *bystander, do func(*arena)) bool {
	a.t.Helper()
	calm := time.Now().Add(bystanderLead)
	time.Sleep(time.Until(calm.Add(hostileCalm))) // what is measured takes its time
	lasting := hostileShort
	if *hostileLong {
		lasting = 30 * time.Second
	}
	from := time.Now()
	ctx, over := context.WithTimeout(a.t.Context(), lasting)
	defer over()
	a.ctx = ctx
	do(a)
	<-ctx.Done()
	until := time.Now()
	time.Sleep(hostileCalm/2 + bystanderLead)
	return a.judge(b, twin, calm, from, until)
}

// judge compares what callbacks took under attack with what they took before it and
// after, and with those of the twin: what slows that is the machine, on which the
// attacker works, too.
func (a *arena) judge(b, twin *bystander, calm, from, until time.Time) bool {
	a.t.Helper()
	usual, before, _ := b.between(calm, from)
	median, under, n := b.between(from, until)
	_, after, _ := b.between(until.Add(bystanderLead), time.Now())
	_, beside, _ := twin.between(from, until)
	calmest := max(before, after)
	floor := hostileStall
	if *hostileLong {
		floor = hostileFloor
	}
	limit := max(3*calmest, floor, beside+max(2*calmest, floor))
	a.t.Logf("| %s | %s | %s | %s | %s | %s | %s | %d | %d MiB |", strings.TrimPrefix(a.t.Name(), "TestHostile"),
		brief(usual), brief(before), brief(after), brief(median), brief(under), brief(beside), n, a.memory()>>20)
	return under <= limit
}

func brief(d time.Duration) string { return d.Round(10 * time.Microsecond).String() }

// memory gives the most that the program had resident at any time, in bytes.
func (a *arena) memory() int {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", a.Pid()))
	if err != nil {
		a.t.Fatalf("the program is gone: %v\n%.10000s", err, a.Log.Text())
	}
	for line := range strings.Lines(string(text)) {
		if size, is := strings.CutPrefix(line, "VmHWM:"); is {
			n, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(size), " kB"))
			if err != nil {
				a.t.Fatal(err)
			}
			return n << 10
		}
	}
	a.t.Fatalf("no VmHWM in\n%s", text)
	return 0
}

// token makes a token of a tenant.
func (a *arena) token(tenant string) string {
	return a.Admin().Must(a.t, []int{201}, "POST", "/v1/tokens", fmt.Sprintf(`{"scope":"tenant","tenant":%q,"name":"own"}`, tenant)).Field("token")
}

// hostilePace is the least time between two requests of one worker: the attacker has
// the machine in common with those who are attacked.
const hostilePace = 2 * time.Millisecond

// flood lets workers do something again and again, with ever new numbers, until the
// attack is over.
func (a *arena) flood(workers int, do func(n int)) {
	var next atomic.Int64
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			pace := time.NewTicker(hostilePace)
			defer pace.Stop()
			for a.ctx.Err() == nil {
				do(int(next.Add(1)))
				<-pace.C
			}
		})
	}
	all.Wait()
}

// try sends a request of the attack: it may end as it likes, but not as a fault of
// the program.
func (a *arena) try(by *program.Client, method, path string, body any, fields ...string) program.Answer {
	got, err := by.Do(a.ctx, method, path, body, fields...)
	if err == nil && got.Status == 500 {
		a.t.Errorf("%s %s: %s", method, path, got)
	}
	return got
}

// flow lets workers do as flood does, and on until enough says that what the attack
// is to meet was met.
func (a *arena) flow(workers int, do func(n int), enough func() error) {
	a.flood(workers, do)
	a.ctx = a.t.Context() // the time of the flood is over
	var next atomic.Int64
	next.Store(1 << 30) // numbers that the flood had not
	program.Eventually(a.t, hostilePatience, func() error {
		err := enough()
		if err != nil {
			var all sync.WaitGroup
			for range workers {
				all.Go(func() { do(int(next.Add(1))) })
			}
			all.Wait()
		}
		return err
	})
}

// tally counts what answers came.
type tally struct {
	mu    sync.Mutex
	count map[int]int
}

func (c *tally) add(status int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.count == nil {
		c.count = map[int]int{}
	}
	c.count[status]++
}

func (c *tally) of(status int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.count[status]
}

// givenBack wants a budget to have nothing taken of it in the end.
func (a *arena) givenBack(budget string) {
	a.t.Helper()
	metrics := dialRaw(a.t, a.Internal)
	program.Eventually(a.t, hostilePatience, func() error {
		if used := measured(a.t, metrics, `hookgate_budget_used{budget="`+budget+`"}`); used > 0 {
			return fmt.Errorf("%s: %g are not given back", budget, used)
		}
		return nil
	})
}

// publish publishes one event for mallory.
func (a *arena) publish(event string) {
	a.try(a.mallory, "POST", ofMallory+"/events", `{"events":[`+event+`]}`)
}

// fill publishes events for a tenant of mallory's, so many in one request, until
// there are n.
func (a *arena) fill(tenant string, n, each int, event func(n int) string) {
	for at := 0; at < n; at += each {
		list := make([]json.RawMessage, 0, each)
		for i := range each {
			list = append(list, json.RawMessage(event(at+i)))
		}
		a.mallory.Must(a.t, []int{202}, "POST", "/v1/tenants/"+tenant+"/events", map[string]any{"events": list})
	}
}
