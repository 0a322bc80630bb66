package kills

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"hookgate/gateway/gatewaytest/program"
	"hookgate/gateway/gatewaytest/promises"
)

var (
	faultsOfProof = flag.String("faults", "", "how often TestProof does what; all of it: "+wholeProof)
	gapAtMost     = flag.Duration("gap", 30*time.Second, "how long after a fault a request may fail, at most: 8s on a machine that does nothing else (SPEC-cluster K2)")
	snapshotFor   = flag.Duration("snapshot", 5*time.Second, "how long a snapshot holds vacuum back; the whole: 30m")
	pooledProof   = flag.Bool("pooled", false, "TestProof's nodes reach the database through PgBouncer, which pools transactions")
)

// wholeProof is the proof of SPEC-cluster K3.
const wholeProof = "kill=200,database=50,promote=20,pause=50,peers=50,ways=50,roll=10,snapshot=1"

// TestProof holds three nodes on one database to all promises, while clients ask any of them and
// they are killed, paused, parted, stopped and started in another version, and so is their
// database (SPEC-cluster K3). Every kind of load has a tenant, and a judge.
//
//	go test ./gateway/gatewaytest/kills -run TestProof$ -timeout 0 -gap 8s -faults kill=200,…
func TestProof(t *testing.T) {
	if *faultsOfProof == "" {
		t.Skip("takes minutes: -faults kill=3,database=1, or all of it: " + wholeProof)
	}
	list := plannedFaults(t)
	n := newNodes(t, seedOfLoad(t), *pooledProof)
	if slices.Contains(list, "promote") {
		n.follow()
	}
	if slices.Contains(list, "roll") {
		n.next = filepath.Join(t.TempDir(), program.Name)
		n.must(program.Build(n.next, "v99.0.0"))
	}
	loads := newLoads(n)
	n.startAll()
	ctx, stop := context.WithCancel(t.Context())
	var all sync.WaitGroup
	for _, l := range loads {
		for range l.workers {
			all.Go(func() { l.work(ctx) })
		}
	}
	for round, name := range list {
		n.pause(500, 1500)
		n.suffers(name, func() {
			for _, l := range loads {
				l.look(round)
			}
		})
	}
	n.pause(300, 600)
	stop()
	all.Wait()
	for _, l := range loads {
		l.end()
	}
	for _, name := range slices.Sorted(maps.Keys(n.gaps)) {
		t.Logf("%s: %d times, the last request that failed after %s at most", name, len(n.gaps[name]), slices.Max(n.gaps[name]).Round(time.Millisecond))
	}
	if t.Failed() {
		n.showLogs()
	}
}

// plannedFaults gives what is to happen, mixed.
func plannedFaults(t *testing.T) (list []string) {
	for _, part := range strings.Split(*faultsOfProof, ",") {
		name, count, _ := strings.Cut(part, "=")
		times, err := strconv.Atoi(count)
		if _, known := faults[name]; !known || err != nil {
			t.Fatalf("-faults: %q is none of %v", part, slices.Sorted(maps.Keys(faults)))
		}
		for i := range times {
			list = append(list, fmt.Sprintf("%06d %s", i*1_000_000/times, name))
		}
	}
	slices.Sort(list) // each kind is spread over the whole
	for i := range list {
		_, list[i], _ = strings.Cut(list[i], " ")
	}
	return list
}

// judged is one kind of load, with its judge.
type judged struct {
	workers int
	work    func(context.Context)
	look    func(round int) // while the load is held back
	end     func()          // when it is over
}

// newLoads makes every kind of load, each with a tenant of its own.
func newLoads(n *nodes) []judged {
	waits, feed := newKiller(n.home("waits")), newEventKiller(n.home("events"))
	relays, calls := newRelayKiller(n.home("relays")), newCallKiller(n.home("calls"))
	pulls, crowd := newPullers(n.home("pulls")), newCrowd(n)
	waits.history.Late(time.Minute)
	waits.history.Behind(30 * time.Second)
	n.moved = append(n.moved, calls.calls.Killed) // what has left is given no more than a moment to end
	return []judged{
		{24, waits.work, func(round int) {
			waits.round.Store(int64(round))
			waits.readBack()
			recent := waits.recent()
			waits.readNames(recent)
			waits.examine(false, recent)
		}, func() {
			waits.settle()
			waits.readNames(waits.history.Names())
			waits.examine(true, waits.history.Names())
			waits.checkOddities()
			happened, _ := waits.tally()
			n.t.Log(happened)
		}},
		{4, feed.work, func(round int) {
			feed.dead.Store(round%4 != 3)
			feed.readRecent(round)
			feed.judge(feed.feed.Check(false))
		}, func() {
			feed.calm.Store(true)
			feed.settle()
			feed.judge(feed.feed.Check(true))
			n.t.Logf("%+v", feed.feed.Tally())
		}},
		{8, relays.work, func(int) { relays.judge(relays.relays.Check(false)) }, func() {
			relays.settle()
			relays.judge(relays.relays.Check(true))
			n.t.Logf("%+v", relays.relays.Tally())
		}},
		{6, calls.work, func(int) { calls.judge(calls.calls.Check(false)) }, func() {
			calls.settle()
			calls.judge(calls.calls.Check(true))
			n.t.Logf("%+v", calls.calls.Tally())
		}},
		{1, pulls.work, func(int) {}, pulls.finish},
		{2, crowd.work, func(int) {}, crowd.finish},
	}
}

func spanSince(began time.Time) promises.Span { return promises.Span{Begin: began, End: time.Now()} }
