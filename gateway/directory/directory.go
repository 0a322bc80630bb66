// Package directory is what an operator configured, compiled: tenants with their
// sources, endpoints and webhooks, routes, and who may call the internal API.
//
//	CompileTenant, CompileSource,     check what was written and make it ready to run
//	CompileEndpoint, CompileWebhook
//	CompileFile                       the same for a whole file, with the rules between tenants
//	CompileRoutes                     its routes: the API has none
//	Build, Snapshot.With, Without     make the next snapshot, copying only what changes
//	Directory.Swap                    let the next request see it
//
// A Snapshot never changes. A request takes the current one once and uses it to
// its end, so that it sees one configuration, and readers take no lock. What
// lives longer than a snapshot (breakers, rate limiters, lanes) stands elsewhere,
// keyed by id.
//
// Whatever refuses a tenant or a part of one is in this package, so that
// `check`, a reload and a PUT agree. Effective shows what is in force: what was
// written, and the defaults beside it.
package directory

import (
	"sync/atomic"

	"hookgate/gateway"
	"hookgate/metrics"
)

// Directory holds the current snapshot.
type Directory struct {
	// OnSwap, which may be nil, is told after each Swap. It is set before the first
	// writer comes.
	OnSwap  func()
	current atomic.Pointer[Snapshot]
}

// New makes a directory with nobody in it.
func New() *Directory {
	d := new(Directory)
	d.current.Store(Build(nil, nil, nil))
	return d
}

// Current gives the snapshot to use for one request.
func (d *Directory) Current() *Snapshot { return d.current.Load() }

// Above gives the tenants above one as they now stand, the nearest first: nil for
// most, which costs nothing.
func (d *Directory) Above(t *Tenant) []*Tenant {
	if t.Spec.Parent == "" {
		return nil
	}
	return d.Current().Above(t)
}

// Swap makes next the current snapshot, and lets the metrics forget what is in
// it no more. One writer at a time.
func (d *Directory) Swap(next *Snapshot) {
	next.inherit(d.current.Load())
	last := d.current.Swap(next)
	forget(next.metrics, last, next)
	if d.OnSwap != nil {
		d.OnSwap()
	}
}

func forget(m *metrics.Set, last, next *Snapshot) {
	for _, r := range last.routes {
		now := next.Route(r.ID)
		if now == nil {
			m.ForgetRoute(r.ID)
		}
		if r.Lane.Attempts != nil && (now == nil || !now.Relay || now.Tenant == nil || now.Tenant.ID != r.Tenant.ID) {
			m.ForgetEndpoint(r.Tenant.ID, gateway.RouteLane(r.ID))
		}
	}
	for id, old := range last.tenants {
		now := next.tenants[id]
		switch {
		case now == old:
		case now == nil:
			m.ForgetTenant(id)
		default:
			forgetParts(m, old, now)
		}
	}
}

// forgetParts lets the metrics forget what one tenant has no more.
func forgetParts(m *metrics.Set, old, now *Tenant) {
	for source := range old.sources {
		if now.sources[source] == nil {
			m.ForgetSource(old.ID, source)
		}
	}
	for endpoint := range old.endpoints {
		if now.endpoints[endpoint] == nil {
			m.ForgetEndpoint(old.ID, endpoint)
		}
	}
	if old.Platform != nil && now.Platform == nil {
		m.ForgetEndpoint(old.ID, gateway.PlatformEndpoint)
	}
	for webhook := range old.webhooks {
		if now.webhooks[webhook] == nil {
			m.ForgetWebhook(old.ID, webhook)
		}
	}
}
