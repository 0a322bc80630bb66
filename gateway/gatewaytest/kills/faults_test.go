package kills

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"hookgate/gateway/gatewaytest"
	"hookgate/gateway/gatewaytest/program"
)

// fault is something that happens to nodes while they are under load. It returns when all
// nodes are there again.
type fault struct {
	do      func(*nodes)
	planned bool // by an operator: no request fails, and nothing is interrupted
}

// faults are all there are, by their names in -faults.
var faults = map[string]fault{
	"kill":     {do: (*nodes).killNode},
	"database": {do: (*nodes).killDatabase},
	"promote":  {do: (*nodes).promote},
	"pause":    {do: (*nodes).pauseNode},
	"peers":    {do: (*nodes).cutPeers},
	"ways":     {do: (*nodes).cutDatabase},
	"snapshot": {do: (*nodes).holdSnapshot, planned: true},
	"roll":     {do: (*nodes).roll, planned: true},
}

// killNode kills a node, and starts it again when the others have what it had.
func (n *nodes) killNode() {
	one := n.some()
	one.Kill9()
	one.peers.Refuse()
	n.gate.lead(n.programs(one)...) // as a balancer does
	n.settled(len(n.all) - 1)
	n.startAgain(one)
}

func (n *nodes) startAgain(one *node) {
	n.t.Helper()
	one.peers.Refuse()
	n.must(one.peers.Listen())
	n.launch(one)
	n.join(one)
	n.settled(len(n.all))
	n.gate.lead(n.programs()...)
}

// killDatabase kills the database, and starts it again.
func (n *nodes) killDatabase() {
	n.db.Kill()
	n.must(n.db.Run())
	n.settled(len(n.all))
}

// promote lets the standby take the place of the database that died, and gives it a standby.
func (n *nodes) promote() {
	old := n.db
	old.Kill()
	n.must(n.standby.Promote())
	n.db = n.standby
	network, address := n.place(n.db)
	for _, one := range n.all {
		one.database.Leads(network, address)
	}
	n.follow()
	old.Remove()
	n.settled(len(n.all))
}

// follow gives the database a synchronous standby.
func (n *nodes) follow() {
	standby, err := n.db.MakeStandby()
	n.must(err)
	n.t.Cleanup(standby.Remove)
	n.standby = standby
	n.must(n.db.Synchronous())
}

// standstill is how long a node is stopped (SPEC-cluster K3).
const standstill = 8 * time.Second

// pauseNode stops a node as a hypervisor does: whoever asked it is not answered until it goes on.
func (n *nodes) pauseNode() {
	one := n.some()
	one.Pause(n.t)
	n.sleep(time.Second)
	n.gate.lead(n.programs(one)...)
	n.sleep(standstill - time.Second)
	one.Continue(n.t)
	n.settled(len(n.all))
	one.WaitReady(n.t)
	n.gate.lead(n.programs()...)
}

// bitesAtOnce is how many times a way is cut in one fault.
const bitesAtOnce = 20

// cutPeers cuts what nodes ask each other, or its answer, and parts one from the others for a
// moment.
func (n *nodes) cutPeers() { n.cut(func(one *node) *gatewaytest.Way { return one.peers }) }

// cutDatabase does that between nodes and the database: before commits, and after them.
func (n *nodes) cutDatabase() { n.cut(func(one *node) *gatewaytest.Way { return one.database }) }

func (n *nodes) cut(way func(*node) *gatewaytest.Way) {
	for range bitesAtOnce {
		one := way(n.all[n.rng.IntN(len(n.all))])
		if n.rng.IntN(2) == 0 {
			one.Questions.Store(1)
		} else {
			one.Answers.Store(1)
		}
		n.pause(20, 150)
	}
	parted := way(n.some())
	parted.Shut()
	n.pause(300, 2500)
	parted.Open()
	n.settled(len(n.all))
	for _, one := range n.all {
		one.WaitReady(n.t)
	}
}

// holdSnapshot holds vacuum back for a while.
func (n *nodes) holdSnapshot() {
	began := time.Now()
	_, err := n.db.Ask(fmt.Sprintf("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM hookgate.waits; SELECT pg_sleep(%f); COMMIT", snapshotFor.Seconds()))
	n.must(err)
	answers, _, _, _, _ := n.seen.counts()
	n.t.Logf("a snapshot was held for %s; %d answers so far", time.Since(began).Round(time.Second), answers)
}

// roll stops one node after the other in good order, and starts it in another version. A
// balancer sees that a node is not ready, and leads elsewhere.
func (n *nodes) roll() {
	for i, one := range n.all {
		if i == 0 && n.rng.IntN(2) == 0 {
			n.drain(one)
		}
		one.Signal(n.t, syscall.SIGTERM)
		n.awaits(one, http.StatusServiceUnavailable)
		n.gate.lead(n.programs(one)...)
		code := one.Wait(n.t)
		if one.peers.Refuse(); code != 0 {
			n.t.Errorf("a planned stop ends with code %d\n%s", code, one.Log.Text())
		}
		if one.binary = built; n.next != "" && n.rng.IntN(2) == 0 {
			one.binary = n.next
		}
		n.settled(len(n.all) - 1)
		n.startAgain(one)
	}
}

// drain takes all slots from a node (SPEC-cluster K5).
func (n *nodes) drain(one *node) {
	n.t.Helper()
	list, err := n.list(one, "")
	n.must(err)
	i := slices.IndexFunc(list, func(s standing) bool { return s.Address == one.peers.Addr && s.State != "gone" })
	if i < 0 {
		n.t.Fatalf("%s is none of %+v", one.peers.Addr, list)
	}
	one.Admin().Must(n.t, []int{202}, "POST", fmt.Sprintf("/v1/nodes/%v/drain", list[i].ID), nil)
	program.Eventually(n.t, time.Minute, func() error {
		list, err := n.list(one, "")
		if err == nil && slices.ContainsFunc(list, func(s standing) bool { return s.Address == one.peers.Addr && s.Slots > 0 }) {
			err = fmt.Errorf("it has slots still: %+v", list)
		}
		return err
	})
}

// awaits waits until /readyz of a node answers so.
func (n *nodes) awaits(one *node, status int) {
	n.t.Helper()
	asks := program.NewClient(n.t, one.Internal, "")
	program.Eventually(n.t, time.Minute, func() error {
		a, err := asks.Do(n.t.Context(), "GET", "/readyz", nil)
		if err == nil && a.Status != status {
			err = errors.New(a.String())
		}
		return err
	})
}

func (n *nodes) must(err error) {
	n.t.Helper()
	if err != nil {
		n.t.Fatal(err)
	}
}

// suffers lets a fault happen under load, and judges what was seen of it: what is planned
// fails no request, and any other is over within -gap.
func (n *nodes) suffers(name string, look func()) {
	n.t.Helper()
	f, began := faults[name], time.Now()
	_, failed, again, _, _ := n.seen.counts()
	f.do(n)
	n.serves()
	n.gate.shut()
	n.gate.empty()
	answers, failedNow, againNow, last, what := n.seen.counts()
	n.program = n.all[0].Program
	gap := time.Duration(0)
	if last.After(began) {
		gap = last.Sub(began)
	}
	n.t.Logf("%s: took %s, %d requests had no answer, %d were told to come again, the last of them after %s; %d answers so far", name,
		time.Since(began).Round(time.Millisecond), failedNow-failed, againNow-again, gap.Round(time.Millisecond), answers)
	for _, line := range n.seen.told() {
		n.t.Log(line)
	}
	n.gaps[name] = append(n.gaps[name], gap)
	if gap > *gapAtMost && !f.planned && name != "promote" {
		n.t.Errorf("%s: a request failed after %s, want at most %s: %s", name, gap, *gapAtMost, what)
	}
	if f.planned && failedNow+againNow > failed+again {
		n.t.Errorf("%s is planned, and %d requests failed, the last: %s", name, failedNow+againNow-failed-again, what)
	}
	for _, odd := range n.seen.oddities() {
		n.t.Errorf("%s: answered %s", name, odd)
	}
	if f.planned {
		for _, do := range n.moved {
			do(spanSince(began))
		}
	} else {
		n.died(spanSince(began), false)
	}
	look()
	if n.t.Failed() {
		n.showLogs()
		n.t.FailNow()
	}
	n.resume(f.planned)
}

// serves waits until every tenant is served by every node.
func (n *nodes) serves() {
	n.t.Helper()
	var all sync.WaitGroup
	for _, h := range n.homes {
		for _, one := range n.all {
			all.Go(func() {
				program.Eventually(n.t, time.Minute, func() error {
					a, err := one.Admin().Do(n.t.Context(), "GET", "/v1/tenants/"+h.tenant+"/deliveries?limit=1", nil)
					if err == nil && a.Status != http.StatusOK {
						err = errors.New(a.String())
					}
					return err
				})
			})
		}
	}
	all.Wait()
}

// showLogs shows what the nodes said that was no everyday matter.
func (n *nodes) showLogs() {
	for i, one := range n.all {
		var text strings.Builder
		for _, line := range one.Log.Lines() {
			if m := line.Message(); m != "delivery attempt" && m != "circuit breaker changed" {
				fmt.Fprintln(&text, line.Text)
			}
		}
		n.t.Logf("node %d says\n%s", i, text.String())
	}
}
