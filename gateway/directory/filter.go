package directory

import (
	"crypto/sha256"
	"encoding/json"
	"sync"

	"hookgate/gateway"
	"hookgate/gateway/mapping"
)

// filter is an endpoint's: the conditions that an event must meet beside its type.
type filter struct {
	compiled *mapping.Filter // nil: there is none
	digest   [sha256.Size]byte
	place    int // among those of its tenant, of which equal ones have one
}

func compileFilter(list []gateway.Condition, o Options, f *faults) (out filter) {
	if len(list) == 0 {
		return out
	}
	compiled, more := mapping.CompileFilter(list, o.Mapping.Filled())
	*f = append(*f, more...)
	if text, err := json.Marshal(list); err == nil {
		out.digest = sha256.Sum256(text)
	}
	out.compiled = compiled
	return out
}

// Filter gives the place of the endpoint's filter among Tenant.Filters; -1 for none.
func (e *Endpoint) Filter() int {
	if e.filter.compiled == nil {
		return -1
	}
	return e.filter.place
}

// Passes gives what looks at events with the endpoint's filter, one after the other; nil
// where it has none. All of them together take as much work as a publish may, beyond which
// they pass.
func (e *Endpoint) Passes() func(*gateway.Event) bool {
	if e.filter.compiled == nil {
		return nil
	}
	var looking mapping.Filtering
	looking.Begin(mapping.JoinFilters([]*mapping.Filter{e.filter.compiled}), gateway.MaxEvents, "")
	return func(v *gateway.Event) bool {
		looking.Read(v.Body)
		return looking.Passes(0)
	}
}

// Filters gives the filters of all endpoints that take events, of equal ones one, and
// how many there are; none are nil.
func (t *Tenant) Filters() (all *mapping.Filters, count int) {
	if t.filters == nil {
		return nil, 0
	}
	return t.filters(), t.filtering
}

// joinFilters gives each filter its place. They are put together when the first event
// comes: who writes a hundred endpoints does not wait a hundred times.
func (t *Tenant) joinFilters() {
	places, distinct := map[[sha256.Size]byte]int{}, []*mapping.Filter(nil)
	for _, e := range t.listening {
		if e.filter.compiled == nil {
			continue
		}
		place, known := places[e.filter.digest]
		if !known {
			place = len(distinct)
			places[e.filter.digest] = place
			distinct = append(distinct, e.filter.compiled)
		}
		e.filter.place = place
	}
	t.filters, t.filtering = nil, len(distinct)
	if len(distinct) > 0 {
		t.filters = sync.OnceValue(func() *mapping.Filters { return mapping.JoinFilters(distinct) })
	}
}
