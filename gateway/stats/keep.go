package stats

import (
	"slices"
	"time"

	"hookgate/gateway/store"
)

// everybody is the tenant under whose name the sums of all are stored; none can be
// called so.
const everybody = "*"

// below is the series of the sums of all tenants below one.
const below = "b"

// series names what is stored of a tenant: its own, or a part's.
func (p Part) series() string {
	if p.Kind == 0 {
		return ""
	}
	return string(p.Kind) + "/" + p.ID
}

// Start keeps a minute after the other, until Close.
func (s *Stats) Start() {
	go func() {
		defer close(s.done)
		for {
			s.mu.Lock()
			next := s.minute.Add(time.Minute).Sub(s.options.Now())
			s.mu.Unlock()
			timer := time.NewTimer(max(next, time.Millisecond))
			select {
			case <-timer.C:
				s.keep()
			case tenants := <-s.ahead:
				timer.Stop()
				s.readAhead(tenants)
			case <-s.stop:
				timer.Stop()
				if s.options.Others == nil { // else this node has left: see Leave
					s.keep()
				}
				return
			}
		}
	}()
}

// Close keeps the minute that runs.
func (s *Stats) Close() {
	close(s.stop)
	<-s.done
}

// keep gives the minute that was to the store, and begins another.
func (s *Stats) keep() {
	s.sample(time.Time{})
	if s.options.Others != nil {
		s.end()
		go s.give(false)
		return
	}
	s.keeping.Lock()
	defer s.keeping.Unlock()
	s.mu.Lock()
	was, minute := s.of, s.minute
	s.of, s.parts, s.minute = map[string]*counted{}, 0, s.options.Now().UTC().Truncate(time.Minute)
	s.mu.Unlock()
	if len(was) == 0 {
		return
	}
	k := &keeper{Stats: s, at: minute}
	k.keep(was)
	if err := k.write(); err != nil {
		s.options.Log.Error("the figures of a minute were not kept", "error", err)
	}
}

// sample looks how things stand, unless that was done a moment before now; the zero Time:
// in any case.
func (s *Stats) sample(now time.Time) {
	s.sampling.Lock()
	defer s.sampling.Unlock()
	s.mu.Lock()
	fresh := !now.IsZero() && now.Sub(s.sampled) < sampleEvery
	if !fresh {
		s.sampled = s.options.Now()
		for _, t := range s.of {
			for _, cell := range standing {
				t.own.set(cell, 0)
			}
			for _, f := range t.parts {
				f.set(cellBacklog, 0)
			}
		}
		for tenant, n := range s.parked {
			s.tenant(tenant).own.set(cellParked, uint64(n))
		}
		for tenant, n := range s.waiting {
			s.tenant(tenant).own.set(cellWaiting, uint64(n))
		}
		s.lanes = map[string]Lanes{}
	}
	s.mu.Unlock()
	if fresh || s.options.Lanes == nil {
		return
	}
	s.options.Lanes(s.lane)
}

// lane takes in how a lane, or a breaker of another kind, stands.
func (s *Stats) lane(is Lane) {
	if is.Depth <= 0 && !is.Open {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	t, all := s.tenant(is.Tenant), s.lanes[is.Tenant]
	if is.Open {
		t.own.add(cellOpen, 1)
		all.Open++
	}
	if is.Depth > 0 {
		t.own.add(cellBacklog, uint64(is.Depth))
		if f := s.part(t, Part{Endpoint, is.Endpoint}); f != nil {
			f.add(cellBacklog, uint64(is.Depth))
		}
		all.Backlog += is.Depth
		if !is.Oldest.IsZero() && (all.Oldest.IsZero() || is.Oldest.Before(all.Oldest)) {
			all.Oldest = is.Oldest
		}
	}
	s.lanes[is.Tenant] = all
}

// keeper writes one minute.
type keeper struct {
	*Stats
	at   time.Time
	adds bool              // others have counted in the same minute, and that is kept
	late bool              // a later minute is
	sums map[string]*whole // by the tenant above, and everybody
	rows []store.Figures
	err  error
	read figures // memory for what is read
}

// rowsAtOnce is how many figures one commit has.
const rowsAtOnce = 2000

// keep puts what all tenants have, and the sums of that.
func (k *keeper) keep(was map[string]*counted) {
	k.sums = map[string]*whole{}
	for tenant, t := range was {
		above, known := k.options.Above(tenant)
		if !known {
			continue
		}
		k.put(tenant, "", t.own)
		for part, f := range t.parts {
			k.put(tenant, part.series(), *f)
		}
		for _, of := range append(above, everybody) {
			if k.sums[of] == nil {
				k.sums[of] = new(whole)
			}
			k.sums[of].sum(t.own)
		}
	}
	for of, sum := range k.sums {
		series := below
		if of == everybody {
			series = ""
		}
		k.put(of, series, sum.sparse())
	}
}

// put puts the figures of one series: its minute, and the hour that it belongs to.
func (k *keeper) put(tenant, series string, f figures) {
	if len(f) == 0 || k.err != nil {
		return
	}
	for _, hour := range []bool{false, true} {
		step := time.Minute
		if hour {
			step = time.Hour
		}
		at := k.at.Truncate(step)
		var sum whole // with what is stored: a start in the middle of a minute goes on with it
		k.err = k.options.Store.Figures(store.FiguresOf{Tenant: tenant, Series: series, Hour: hour, Since: at, Until: at.Add(step)},
			func(_ time.Time, data []byte) {
				k.read = decode(data, k.read)
				sum.follow(k.read)
			})
		if k.err != nil {
			return
		}
		switch {
		case k.late && hour:
			sum.sum(f.happened())
		case k.adds:
			sum.sum(f)
		default:
			sum.follow(f)
		}
		k.rows = append(k.rows, store.Figures{Tenant: tenant, Series: series, Hour: hour, At: at, Data: sum.encode()})
	}
	if len(k.rows) >= rowsAtOnce {
		k.err = k.write()
	}
}

// happened gives what happened, and not how things stood.
func (f figures) happened() figures {
	return slices.DeleteFunc(slices.Clone(f), func(one figure) bool { return slices.Contains(standing[:], int(one.cell)) })
}

// write makes durable what was put.
func (k *keeper) write() error {
	if k.err != nil || len(k.rows) == 0 {
		return k.err
	}
	err := k.options.Store.PutFigures(k.rows)
	k.rows = k.rows[:0]
	return err
}

// sparse gives the cells that are not 0.
func (w *whole) sparse() (f figures) {
	for cell, n := range w {
		if n > 0 {
			f = append(f, figure{uint8(cell), n})
		}
	}
	return f
}
