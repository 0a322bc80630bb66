package stream_test

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/stream"
)

// settle lets the pump do what it has to do.
func settle() { time.Sleep(time.Second); synctest.Wait() }

func TestReaderSeesWhatHappens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := stream.New(nil)
		s.Tell(callback("acme", "before"))
		all, _, end := reads(s, nil)
		defer end()
		acme, _, endAcme := reads(s, func(r *stream.Reader) {
			r.Sees = func(tenant string) bool { return tenant == "acme" }
			r.Kinds = []gateway.Kind{gateway.HappenedCallback, gateway.HappenedBreaker}
		})
		defer endAcme()
		s.Tell(callback("acme", "1"))
		s.Tell(callback("rival", "2"))
		w := &gateway.Wait{ID: "wait_1", Tenant: "acme", Source: "pay", ConversationKey: "3", State: gateway.StateWaiting}
		s.Tell(gateway.WaitHappened(w))
		s.Tell(gateway.Happening{Kind: gateway.HappenedConfig, Target: "reload", Outcome: "refused"})
		settle()
		got := events(t, all.read(plenty))
		if keys(t, got) != "1 2 3" || len(got) != 4 {
			t.Errorf("who sees all has %v", got)
		}
		if mine := events(t, acme.read(plenty)); keys(t, mine) != "1" || len(mine) != 1 {
			t.Errorf("who sees callbacks of acme has %v", mine)
		}
		var shown map[string]any
		if err := json.Unmarshal([]byte(got[2].data), &shown); err != nil || got[2].kind != "wait" || shown["kind"] != "wait" ||
			shown["tenant"] != "acme" || shown["state"] != "waiting" || shown["id"] != "wait_1" {
			t.Errorf("a wait is %v, %v", got[2], err)
		}
	})
}

// Every kind is JSON, and says its kind, id and tenant.
func TestEachKindIsJSON(t *testing.T) {
	now := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	d := &gateway.Delivery{ID: "dlv_1", Tenant: "acme", Endpoint: "crm", EventIDs: []string{"evt_1", "evt_2"}, State: gateway.DeliveryDead, CreatedAt: now, EndedAt: now}
	for _, h := range []gateway.Happening{
		gateway.WaitHappened(&gateway.Wait{ID: "wait_1", Tenant: "acme", State: gateway.StateResumed, Callback: &gateway.TakenCallback{ID: "cb_1"}}),
		callback("acme", `a"b`),
		gateway.EventHappened(&gateway.Event{ID: "evt_1", Tenant: "acme", Type: "message", Kind: "text", AcceptedAt: now}),
		gateway.DeliveryHappened(d),
		gateway.AttemptHappened(d, &gateway.Attempt{Number: 3, At: now, Status: 503, Error: "5xx", Duration: time.Second}),
		gateway.CallHappened(&gateway.Call{ID: "call_1", Tenant: "acme", Webhook: "stock", Outcome: gateway.CallFailure, Reason: "timeout"}),
		{Kind: gateway.HappenedBreaker, Tenant: "acme", Of: "endpoint", Target: "crm", Outcome: "open", Until: now},
		{Kind: gateway.HappenedConfig, Tenant: "acme", Outcome: "changed", Of: "tenants/acme/endpoints/crm", Action: "create"},
	} {
		var shown map[string]any
		text := h.AppendJSON(nil)
		if err := json.Unmarshal(text, &shown); err != nil || shown["kind"] != h.Kind.String() || shown["tenant"] != "acme" {
			t.Errorf("%s: %v", text, err)
		}
		if _, has := shown["id"]; !has {
			t.Errorf("%s has no id", text)
		}
		if h.Kind == gateway.HappenedConfig && (shown["object"] != "tenants/acme/endpoints/crm" || shown["action"] != "create") {
			t.Errorf("%s has another object or action", text)
		}
		if h.Kind == gateway.HappenedAttempt && shown["id"] != "dlv_1/3" {
			t.Errorf("an attempt has the id %v", shown["id"])
		}
	}
}

func TestResume(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := stream.New(nil)
		out, _, end := reads(s, nil)
		for i := range 5 {
			s.Tell(callback("acme", strconv.Itoa(i)))
		}
		settle()
		seen := events(t, out.read(plenty))
		end()
		s.Tell(callback("acme", "missed"))
		time.Sleep(4 * time.Minute)
		after := func(id string) (*socket, func()) {
			out, _, end := reads(s, func(r *stream.Reader) { r.After = id })
			settle()
			return out, end
		}
		out, end = after(seen[2].id)
		if got := keys(t, events(t, out.read(plenty))); got != "3 4 missed" {
			t.Errorf("behind the third one there is %q", got)
		}
		s.Tell(callback("acme", "new"))
		settle()
		if got := keys(t, events(t, out.read(plenty))); got != "new" {
			t.Errorf("then comes %q", got)
		}
		end()
		for _, odd := range []string{"never", seen[0].id + "0", "-", seen[0].id[:3]} {
			out, end := after(odd)
			s.Tell(callback("acme", "live"))
			settle()
			if got := keys(t, events(t, out.read(plenty))); got != "gap live" {
				t.Errorf("behind %q there is %q", odd, got)
			}
			end()
		}
		time.Sleep(6 * time.Minute) // nobody reads: nothing is kept
		s.Tell(callback("acme", "unseen"))
		out, end = after(seen[2].id)
		if got := keys(t, events(t, out.read(plenty))); got != "gap" {
			t.Errorf("much later there is %q", got)
		}
		end()
		time.Sleep(6 * time.Minute)
	})
}

// A slow reader loses what it does not take, is told so once, and goes on; nobody else does.
func TestSlowReaderGetsAGap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := stream.New(nil)
		slow, _, endSlow := reads(s, func(r *stream.Reader) { r.Out.(*socket).room = 100 })
		defer endSlow()
		quick, _, end := reads(s, nil)
		defer end()
		const many = 30_000
		for i := range many {
			s.Tell(callback("acme", strconv.Itoa(i)))
			if i%1000 == 999 {
				settle()
			}
		}
		settle()
		got := events(t, quick.read(plenty))
		if len(got) != many || strings.Contains(keys(t, got), "gap") {
			t.Errorf("the quick one has %d of %d", len(got), many)
		}
		first := slow.read(plenty)
		settle()
		s.Tell(callback("acme", "live"))
		settle()
		shown := events(t, first+slow.read(plenty))
		if len(shown) >= many || shown[len(shown)-2].kind != "gap" || keys(t, shown[len(shown)-1:]) != "live" {
			t.Errorf("the slow one has %d, at last %v", len(shown), shown[max(0, len(shown)-2):])
		}
		if strings.Count(keys(t, shown), "gap") != 1 {
			t.Error("it is told of more than one gap")
		}
	})
}

// What a tenant floods the ring with takes no other tenant's events from it, nor does what a
// tree of many tenants does; within a tree all are one.
func TestNoisyTenantLeavesTheOthersTheirs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := stream.New(func(tenant string) string { return strings.TrimRight(tenant, "0123456789") })
		out, _, end := reads(s, nil)
		s.Tell(callback("acme", "first"))
		settle()
		id := events(t, out.read(plenty))[0].id
		end()
		s.Tell(callback("acme", "mine"))
		for i := range 50_000 {
			s.Tell(callback("noisy"+strconv.Itoa(i%10), strconv.Itoa(i)))
		}
		of := func(tenant string) string {
			out, _, end := reads(s, func(r *stream.Reader) {
				r.After, r.Sees = id, func(who string) bool { return who == tenant }
			})
			defer end()
			settle()
			return keys(t, events(t, out.read(plenty)))
		}
		if got := of("acme"); got != "mine" {
			t.Errorf("acme's is %q", got)
		}
		if got := of("noisy3"); got != "gap" {
			t.Errorf("the noisy one's is %.100q", got)
		}
		time.Sleep(6 * time.Minute)
	})
}

func TestQuietReaderGetsComments(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out, _, end := reads(stream.New(nil), nil)
		time.Sleep(46 * time.Second)
		if got := out.read(plenty); got != ":\n\n:\n\n:\n\n" {
			t.Errorf("in 46 s there came %q", got)
		}
		end()
		time.Sleep(6 * time.Minute)
	})
}

// A reader ends when he may read no more, when his connection fails, and with the stream.
func TestReaderEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := stream.New(nil)
		alive := true
		out, left, _ := reads(s, func(r *stream.Reader) { r.Alive = func() bool { return alive } })
		settle()
		alive = false
		s.Tell(callback("acme", "secret"))
		settle()
		if got := out.read(0); *left != 1 || got != "" || !out.gone {
			t.Errorf("who may read no more: left %d times, has %q", *left, got)
		}
		out, left, _ = reads(s, nil)
		out.Close()
		s.Tell(callback("acme", "1"))
		settle()
		if *left != 1 {
			t.Errorf("whose connection fails left %d times", *left)
		}
		_, left, end := reads(s, nil)
		s.Close()
		end()
		if *left != 1 {
			t.Errorf("with the stream he left %d times", *left)
		}
		out, left, _ = reads(s, nil)
		if *left != 1 || !out.gone {
			t.Error("a closed stream takes a reader")
		}
		time.Sleep(6 * time.Minute)
	})
}

// One that takes nothing for minutes is cut off.
func TestStuckReaderIsCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := stream.New(nil)
		_, left, _ := reads(s, func(r *stream.Reader) { r.Out.(*socket).room = 0 })
		s.Tell(callback("acme", "1"))
		time.Sleep(3 * time.Minute)
		synctest.Wait()
		if *left != 1 {
			t.Errorf("left %d times", *left)
		}
		time.Sleep(6 * time.Minute)
	})
}

// While nobody reads telling costs nothing.
func TestTellingNobodyAllocatesNothing(t *testing.T) {
	s := stream.New(nil)
	w := &gateway.Wait{ID: "wait_1", Tenant: "acme"}
	if n := testing.AllocsPerRun(100, func() { s.Tell(gateway.WaitHappened(w)) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// sink takes everything.
type sink struct{ n int }

func (s *sink) Send(p []byte) (int, error) { s.n += len(p); return len(p), nil }
func (*sink) Close()                       {}

// BenchmarkReaders is the cost of 2,000 events with 100 readers, ten ticks of 200.
func BenchmarkReaders(b *testing.B) {
	s := stream.New(nil)
	for range 100 {
		defer s.Open(stream.Reader{
			Sees: func(string) bool { return true }, Alive: func() bool { return true }, Out: new(sink), Left: func() {},
		})()
	}
	h := callback("acme", "42")
	b.ReportAllocs()
	for b.Loop() {
		for range 200 {
			s.Tell(h)
		}
	}
}

// A tenant that is no more is seen by those alone who see all, and by nobody who has its id
// after it; what comes then is seen as ever.
func TestForgottenTenantIsNobodys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := stream.New(nil)
		first, _, end := reads(s, nil)
		defer end()
		s.Tell(callback("shop", "old"))
		s.Tell(callback("acme", "other"))
		settle()
		id := events(t, first.read(plenty))[0].id
		epoch, _, _ := strings.Cut(id, "-")
		s.Forget("shop")
		s.Forget("nobody")
		s.Tell(callback("shop", "new"))
		for all, want := range map[bool]string{true: "old other new", false: "other new"} {
			r, _, end := reads(s, func(r *stream.Reader) { r.All, r.After = all, epoch+"-0" })
			defer end()
			settle()
			if got := keys(t, events(t, r.read(plenty))); got != want {
				t.Errorf("all %t: %s", all, got)
			}
		}
	})
}
