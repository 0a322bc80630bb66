package outbound_test

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"hookgate/gateway"
	"hookgate/gateway/gatewaytest"
	"hookgate/gateway/outbound"
	"hookgate/gateway/publishing"
	"hookgate/retry"
	"hookgate/retry/breaker"
)

// TestRelayTakesTurns sends to each upstream in turn.
func TestRelayTakesTurns(t *testing.T) {
	inRelayBubble(t, always(200), []string{upA, upB}, func(t *testing.T, r *relayWorld) {
		for n := range 4 {
			r.say("", n)
			r.await(1)
		}
		if got := hosts(r.receiver.all()); !slices.Equal(got, []string{"14", "15", "14", "15"}) {
			t.Errorf("they went to %v", got)
		}
	})
}

// TestRelayGoesElsewhere loses an upstream: each message is there without delay, by
// way of the other; and the lost one gets requests again when it is back.
func TestRelayGoesElsewhere(t *testing.T) {
	var down atomic.Bool
	down.Store(true)
	script := func(got received) reply {
		if down.Load() && strings.HasSuffix(got.host, "14") {
			return reply{reset: true}
		}
		return reply{status: 200}
	}
	inRelayBubble(t, script, []string{upA, upB}, func(t *testing.T, r *relayWorld) {
		touchy := breaker.Default()
		touchy.Failures = 1
		r.to(func(to *outbound.Target) { to.Breaker = &touchy }) // it is not the lane that fails
		began := time.Now()
		for n := range 40 {
			r.say("c", n)
			r.await(1)
		}
		if took := time.Since(began); took != 0 {
			t.Errorf("40 messages took %s", took)
		}
		if got := hosts(r.receiver.all()); len(got) != 41 || slices.Index(got[1:], "14") >= 0 {
			t.Errorf("they went to %v", got)
		}
		if s := r.stat("acme", "_route_wa"); s.Breaker != 0 || s.Depth != 0 {
			t.Errorf("the lane stands as %+v", s)
		}
		for range 10 { // it is asked now and then, and rests for longer each time
			passed(30 * time.Second)
			r.say("c", 0)
			r.await(1)
		}
		if got := hosts(r.receiver.all()); strings.Count(strings.Join(got, " "), "14") != 11 {
			t.Errorf("the lost one was asked: %v", got)
		}
		passed(30 * time.Second)
		down.Store(false)
		before := len(r.receiver.all())
		for n := range 4 {
			r.say("c", n)
			r.await(1)
		}
		if got := hosts(r.receiver.all())[before:]; strings.Count(strings.Join(got, " "), "14") != 2 {
			t.Errorf("back again, it got its share of %v", got)
		}
	})
}

// A message that every upstream refuses follows the schedule, once each has had it,
// and stands in nobody's way.
func TestRelayThatNobodyTakes(t *testing.T) {
	script := func(got received) reply {
		if string(got.body) == "poison 0" {
			return reply{status: 500}
		}
		return reply{status: 200}
	}
	inRelayBubble(t, script, []string{upA, upB}, func(t *testing.T, r *relayWorld) {
		r.to(func(to *outbound.Target) {
			to.Retry = retry.Policy{Schedule: []time.Duration{5 * time.Second, 30 * time.Second, 5 * time.Minute}}
		})
		poison := r.say("poison", 0)
		for n := range 20 {
			r.say("", n)
			r.await(1)
		}
		passed(time.Hour)
		d, attempts := r.delivery(poison)
		if d.State != gateway.DeliveryDead || len(attempts) != 4 {
			t.Fatalf("it is %s after %d attempts", d.State, len(attempts))
		}
		if first, second := attempts[1].At.Sub(attempts[0].At), attempts[2].At.Sub(attempts[1].At); first != 0 || second != 30*time.Second {
			t.Errorf("the second attempt after %s, the third after %s", first, second)
		}
	})
}

// Four hundreds and 410 are what an upstream thinks of one message: it goes on
// getting others, and is never disabled.
func TestRelayOutlivesGone(t *testing.T) {
	script := func(got received) reply { return reply{status: []int{410, 404, 200}[got.n-1]} }
	inRelayBubble(t, script, []string{upA, upB}, func(t *testing.T, r *relayWorld) {
		relayed := r.say("", 1)
		r.await(1)
		if d, attempts := r.delivery(relayed); d.State != gateway.DeliverySucceeded || len(attempts) != 3 {
			t.Errorf("it is %s after %v", d.State, attempts)
		}
	})
}

// TestRelayOutlivesBreaker has the platform down for an hour: the breaker opens, no
// message is lost, and each comes once.
func TestRelayOutlivesBreaker(t *testing.T) {
	for name, upstreams := range map[string][]string{"one": {upA}, "two": {upA, upB}} {
		t.Run(name, func(t *testing.T) {
			inRelayBubble(t, always(503), upstreams, func(t *testing.T, r *relayWorld) {
				const messages = 300
				for n := range messages {
					r.say("", n)
					passed(12 * time.Second)
				}
				if s := r.stat("acme", "_route_wa"); s.Breaker == 0 || s.Depth != messages {
					t.Errorf("the lane stands as %+v", s)
				}
				down := len(r.receiver.all())
				if down > messages {
					t.Errorf("%d requests while it was down", down)
				}
				r.receiver.play(always(200))
				r.await(messages)
				got := bodies(r.receiver.all())[down:]
				slices.Sort(got)
				if got = slices.Compact(got); len(got) != messages || len(r.receiver.all()) != down+messages {
					t.Errorf("%d of %d messages came, in %d requests", len(got), messages, len(r.receiver.all())-down)
				}
			})
		})
	}
}

func TestRelayObeysRetryAfter(t *testing.T) {
	script := func(got received) reply {
		if got.n == 1 {
			return reply{status: 503, header: "Retry-After: 600\r\n"}
		}
		return reply{status: 200}
	}
	inRelayBubble(t, script, []string{upA}, func(t *testing.T, r *relayWorld) {
		began := time.Now()
		r.say("", 1)
		r.await(1)
		if took := time.Since(began); took != 10*time.Minute {
			t.Errorf("it came again after %s", took)
		}
	})
}

// TestRelayKeepsOrder fails some attempts of several conversations, and restarts in
// the middle: each conversation comes in the order in which it was told.
func TestRelayKeepsOrder(t *testing.T) {
	var mu sync.Mutex
	fails := map[string]int{"a 2": 3, "b 0": 1, "c 5": 2}
	script := func(got received) reply {
		mu.Lock()
		defer mu.Unlock()
		if fails[string(got.body)] > 0 {
			fails[string(got.body)]--
			return reply{status: 500}
		}
		return reply{status: 200}
	}
	inRelayBubble(t, script, []string{upA, upB}, func(t *testing.T, r *relayWorld) {
		r.to(func(to *outbound.Target) { to.Ordered, to.Hold, to.Breaker = true, time.Hour, nil })
		const each = 8
		for n := range each {
			for _, key := range []string{"a", "b", "c"} {
				r.say(key, n)
			}
			r.say("", n)
		}
		synctest.Wait()
		_ = r.halt()
		r.start()
		passed(2 * time.Hour)
		if !r.rests() {
			t.Fatal("not all was delivered")
		}
		var last = map[string]string{}
		for _, body := range bodies(r.receiver.all()) {
			key := strings.Fields(body)[0]
			if key < "a" { // of no conversation
				continue
			}
			if body < last[key] {
				t.Errorf("%q came after %q", body, last[key])
			}
			last[key] = body
		}
		if len(last) != 3 {
			t.Errorf("conversations %v", last)
		}
	})
}

// TestDeadRelayIsReplayed sends a dead letter again, by hand and by filter: the same
// request under the same id.
func TestDeadRelayIsReplayed(t *testing.T) {
	inRelayBubble(t, always(500), []string{upA}, func(t *testing.T, r *relayWorld) {
		r.to(func(to *outbound.Target) { to.Retry, to.Breaker = retry.Policy{}, nil })
		var all []publishing.Relayed
		for n := range 3 {
			all = append(all, r.say("c", n))
			r.await(1)
		}
		r.receiver.play(always(200))
		if _, err := r.lanes.Retry("acme", first(r.delivery(all[1])).ID); err != nil {
			t.Fatal(err)
		}
		r.await(1)
		if n, _, err := r.lanes.Again("acme", "_route_wa", time.Now(), []string{first(r.delivery(all[0])).ID, first(r.delivery(all[2])).ID}); n != 2 || err != nil {
			t.Fatalf("%d were replayed, %v", n, err)
		}
		r.await(2)
		got := r.receiver.all()
		slices.SortFunc(got[4:], func(a, b received) int { return bytes.Compare(a.body, b.body) }) // they went side by side
		if order := bodies(got); !slices.Equal(order, []string{"c 0", "c 1", "c 2", "c 1", "c 0", "c 2"}) {
			t.Fatalf("got %q", order)
		}
		for _, pair := range [][2]int{{0, 4}, {1, 3}, {2, 5}} {
			was, is := got[pair[0]], got[pair[1]]
			if again := bytes.Replace(was.raw, []byte("Hookgate-Attempt: 1"), []byte("Hookgate-Attempt: 2"), 1); !bytes.Equal(is.raw, again) {
				t.Errorf("first\n%s\nthen\n%s", was.raw, is.raw)
			}
		}
	})
}

func TestRelayIsCancelled(t *testing.T) {
	inRelayBubble(t, always(500), []string{upA}, func(t *testing.T, r *relayWorld) {
		relayed := r.say("c", 1)
		synctest.Wait()
		d, err := r.lanes.Cancel("acme", first(r.delivery(relayed)).ID)
		if err != nil || d.State != gateway.DeliveryCancelled {
			t.Errorf("%+v, %v", d, err)
		}
		passed(time.Hour)
		if n := len(r.receiver.all()); n != 1 || !r.rests() {
			t.Errorf("%d attempts", n)
		}
	})
}

func first[A, B any](a A, _ B) A { return a }

// TestRelayIsSealed looks for credentials in the data folder while a relay waits;
// and a request that was moved to another event does not open, nor does it stand in
// the way of others.
func TestRelayIsSealed(t *testing.T) {
	inRelayBubble(t, always(200), []string{upB}, func(t *testing.T, r *relayWorld) {
		r.to(func(to *outbound.Target) { to.Off = true })
		q := r.request("the body")
		q.Request.Target = "/channels/wa?token=canary-query"
		q.Request.Header = []gateway.HeaderField{{Name: "Authorization", Value: "Bearer canary-token"}, {Name: "Canary-Name", Value: "1"}}
		e, _, err := gatewaytest.Event(r.store, "acme", r.relay(q).EventID)
		if err != nil {
			t.Fatal(err)
		}
		data := everything(t, r.fs, r.dir)
		if !bytes.Contains(data, []byte("the body")) {
			t.Fatal("nothing of it is in the data folder: the test looks in the wrong place")
		}
		if i := bytes.Index(bytes.ToLower(data), []byte("canary")); i >= 0 {
			t.Errorf("a credential lies in the data folder: %q", data[i:i+20])
		}
		moved := r.notice("acme", "_route_wa")
		moved.Event.Relay = e.Relay
		if err := r.store.Commit(&gateway.Change{Notice: moved}); err != nil {
			t.Fatal(err)
		}
		r.lanes.Wake(gateway.LaneKey{Tenant: "acme", Endpoint: "_route_wa"}, gateway.Due{ID: moved.Delivery.ID, At: moved.Delivery.NextAttemptAt})
		r.to(func(to *outbound.Target) { to.Off, to.Retry = false, retry.Policy{} })
		r.await(2)
		d, attempts := r.read(moved)
		if got := r.receiver.all(); len(got) != 1 || string(got[0].body) != "the body" || got[0].header.Get("Authorization") != "Bearer canary-token" ||
			d.State != gateway.DeliveryDead || len(attempts) != 1 || attempts[0].Error != "blocked" {
			t.Errorf("got %d requests; the moved one is %s after %+v", len(got), d.State, attempts)
		}
	})
}

// everything gives all bytes of all files in a folder.
func everything(t *testing.T, fs vfs.FS, dir string) (all []byte) {
	t.Helper()
	names, err := fs.List(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		path := fs.PathJoin(dir, name)
		info, err := fs.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.IsDir() {
			all = append(all, everything(t, fs, path)...)
			continue
		}
		f, err := fs.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(f)
		if err != nil {
			t.Fatal(fmt.Errorf("%s: %w", path, err))
		}
		all = append(all, content...)
		_ = f.Close()
	}
	return all
}
