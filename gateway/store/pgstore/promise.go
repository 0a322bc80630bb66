package pgstore

import (
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"hookgate/gateway"
)

// promise is what must be durable together, all of it or nothing.
type promise struct {
	ops     []op
	durable bool            // else a crash of the database may lose it
	alone   bool            // in a statement of its own: it meets rows that it does not name
	lazy    bool            // it waits a little for others to go with (linger.go)
	looks   bool            // some of what it puts is there already, as a rule (verb.fresh)
	at      uint            // writers, as bits: those of the tenants that it is about
	slots   gateway.SlotSet // of the tenants who decided it
	lanes   gateway.SlotSet // of the lanes
	begun   time.Time       // when the decision began; zero: it ends before its slots are given up
	size    int
	err     error // the first fault of what was put
	owing   []owed

	taken atomic.Bool // by the writer; or by who gave up waiting
	done  chan error
}

// op is one row that a verb is given.
type op struct {
	verb  *verb
	cells []cell
	hit   *bool // where the verb answers: whether it met something
}

// owed is what a promise puts of a tenant, in bytes.
type owed struct {
	tenant string
	bytes  int
}

func newPromise() *promise { return &promise{durable: true, done: make(chan error, 1)} }

// of says whose is what follows. A tenant's rows are all written by one writer, in the order
// in which they came.
func (p *promise) of(tenant string) {
	if n := len(p.owing); n > 0 && p.owing[n-1].tenant == tenant {
		return
	}
	if tenant == "" || !keyable(tenant) {
		p.fail("tenant", "its id")
	}
	slot := gateway.SlotOf(tenant)
	p.slots.Add(slot)
	p.at |= 1 << (slot % writing)
	p.owing = append(p.owing, owed{tenant: tenant})
}

// ofLane is of for what was decided by who owns a lane, and not its tenant.
func (p *promise) ofLane(lane gateway.LaneKey) {
	if lane.Tenant == "" || !keyable(lane.Tenant, lane.Endpoint) {
		p.fail("lane", "its name")
	}
	p.lanes.Add(lane.Slot())
	p.at |= 1 << (gateway.SlotOf(lane.Tenant) % writing)
	p.owing = append(p.owing, owed{tenant: lane.Tenant})
}

// do gives a verb a row.
func (p *promise) do(v *verb, cells ...cell) *op {
	if len(cells) != len(v.in) {
		panic(fmt.Sprintf("%s is given %d values for %d columns", v.name, len(cells), len(v.in)))
	}
	size := 0
	for i := range cells {
		size += 8 + len(cells[i].b)
	}
	p.size += size
	if n := len(p.owing); n > 0 {
		p.owing[n-1].bytes += size
	}
	p.ops = append(p.ops, op{verb: v, cells: cells})
	return &p.ops[len(p.ops)-1]
}

// put puts a row, its key first.
func (p *promise) put(t *table, cells ...cell) { p.do(t.put, cells...) }

// remove removes a row, if it is there.
func (p *promise) remove(t *table, key ...cell) { p.do(t.remove, key...) }

// fail remembers that something cannot be stored.
func (p *promise) fail(word, what string) {
	if p.err == nil {
		p.err = fmt.Errorf("a %s cannot be stored for %s", word, what)
	}
}

// id gives the 16 bytes of an id.
func (p *promise) id(word, prefix, id string) cell {
	u, is := gateway.ParseID(prefix, id)
	if !is {
		p.fail(word, "its id")
	}
	return raw(u[:])
}

// keys checks texts that stores have in keys: a zero byte would end them in others.
func (p *promise) keys(word string, texts ...string) {
	if !keyable(texts...) {
		p.fail(word, "a zero byte in one of its names")
	}
}

func keyable(texts ...string) bool {
	for _, text := range texts {
		if strings.IndexByte(text, 0) >= 0 {
			return false
		}
	}
	return true
}

// key tells the row of an op from all others.
func (o *op) key() string {
	n := len(o.verb.table) + 1
	for _, c := range o.cells[:o.verb.keys] {
		n += len(c.b) + 16
	}
	b := make([]byte, 0, n)
	b = append(append(b, o.verb.table...), 0)
	for i, c := range o.cells[:o.verb.keys] {
		if s := o.verb.in[i].sort; s.size > 0 {
			b = s.append(b, c)
		} else {
			b = longOf.append(b, number(int64(len(c.b))))
			b = append(b, c.b...)
		}
	}
	return string(b)
}
