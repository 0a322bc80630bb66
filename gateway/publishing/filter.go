package publishing

import (
	"log/slog"

	"hookgate/gateway/directory"
	"hookgate/gateway/mapping"
)

// filtered says which events the endpoints' filters let pass: one bit for each distinct
// filter of the event's tenant. Only those are set that were asked for.
type filtered struct {
	looking mapping.Filtering
	rows    []int    // by event: where its bits begin in passes; -1: its tenant has no filters
	passes  []uint64 // bit by filter
	known   []uint64 // of the event that is looked at
}

const bits = 64

// filter looks at each event with the filters of the endpoints that want its type, once
// with each distinct one.
func (p *Publisher) filter(d *draft) {
	for i := range d.tenants {
		if all, count := d.tenants[i].of.Filters(); all != nil {
			if d.filtered == nil {
				d.filtered = new(filtered)
			}
			d.filtered.begin(len(d.publication.Events))
			p.filterOf(d, &d.tenants[i], all, (count+bits-1)/bits)
		}
	}
}

func (f *filtered) begin(events int) {
	for len(f.rows) < events {
		f.rows = append(f.rows, -1)
	}
}

// filterOf looks at the events of one tenant. How much work that may take depends on
// these alone: what one tenant writes costs no other its events. Who publishes for
// itself takes turns with what else it has looked at.
func (p *Publisher) filterOf(d *draft, t *tenantShare, all *mapping.Filters, words int) {
	f, owner := d.filtered, ""
	if len(d.tenants) == 1 {
		owner = t.of.Tree()
	}
	f.looking.Begin(all, t.events, owner)
	defer f.looking.Release()
	for i := range d.publication.Events {
		e := &d.publication.Events[i]
		if e.Tenant != t.of.ID {
			continue
		}
		if f.looking.Over() {
			break // this one and those after it pass, as any that has no filters
		}
		f.rows[i] = len(f.passes)
		f.passes = append(f.passes, make([]uint64, words)...)
		f.known = append(f.known[:0], make([]uint64, words)...)
		f.looking.Read(e.Body)
		wanting := t.of.Wanting(e.Type, e.Kind)
		for endpoint := wanting.Next(); endpoint != nil; endpoint = wanting.Next() {
			f.look(i, endpoint.Filter())
		}
		f.looking.Rest()
	}
	if err := f.looking.Err(); err != nil && p.options.Log != nil {
		p.options.Log.Warn("filters of endpoints take more work than these events may: what nobody looked at is delivered",
			slog.String("tenant", t.of.ID), slog.String("request_id", string(d.RequestID)), slog.Any("error", err))
	}
}

// look looks at an event with one filter, -1 for none, if nobody did.
func (f *filtered) look(event, filter int) {
	if filter < 0 {
		return
	}
	word, bit := filter/bits, uint64(1)<<(filter%bits)
	if f.known[word]&bit != 0 {
		return
	}
	f.known[word] |= bit
	if f.looking.Passes(filter) {
		f.passes[f.rows[event]+word] |= bit
	}
}

// pass says whether an event passes the filter of an endpoint that wants its type.
func (f *filtered) pass(event int, endpoint *directory.Endpoint) bool {
	if f == nil || len(f.rows) == 0 || f.rows[event] < 0 {
		return true
	}
	filter := endpoint.Filter()
	return filter < 0 || f.passes[f.rows[event]+filter/bits]&(1<<(filter%bits)) != 0
}

// free forgets the events, but for memory of a usual size.
func (f *filtered) free() {
	if cap(f.passes) > mostPooled {
		*f = filtered{}
		return
	}
	f.rows, f.passes = f.rows[:0], f.passes[:0]
}
