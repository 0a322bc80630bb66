package changes

import (
	"cmp"
	"encoding/json"
	"log/slog"
	"sync"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/limits"
	"hookgate/gateway/store"
)

// Store keeps changes; storetest holds each store to it.
type Store interface {
	// PutChanges makes lines durable, all or none.
	PutChanges(lines []gateway.AuditLine) error
	// Changes visits the lines that q.Tenant is shown ("": all), newest first, until visit
	// wants no more. After q.Rows it stops, and next is where to go on.
	Changes(q store.Query, visit func(gateway.AuditLine) (more bool)) (next string, err error)
}

// Options is what a Log is made of. Store and Above are required.
type Options struct {
	Store Store
	// Above gives the tenants above one, the nearest first.
	Above func(tenant string) []string
	// Look says how things stand that nobody tells of; nil: nothing is looked at. Only what
	// stands otherwise than at the last look is a change, and what stood good before the
	// first is none.
	Look func() []Change
	// Every is how often it is asked; 0 stands for 10 seconds.
	Every time.Duration
	// Now is the clock; nil: time.Now.
	Now func() time.Time
	Log *slog.Logger // nil: slog.Default()
}

// Bounds of what is told.
const (
	mostWaiting = 4096 // lines in all; of one tenant a quarter of it
	mostAtOnce  = 256  // in one commit
	// Good is how things stand of which there is nothing to tell.
	Good = "good"
)

// daily is what is told of one tenant in a day, as a rule; of those of nobody too.
var daily = gateway.Rate{PerSecond: 1000.0 / (24 * 60 * 60), Burst: 500}

// Log takes changes, and keeps them. It is safe for concurrent use.
type Log struct {
	options Options
	shares  limits.Table
	wake    chan struct{}
	stop    chan struct{}
	done    chan struct{}

	mu      sync.Mutex
	waiting []told
	of      map[string]int  // how many of a tenant's are waiting
	skipped map[string]int  // how many of a tenant's were left out
	open    map[string]bool // breakers by object: told as open
	stood   map[string]string
}

// told is a change that waits in line.
type told struct {
	Change
	skipped int // of its tenant, before it
}

// New makes a Log, which keeps what it is told from Start on.
func New(o Options) *Log {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	o.Every = cmp.Or(o.Every, 10*time.Second)
	return &Log{
		options: o, wake: make(chan struct{}, 1), stop: make(chan struct{}), done: make(chan struct{}),
		of: map[string]int{}, skipped: map[string]int{}, open: map[string]bool{}, stood: map[string]string{},
	}
}

// Happened tells of what may be a change. It waits for nobody.
func (l *Log) Happened(h *gateway.Happening) {
	switch h.Kind {
	case gateway.HappenedBreaker:
		l.turned(h)
	case gateway.HappenedConfig:
		switch h.Outcome {
		case "loaded":
			l.Told(Change{Kind: Reload, State: "done", Object: "configuration"})
		case "refused":
			l.Told(Change{Kind: Reload, State: "refused", Object: "configuration"})
		}
	}
}

// turned tells of a breaker. That of a route is the operator's.
func (l *Log) turned(h *gateway.Happening) {
	c := Change{Kind: Breaker, Tenant: h.Tenant, Object: "tenants/" + h.Tenant + "/" + h.Of + "s/" + h.Target, Until: h.Until}
	if h.Of == "route" || h.Tenant == "" {
		c.Tenant, c.Object = "", h.Of+"s/"+h.Target
	}
	switch h.Outcome {
	case "open":
		c.State = "opened"
	case "closed":
		c.State = "closed"
	default:
		return // it tries: that is no change yet
	}
	l.mu.Lock()
	again := c.State == "opened" && l.open[c.Object]
	if c.State == "opened" {
		l.open[c.Object] = true
	} else {
		delete(l.open, c.Object)
	}
	l.mu.Unlock()
	if !again {
		l.Told(c)
	}
}

// Told takes a change, at this moment.
func (l *Log) Told(c Change) {
	c.At = l.options.Now()
	l.mu.Lock()
	if l.of[c.Tenant] >= mostWaiting/4 || len(l.waiting) >= mostWaiting || l.shares.Take(limits.Key{Tenant: c.Tenant}, &daily, 1, c.At) > 0 {
		l.skipped[c.Tenant]++
		l.mu.Unlock()
		return
	}
	l.waiting = append(l.waiting, told{c, l.skipped[c.Tenant]})
	l.of[c.Tenant]++
	delete(l.skipped, c.Tenant)
	l.mu.Unlock()
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// Forget drops what is held of a tenant that is no more.
func (l *Log) Forget(tenant string) {
	l.shares.Forget(tenant)
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.skipped, tenant)
	prefix := "tenants/" + tenant + "/"
	for object := range l.open {
		if len(object) > len(prefix) && object[:len(prefix)] == prefix {
			delete(l.open, object)
		}
	}
}

// recalled is how many lines of a former process are looked at for how it left things.
const recalled = 10_000

// recall takes up how a former process left things: what was told then is told again only
// after it has changed.
func (l *Log) recall() error {
	seen := map[string]bool{}
	var q store.Query
	for n, more := 0, true; more && n < recalled; {
		next, err := l.options.Store.Changes(q, func(line gateway.AuditLine) bool {
			n++
			var was struct {
				Kind          Kind
				State, Object string
			}
			if json.Unmarshal(line.Value, &was) != nil || seen[was.Object] {
				return n < recalled
			}
			seen[was.Object] = true
			switch was.Kind {
			case Breaker:
				l.open[was.Object] = was.State == "opened"
			case Certificate, Disk:
				l.stood[was.Object] = was.State
			}
			return n < recalled
		})
		if err != nil {
			return err
		}
		more, q.Before = next != "", next
	}
	return nil
}

// Start begins to keep and to look, until Close.
func (l *Log) Start() {
	if err := l.recall(); err != nil {
		l.options.Log.Warn("what changed before could not be read: some of it may be told again", "error", err)
	}
	go func() {
		defer close(l.done)
		ticker := time.NewTicker(l.options.Every)
		defer ticker.Stop()
		l.look()
		for {
			select {
			case <-l.wake:
			case <-ticker.C:
				l.look()
			case <-l.stop:
				l.keep()
				return
			}
			l.keep()
		}
	}()
}

// Close keeps what waits in line.
func (l *Log) Close() {
	close(l.stop)
	<-l.done
}

// look tells of what stands otherwise than it did.
func (l *Log) look() {
	if l.options.Look == nil {
		return
	}
	for _, c := range l.options.Look() {
		l.mu.Lock()
		was := cmp.Or(l.stood[c.Object], Good)
		l.stood[c.Object] = c.State
		l.mu.Unlock()
		if was != c.State {
			l.Told(c)
		}
	}
}

// keep makes durable what waits in line. What cannot be written stays: it is tried again
// with the next look.
func (l *Log) keep() {
	for {
		l.mu.Lock()
		some := l.waiting[:min(len(l.waiting), mostAtOnce)] // what is in line is not changed any more
		l.mu.Unlock()
		if len(some) == 0 {
			return
		}
		lines := make([]gateway.AuditLine, len(some))
		for i := range some {
			c := &some[i]
			lines[i] = c.line(gateway.NewID(gateway.PrefixChange, c.At), l.above(c.Tenant), c.skipped)
		}
		if err := l.options.Store.PutChanges(lines); err != nil {
			l.options.Log.Warn("what changed could not be written; it will be", "error", err)
			return
		}
		l.mu.Lock()
		for i := range some {
			if l.of[some[i].Tenant]--; l.of[some[i].Tenant] == 0 {
				delete(l.of, some[i].Tenant)
			}
		}
		l.waiting = append(l.waiting[:0:0], l.waiting[len(some):]...)
		l.mu.Unlock()
	}
}

func (l *Log) above(tenant string) []string {
	if tenant == "" {
		return nil
	}
	return l.options.Above(tenant)
}
