package stats

import (
	"sync"
	"time"

	"hookgate/gateway/store"
)

// Span is how far back an overview looks, and by which step.
type Span struct {
	Word  string
	Step  time.Duration
	Steps int
}

// Spans are those that there are.
var Spans = []Span{{"1h", Minute, 60}, {"24h", Hour, 24}, {"30d", Day, 30}}

// Row is what an overview has of one step.
type Row struct {
	Callbacks, Events   uint32
	Good, All           uint32 // callbacks, attempts and calls: those that went well, and all
	Dead                uint32 // deliveries that died
	Waits, Backlog, Out uint32 // as it stood: waits that were open, unfinished deliveries, breakers that were open
}

// Strip is the rows of a span, the oldest first; the last is the step that runs. nil is of
// one who had nothing.
type Strip []Row

// strips are the strips that are kept in memory: an overview of a thousand tenants must not
// read a thousand times sixty minutes. A strip that was read once is read on from its last
// step.
type strips struct {
	mu   sync.Mutex
	of   map[stripKey]*strip
	rows int
}

type stripKey struct {
	tenant string
	step   time.Duration
}

// strip is one as it stood at a minute, without what that minute had by then.
type strip struct {
	minute  time.Time
	flushed int       // Stats.flushed as it was read
	last    time.Time // the step of its last row
	rows    Strip
}

// lateSteps is how many steps of a strip are read again, of several nodes.
const lateSteps = 4

// mostRows bounds the rows of all strips: 16 MiB.
const mostRows = 512 << 10

func (s *strips) forget(tenant string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, span := range Spans {
		key := stripKey{tenant, span.Step}
		if known := s.of[key]; known != nil {
			s.rows -= cap(known.rows) + 1
			delete(s.of, key)
		}
	}
}

// Overview is what a tenant has for an overview.
type Overview struct {
	Lately Row // of the last five minutes, but for how things stand
	Lanes
	Waits, Parked int
	Strip         Strip
}

// lately is over how many minutes what happens in one is looked at.
const lately = 5

// Overviews shows what tenants have, in their order, until visit wants no more.
func (s *Stats) Overviews(tenants []string, span Span, visit func(tenant string, o *Overview) (more bool)) error {
	now := s.options.Now().UTC()
	s.sample(now)
	s.keeping.RLock()
	defer s.keeping.RUnlock()
	s.mu.Lock()
	minute := s.minute
	s.mu.Unlock()
	elsewhere := asked{s}.standingsOfAll(tenants)
	for i, tenant := range tenants {
		o := &Overview{}
		running := s.standing(tenant, o)
		for _, at := range elsewhere[i] {
			o.add(&at, &running)
		}
		minutes, err := s.stripOf(tenant, Spans[0], minute)
		if err != nil {
			return err
		}
		if o.Strip = minutes; span != Spans[0] {
			if o.Strip, err = s.stripOf(tenant, span, minute); err != nil {
				return err
			}
		}
		o.Strip = o.Strip.with(&running, span)
		for _, row := range minutes[max(0, len(minutes)-lately):] {
			o.Lately.add(row)
		}
		o.Lately.add(running)
		if !visit(tenant, o) {
			return nil
		}
	}
	return nil
}

// standing fills in how things stand, and gives what the minute that runs has.
func (s *Stats) standing(tenant string, o *Overview) (running Row) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o.Lanes, o.Waits, o.Parked = s.lanes[tenant], s.waiting[tenant], s.parked[tenant]
	if t := s.of[tenant]; t != nil {
		running = rowOf(t.own)
	}
	for _, m := range s.ended {
		if t := m.of[tenant]; t != nil && m.at.After(s.kept[""]) {
			running.add(rowOf(t.own))
		}
	}
	running.Waits, running.Backlog, running.Out = uint32(o.Waits), uint32(o.Backlog), uint32(o.Open)
	return running
}

// with gives a strip with what the minute that runs has: a copy where there is anything.
func (s Strip) with(running *Row, span Span) Strip {
	if s == nil && *running == (Row{}) {
		return nil
	}
	with := make(Strip, span.Steps)
	copy(with, s)
	last := &with[len(with)-1]
	last.Waits, last.Backlog, last.Out = 0, 0, 0
	last.add(*running)
	last.Waits, last.Backlog, last.Out = running.Waits, running.Backlog, running.Out
	return with
}

// add adds what happened, not how things stood.
func (r *Row) add(other Row) {
	r.Callbacks, r.Events, r.Dead = r.Callbacks+other.Callbacks, r.Events+other.Events, r.Dead+other.Dead
	r.Good, r.All = r.Good+other.Good, r.All+other.All
}

// rowOf makes a row of figures.
func rowOf(f figures) (r Row) {
	for _, c := range f {
		n := uint32(c.n)
		switch cell := int(c.cell); {
		case cell == cellEvents:
			r.Events += n
		case cell == cellDead:
			r.Dead += n
		case cell == cellSuccess:
			r.Good, r.All = r.Good+n, r.All+n
		case cell == cellFailure:
			r.All += n
		case cell == cellWaiting:
			r.Waits = n
		case cell == cellBacklog:
			r.Backlog = n
		case cell == cellOpen:
			r.Out = n
		case cell >= cellOutcomes && cell < cellOutcomes+len(outcomes):
			r.Callbacks, r.All = r.Callbacks+n, r.All+n
			if outcomes[cell-cellOutcomes].Status() < 400 {
				r.Good += n
			}
		case cell == cellCodes:
			r.Good, r.All = r.Good+n, r.All+n
		case cell > cellCodes && cell < cellCodes+len(codes):
			r.All += n
		}
	}
	return r
}

// stripOf gives the strip of a tenant as the store has it, by the minute that runs. It reads
// what came since it was asked last.
func (s *Stats) stripOf(tenant string, span Span, minute time.Time) (Strip, error) {
	key := stripKey{tenant, span.Step}
	s.strips.mu.Lock()
	known := s.strips.of[key]
	s.strips.mu.Unlock()
	if known != nil && known.minute.Equal(minute) && known.flushed == s.flushed {
		return known.rows, nil
	}
	last := minute.Truncate(span.Step)
	from := last.Add(-time.Duration(span.Steps-1) * span.Step)
	next := &strip{minute: minute, flushed: s.flushed, last: last}
	since := from
	if known != nil && !known.last.Before(from) && !known.last.After(last) {
		moved, anew := int(last.Sub(known.last)/span.Step), 1 // which may have been incomplete
		if s.options.Others != nil {
			anew = lateSteps // other nodes may have been late
		}
		if since = known.last.Add(-time.Duration(anew-1) * span.Step); since.Before(from) {
			since = from
		}
		if known.rows != nil {
			next.rows = make(Strip, span.Steps)
			copy(next.rows, known.rows[moved:])
			clear(next.rows[max(0, span.Steps-moved-anew) : span.Steps-moved])
		}
	}
	if err := s.readStrip(next, tenant, span, since, from); err != nil {
		return nil, err
	}
	s.strips.mu.Lock()
	defer s.strips.mu.Unlock()
	if s.strips.of == nil {
		s.strips.of = map[stripKey]*strip{}
	}
	if was := s.strips.of[key]; was != nil {
		s.strips.rows -= cap(was.rows) + 1
		delete(s.strips.of, key)
	}
	if more := cap(next.rows) + 1; s.strips.rows+more <= mostRows {
		s.strips.rows += more
		s.strips.of[key] = next
	}
	return next.rows, nil
}

// readStrip reads what the store has since a moment.
func (s *Stats) readStrip(into *strip, tenant string, span Span, since, from time.Time) error {
	var read figures
	return s.options.Store.Figures(store.FiguresOf{
		Tenant: tenant, Hour: span.Step > Minute, Since: since, Until: into.minute.Add(span.Step),
	}, func(at time.Time, data []byte) {
		read = decode(data, read)
		n := int(at.Truncate(span.Step).Sub(from) / span.Step)
		if n < 0 || n >= span.Steps {
			return
		}
		if into.rows == nil {
			into.rows = make(Strip, span.Steps)
		}
		row := rowOf(read)
		into.rows[n].add(row)
		into.rows[n].Waits, into.rows[n].Backlog, into.rows[n].Out = row.Waits, row.Backlog, row.Out
	})
}

// ReadAhead has the strips of tenants read, so that the first overview after a start is as
// fast as the others. It waits for nobody, and is for once.
func (s *Stats) ReadAhead(tenants []string) {
	select {
	case s.ahead <- tenants:
	default:
	}
}

func (s *Stats) readAhead(tenants []string) {
	s.keeping.RLock()
	defer s.keeping.RUnlock()
	s.mu.Lock()
	minute := s.minute
	s.mu.Unlock()
	for _, tenant := range tenants {
		for _, span := range Spans {
			select {
			case <-s.stop:
				return
			default:
			}
			if _, err := s.stripOf(tenant, span, minute); err != nil {
				return // who asks is told
			}
		}
	}
}
