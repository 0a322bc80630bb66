package pebblestore

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"hookgate/gateway"
	"hookgate/gateway/store"
)

// postSoon lets blocks be of a few.
func postSoon(s *Store, enough int) {
	for _, of := range s.later.all() {
		of.enough = enough
	}
}

// jumble puts things of many values, made at many times, in no order.
type jumble struct {
	t      *testing.T
	random *rand.Rand
	s      *Store
	now    time.Time
	made   []*gateway.Delivery
	waits  []*gateway.Wait
}

func (m *jumble) pick(what string) string { return fmt.Sprint(what, m.random.IntN(5)) }

// at is a moment of the last two days, mostly a late one; now and then one ahead.
func (m *jumble) at() time.Time {
	m.now = m.now.Add(time.Millisecond)
	switch m.random.IntN(20) {
	case 0:
		return m.now.Add(-time.Duration(m.random.Int64N(int64(48 * time.Hour))))
	case 1:
		return m.now.Add(time.Duration(m.random.Int64N(int64(time.Hour))))
	}
	return m.now.Add(-time.Duration(m.random.Int64N(int64(20 * time.Millisecond))))
}

func (m *jumble) publish() {
	at := m.at()
	p := published(at, 1+m.random.IntN(3))
	p.Traces = nil
	for i := range p.Events {
		v, d := &p.Events[i], &p.Deliveries[i]
		v.Type, v.Kind, v.ConversationKey = m.pick("type"), m.pick("kind"), m.pick("key")
		d.EventType, d.ConversationKey, d.Endpoint = v.Type, v.ConversationKey, m.pick("endpoint")
		if m.random.IntN(4) == 0 {
			d.EventType = m.pick("type") // it does not follow
		}
	}
	must(m.t, m.s.Accept(p))
	for i := range p.Deliveries {
		d := &p.Deliveries[i]
		d.State = []gateway.DeliveryState{gateway.DeliveryPending, gateway.DeliverySucceeded, gateway.DeliveryDead, gateway.DeliveryRetrying}[m.random.IntN(4)]
		if d.Attempts, d.EndedAt = 1, at; d.State != gateway.DeliveryPending {
			must(m.t, m.s.Settle(d, nil))
		}
		m.made = append(m.made, d)
	}
}

func (m *jumble) wait() {
	w := openWait(m.at(), 1)
	w.Source, w.ConversationKey, w.Aliases = m.pick("source"), m.pick("key"), []string{m.pick("alias")}
	must(m.t, m.s.Commit(&gateway.Change{Wait: w}))
	if m.random.IntN(2) == 0 {
		w.State, w.EndedAt = gateway.StateResumed, w.CreatedAt
		must(m.t, m.s.Commit(&gateway.Change{Wait: w}))
	}
	m.waits = append(m.waits, w)
}

// check asks for each value, and for some together: a list has what one of all has of it.
func (m *jumble) check() {
	m.t.Helper()
	for i := range 5 {
		n := func(what string) string { return fmt.Sprint(what, i) }
		for _, q := range []store.Query{
			{Endpoint: n("endpoint")}, {Type: n("type")}, {Type: n("type"), Kind: n("kind")}, {Conversation: []string{n("key"), n("alias")}}, {Source: n("source")},
			{Endpoint: n("endpoint"), Type: n("type")}, {Type: n("type"), Conversation: []string{n("key")}, Endpoint: n("endpoint")},
			{Source: n("source"), Conversation: []string{n("key")}, State: "resumed"}, {Endpoint: n("endpoint"), State: "dead"},
		} {
			q.Tenant = "acme"
			compared(m, q, "deliveries", m.s.deliveriesOf, q.Delivery, func(d *gateway.Delivery) string { return d.ID })
			compared(m, q, "events", m.s.Events, q.Event, func(v *gateway.Event) string { return v.ID })
			compared(m, q, "waits", m.s.Waits, q.Wait, func(w *gateway.Wait) string { return w.ID })
		}
	}
}

func (s *Store) deliveriesOf(q store.Query, visit func(*gateway.Delivery) bool) (string, error) {
	return s.Deliveries(q, gateway.AttemptBounds{}, func(d *gateway.Delivery, _ []gateway.Attempt) bool { return visit(d) })
}

// compared compares what is listed with what a look at all would list.
func compared[T any](m *jumble, q store.Query, what string, list func(store.Query, func(*T) bool) (string, error), fits func(*T) bool, id func(*T) string) {
	m.t.Helper()
	var got, want []string
	all := func(q store.Query, visit func(*T)) {
		for more := true; more; more = q.Before != "" {
			next, err := list(q, func(one *T) bool { visit(one); return true })
			must(m.t, err)
			q.Before = next
		}
	}
	switch what { // what it does not ask of them
	case "deliveries":
		q.Kind, q.Source = "", ""
	case "events":
		q.Endpoint, q.Source, q.State = "", "", ""
	default:
		q.Endpoint, q.Type, q.Kind = "", "", ""
	}
	all(q, func(one *T) { got = append(got, id(one)) })
	all(store.Query{Tenant: q.Tenant}, func(one *T) {
		if fits(one) {
			want = append(want, id(one))
		}
	})
	if !slices.Equal(got, want) {
		m.t.Fatalf("%+v lists %d %s, want %d", q, len(got), what, len(want))
	}
}

// TestLater lists what was put in any order, at any time, with powers lost in between: be
// it in memory only, in blocks, or posted on its own.
func TestLater(t *testing.T) {
	for round := range fewer(10) {
		mem := vfs.NewCrashableMem()
		m := &jumble{t: t, random: rand.New(rand.NewPCG(uint64(round), 7)), now: time.Now().Add(-time.Hour)}
		m.s = mustOpen(t, Options{Dir: "data", FS: mem})
		for range 5 {
			postSoon(m.s, 1+m.random.IntN(40))
			for range m.random.IntN(60) {
				m.publish()
				m.wait()
			}
			m.check()
			if m.random.IntN(2) == 0 {
				must(t, m.s.sync())
				mem = mem.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: m.random.IntN(101), RNG: m.random})
				m.s = mustOpen(t, Options{Dir: "data", FS: mem})
				m.check()
			}
		}
	}
}

// TestLaterAfterRepair lists all that is left when somebody accepted a loss.
func TestLaterAfterRepair(t *testing.T) {
	mem := vfs.NewMem()
	m := &jumble{t: t, random: rand.New(rand.NewPCG(1, 7)), now: time.Now().Add(-time.Hour)}
	m.s = mustOpen(t, Options{Dir: "data", FS: mem})
	postSoon(m.s, 20)
	for range 100 {
		m.publish()
		m.wait()
	}
	mustClose(t, m.s)
	must(t, mem.Remove("data/known"))
	m.s = mustOpen(t, Options{Dir: "data", FS: mem, AcceptDataLoss: true})
	m.check()
}

// TestLaterOfADeletedTenant: nothing of it is posted when it is no more.
func TestLaterOfADeletedTenant(t *testing.T) {
	s := mustOpen(t, Options{Dir: "data", FS: vfs.NewMem()})
	must(t, s.Accept(published(time.Now(), 5)))
	must(t, s.DeleteTenant("acme"))
	for _, of := range s.later.all() {
		must(t, postBlocks(s.engine, of))
		it, err := s.iter([]byte{of.block}, []byte{of.block + 1})
		must(t, err)
		if it.First() {
			t.Errorf("%s are left", kindWords[of.block])
		}
		must(t, it.Close())
	}
}
