package calling

import (
	"context"
	"strings"
	"testing"
	"time"

	"hookgate/auth/signature"
	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/mapping"
	"hookgate/gateway/shares"
	"hookgate/gateway/transport"
	"hookgate/retry/breaker"
)

// silent is a backend whose answer is large, and ends when there is no room for it.
type silent struct{}

func (silent) Do(_ context.Context, r *transport.Request) (*transport.Answer, error) {
	if r.Room.Grant(10 << 10) {
		return nil, &transport.Error{Word: transport.WordTimeout, Text: "it says nothing"}
	}
	return nil, &transport.Error{Word: transport.WordTimeout, Text: "no room"}
}

// A call that ran out of time because we had no room for its answer says nothing of its
// backend: neighbours' large answers would open the breakers of a tenant's webhooks.
func TestNoRoomIsNoFailureOfTheBackend(t *testing.T) {
	unsigned, _ := signature.CompileSigner(signature.Config{Type: "none"})
	budget := shares.New(1 << 20)
	for name, used := range map[string]int64{"no room": 1 << 20, "room": 0} {
		t.Run(name, func(t *testing.T) {
			budget.Force(shares.Tenant("other"), used)
			defer budget.Give(shares.Tenant("other"), used)
			b := breaker.New(breaker.Settings{Failures: 1, Open: time.Minute, MaxOpen: time.Minute}, func(breaker.State, time.Time) {})
			permit, _, _ := b.Allow(rampTo)
			k := &call{carrier: &carrier{seats: &seats{answers: budget}, sender: silent{}}, ctx: context.Background(), each: 20 * time.Millisecond}
			k.result, k.Webhook = &gateway.Call{}, &directory.Webhook{Signer: unsigned}
			k.request.Room = room{k}
			k.place = place{taken: true, holder: shares.Tenant("acme"), among: k.carrier.seats.pending}
			k.carrier.attempt(k, permit)
			if state, _ := b.State(); (state == breaker.Open) != (used == 0) {
				t.Errorf("the breaker is %s", state)
			}
		})
	}
}

// The memory of a large answer is taken once for a call, waited for no longer than the
// attempt lasts, and is the caller's to give back where it says so.
func TestLargeAnswersHaveRoom(t *testing.T) {
	budget := shares.New(1 << 20)
	s := &seats{answers: budget}
	begin := func() *call {
		k := &call{carrier: &carrier{seats: s}, ctx: context.Background(), until: time.Now().Add(time.Millisecond)}
		k.place = place{taken: true, holder: shares.Tenant("acme"), among: s.pending}
		return k
	}
	first, second := begin(), begin()
	if !(room{first}).Grant(10 << 10) {
		t.Fatal("the first has no room")
	}
	others := budget.Most() - budget.Stat().Used
	budget.Force(shares.Tenant("other"), others)
	if (room{second}).Grant(10 << 10) {
		t.Error("the second has room that is not there")
	}
	budget.Give(shares.Tenant("other"), others)
	var free func()
	first.Free = &free
	s.hand(first)
	s.giveBack(first)
	if used := budget.Stat().Used; used != copies*10<<10 {
		t.Errorf("%d bytes are used while the caller is told", used)
	}
	free()
	if !(room{second}).Grant(10 << 10) {
		t.Error("there is no room again")
	}
	s.lighten(second) // before another attempt
	s.giveBack(second)
	if used := budget.Stat().Used; used != 0 {
		t.Errorf("%d bytes are not given back", used)
	}
}

// What a call renders is kept until its backend says something, which may be a minute. The
// memory of what is large is taken first, and waited for no longer than the call lasts.
func TestLargeRequestsHaveRoom(t *testing.T) {
	budget := shares.New(16 << 20)
	s := &seats{requests: budget}
	builder := mapping.NewBuilder()
	text := mapping.Literal(strings.Repeat("x", 1_000_000)) // a loop would race with the clock of a busy machine
	url := mapping.Literal("http://backend.test/")
	hook := &directory.Webhook{Tenant: &directory.Tenant{}, URL: url, Templates: builder.Set()}
	hook.Fields = []directory.TemplateField{{Name: "X-Large", Value: text}}
	begin := func() *call {
		k := &call{carrier: &carrier{seats: s, checkURL: func(string) error { return nil }}, ctx: context.Background(), result: &gateway.Call{}}
		k.Webhook, k.Body, k.deadline = hook, gateway.Raw("{}"), time.Now().Add(300*time.Millisecond)
		k.place = place{taken: true, holder: shares.Tenant("acme"), among: s.pending}
		return k
	}
	made := 0
	for {
		k := begin()
		if over := k.compose(); bool(over) {
			if k.result.Reason != gateway.CallTimeout || len(k.text) > 0 {
				t.Errorf("a call without room ends as %q with %d bytes", k.result.Reason, len(k.text))
			}
			break
		}
		if made++; made > 16 {
			t.Fatal("each call has room")
		}
		if want := int64(made) * madeCopies * int64(k.rendered()); budget.Stat().Used != want {
			t.Errorf("%d calls of 1 MB have %d bytes, want %d", made, budget.Stat().Used, want)
		}
	}
	if made == 0 {
		t.Error("none had room")
	}
	hook.Fields[0].Value = mapping.Literal("light")
	k := begin()
	if over := k.compose(); bool(over) || k.place.made != 0 {
		t.Errorf("a light one, %q, has %d bytes", k.result.Reason, k.place.made)
	}
}
