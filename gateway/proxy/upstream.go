package proxy

import (
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/transport"
	"hookgate/retry/breaker"
)

// upstream is one upstream of one route, for as long as the configuration names
// it: no two routes share connections, nor what is known of their health.
type upstream struct {
	route, url string
	secured    string // the digest of its settings of TLS
	log        *slog.Logger
	happened   func(gateway.Happening)
	dialer     *transport.Dialer
	breaker    *breaker.Breaker // nil: none
	health     *directory.Health
	conns      conns
	flying     atomic.Int64 // requests on their way, and upgraded connections
	rests      atomic.Int64 // until when its breaker is open, Unix nanoseconds
	sick       atomic.Bool  // the checks say so
	failing    atomic.Bool  // the last request got no answer
	latency    latency
	stop       func() // ends the checks
}

type upstreamKey struct{ route, url string }

// mostFlying bounds the requests on their way to one upstream: each has a
// connection.
const mostFlying = 16384

// newRoute puts a route in service. Its upstreams are put in kept: those that
// are there already, with the same settings, and else new ones.
func (p *Proxy) newRoute(r *directory.Route, kept map[upstreamKey]*upstream) (*route, error) {
	made := &route{Route: r, strips: strings.Count(strings.TrimSuffix(r.Path, "/"), "/")}
	for _, h := range r.Set {
		made.set = append(made.set, h.Name+": "+h.Value+"\r\n"...)
		made.drops.add(h.Name)
	}
	for _, name := range r.Remove {
		made.drops.add(name)
	}
	has := func(name string) bool { return made.drops.has([]byte(name)) }
	made.forwarded = forwards{!has("x-forwarded-for"), !has("x-forwarded-proto"), !has("x-forwarded-host"), !has("x-forwarded-prefix"), !has("x-request-id")}
	if r.Spec.StripPrefix {
		made.prefix = []byte(strings.TrimSuffix(r.Spec.Match.Path, "/"))
	}
	if r.Relay {
		return made, nil
	}
	for _, url := range r.Upstreams {
		key := upstreamKey{r.ID, url}
		u := p.upstreams[key]
		if u == nil || !u.is(r) {
			var err error
			if u, err = p.newUpstream(r, url); err != nil {
				return nil, err
			}
		}
		kept[key] = u
		made.upstreams = append(made.upstreams, u)
	}
	return made, nil
}

// is says whether the upstream has the settings that a route gives it.
func (u *upstream) is(r *directory.Route) bool {
	same := u.secured == r.TLS[u.url].Digest() && (u.breaker == nil) == (r.Breaker == nil) && (u.health == nil) == (r.Health == nil)
	return same && (u.breaker == nil || u.breaker.Settings() == *r.Breaker) && (u.health == nil || *u.health == *r.Health)
}

func (p *Proxy) newUpstream(r *directory.Route, url string) (*upstream, error) {
	dialer, err := p.options.Transport.Dialer(url, r.TLS[url])
	if err != nil {
		return nil, err
	}
	u := &upstream{route: r.ID, url: url, secured: r.TLS[url].Digest(), dialer: dialer, health: r.Health, stop: func() {}}
	u.log = p.options.Log.With("route", r.ID, "upstream", dialer.Host())
	u.happened = p.options.Observer.Happened
	if r.Breaker != nil {
		u.breaker = breaker.New(*r.Breaker, u.changed)
	}
	if u.health != nil {
		u.stop = u.check()
	}
	return u, nil
}

// changed hears of the breaker, under its lock.
func (u *upstream) changed(s breaker.State, until time.Time) {
	if u.happened != nil {
		h := gateway.Happening{Kind: gateway.HappenedBreaker, At: time.Now(), Of: "route", Target: u.route, Outcome: s.String()}
		if s == breaker.Open {
			h.Until = gateway.At(until).Time
		}
		u.happened(h)
	}
	if s != breaker.Open {
		u.rests.Store(0)
		return
	}
	u.rests.Store(until.UnixNano())
	u.log.Warn("an upstream rests: its breaker is open", "until", until)
}

// failed tells the log of an upstream that gives no answers: once for each spell.
func (u *upstream) failed(err error) {
	if !u.failing.Swap(true) {
		u.log.Warn("an upstream fails", "error", err)
		return
	}
	u.log.Debug("an upstream fails", "error", err)
}

func (u *upstream) answered() {
	if u.failing.Load() && u.failing.Swap(false) {
		u.log.Info("an upstream answers again")
	}
}

// close lets no connection be kept, and ends the checks. Requests on their way go on.
func (u *upstream) close() {
	u.stop()
	u.conns.close()
}
