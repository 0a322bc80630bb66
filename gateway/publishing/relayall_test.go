package publishing_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"hookgate/gateway"
	"hookgate/gateway/publishing"
)

// messages are those of one request, each by its id and conversation: "id chat"; an id of
// "-" is none.
func (r *relayWorld) messages(each ...string) (all []publishing.RelayRequest) {
	for _, one := range each {
		id, chat, _ := strings.Cut(one, " ")
		q := r.request(one)
		if q.Key = chat; id != "-" {
			q.IDs = []string{id}
		}
		all = append(all, q)
	}
	return all
}

func (r *relayWorld) relayAll(each ...string) []publishing.Relayed {
	r.t.Helper()
	became, err := r.publisher.RelayAll(r.messages(each...))
	if err != nil {
		r.t.Fatal(err)
	}
	return became
}

// stored lists what waits for the upstream, in the order in which it will be sent.
func (r *relayWorld) stored() (bodies []string) {
	r.t.Helper()
	dues, err := r.store.Window(gateway.LaneKey{Tenant: "acme", Endpoint: gateway.RouteLane("wa")}, gateway.Due{}, 1<<20)
	if err != nil {
		r.t.Fatal(err)
	}
	for _, due := range dues {
		_, events, err := r.store.Load("acme", due.ID)
		if err != nil {
			r.t.Fatal(err)
		}
		bodies = append(bodies, string(events[0].Body))
	}
	return bodies
}

// Messages of one request are taken in their order, each once, whatever requests they
// come in again.
func TestRelayAll(t *testing.T) {
	r := relays(open(t))
	first := r.relayAll("1 a", "2 b", "1 a", "- a", "- a")
	if got, want := fmt.Sprint(r.stored()), "[1 a 2 b - a - a]"; got != want {
		t.Errorf("stored %s, want %s", got, want)
	}
	for i, repeat := range []bool{false, false, true, false, false} {
		if first[i].Duplicate != repeat {
			t.Errorf("message %d: %+v", i, first[i])
		}
	}
	if first[2].CallbackID != first[0].CallbackID {
		t.Errorf("the repeat of the first is %+v, not %+v", first[2], first[0])
	}
	again := r.relayAll("3 a", "2 b", "1 a")
	if again[0].Duplicate || !again[1].Duplicate || !again[2].Duplicate || again[1].CallbackID != first[1].CallbackID || again[2].CallbackID != first[0].CallbackID {
		t.Errorf("put together anew: %+v, after %+v", again, first)
	}
	if alone := r.relay(r.messages("3 a")[0]); !alone.Duplicate || alone.CallbackID != again[0].CallbackID {
		t.Errorf("alone: %+v, after %+v", alone, again[0])
	}
	if n := r.toldOf(gateway.RouteLane("wa")); n != 5 {
		t.Errorf("the lane was told of %d, want 5", n)
	}
	if none, err := r.publisher.RelayAll(nil); len(none) > 0 || err != nil {
		t.Errorf("no messages: %v, %v", none, err)
	}
}

// Of requests with the same messages, in any order, at one time each message is taken once.
func TestRelayAllAtOnce(t *testing.T) {
	r := relays(open(t))
	all := []string{"1 a", "2 b", "3 a", "4 c"}
	var working sync.WaitGroup
	for n := range 16 {
		mine := slices.Concat(all[n%4:], all[:n%4])
		working.Go(func() {
			if _, err := r.publisher.RelayAll(r.messages(mine...)); err != nil {
				t.Error(err)
			}
		})
	}
	working.Wait()
	if stored := r.stored(); len(stored) != len(all) {
		t.Errorf("stored %q", stored)
	}
}

// TestRelayAllCrash takes copies of the disk, as a loss of power would leave it, while
// requests with several messages come in. Of each request all is there or nothing, all of
// it where it was acknowledged; and sent once more to what is left, each message is taken
// once.
func TestRelayAllCrash(t *testing.T) {
	mem := vfs.NewCrashableMem()
	r := relays(openOn(t, mem))
	var mu sync.Mutex
	var begun, acknowledged [][]string
	tickets := make(chan int)
	var working sync.WaitGroup
	for range 8 {
		working.Go(func() {
			for n := range tickets {
				var all []string
				for i := range 1 + n%4 {
					all = append(all, fmt.Sprintf("%d.%d chat%d", n, i, i%2))
				}
				mu.Lock()
				begun = append(begun, all)
				mu.Unlock()
				if _, err := r.publisher.RelayAll(r.messages(all...)); err != nil {
					t.Error(err)
				}
				mu.Lock()
				acknowledged = append(acknowledged, all)
				mu.Unlock()
			}
		})
	}
	random := rand.New(rand.NewPCG(7, 8))
	for round := range 12 {
		for i := range random.IntN(40) {
			tickets <- 100*round + i
		}
		mu.Lock()
		all, sure := slices.Clone(begun), len(acknowledged)
		kept := slices.Clone(acknowledged)
		mu.Unlock()
		left := mem.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: random.IntN(101), RNG: random})
		t.Run(fmt.Sprint(sure, " acknowledged"), func(t *testing.T) { afterCrash(t, left, all, kept) })
	}
	close(tickets)
	working.Wait()
}

func afterCrash(t *testing.T, fs vfs.FS, begun, acknowledged [][]string) {
	r := relays(openOn(t, fs))
	there := map[string]int{}
	for _, body := range r.stored() {
		there[body]++
	}
	for _, all := range begun {
		n := 0
		for _, one := range all {
			n += there[one]
		}
		if n != 0 && n != len(all) {
			t.Errorf("of %q %d are there", all, n)
		}
	}
	for _, all := range acknowledged {
		if there[all[0]] != 1 {
			t.Errorf("acknowledged %q is not there", all)
		}
	}
	for _, all := range begun {
		r.relayAll(all...)
	}
	again := map[string]int{}
	for _, body := range r.stored() {
		again[body]++
	}
	for _, all := range begun {
		for _, one := range all {
			if again[one] != 1 {
				t.Errorf("after its repeat %q is there %d times", one, again[one])
			}
		}
	}
}
