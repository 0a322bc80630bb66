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
	"slices"
	"sync/atomic"

	"hookgate/gateway"
	"hookgate/metrics"
)

// Directory holds the current snapshot.
type Directory struct {
	// OnSwap, which may be nil, is told after each Swap which tenants came, went or
	// changed, by their ids. It is set before the first writer comes.
	OnSwap  func(changed []string, about About)
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

// Tree gives the top of the tree that a tenant of an id now is in; itself where there is none.
func (d *Directory) Tree(tenant string) string {
	if t := d.Current().Tenant(tenant); t != nil {
		return t.Tree()
	}
	return tenant
}

// About is what one snapshot replaces another for. What is "" nobody can say.
type About struct {
	Tenant string // whose the object is
	Object string // its path: tenants/acme/sources/pay
	Action string // create, update, delete, reload
	// Followed says that another process has written it, and has told of it.
	Followed bool
	// Relays are the tenants of relay routes that came, or were compiled anew: what waits for
	// one of them may go. Whose route is gone is not among them.
	Relays []string
}

// Swap is SwapFor of what nobody asked for.
func (d *Directory) Swap(next *Snapshot) { d.SwapFor(About{}, next) }

// SwapFor makes next the current snapshot, and lets the metrics forget what is in
// it no more. One writer at a time.
func (d *Directory) SwapFor(about About, next *Snapshot) {
	next.inherit(d.current.Load())
	last := d.current.Swap(next)
	changed := next.changes(last)
	forget(next.metrics, last, next, changed)
	if d.OnSwap != nil {
		about.Relays = next.relaysAnew(last)
		d.OnSwap(changed, about)
	}
}

// changes gives the ids of tenants that are not as in last, or in one of the two alone.
func (s *Snapshot) changes(last *Snapshot) (changed []string) {
	for id := range s.tenants.otherwise(last.tenants) {
		if s.tenants.get(id) != last.tenants.get(id) {
			changed = append(changed, id)
		}
	}
	return changed
}

// relaysAnew gives the tenants of relay routes that are not those of last.
func (s *Snapshot) relaysAnew(last *Snapshot) (tenants []string) {
	for _, r := range s.routes {
		if r.Lane != nil && last.Route(r.ID) != r && !slices.Contains(tenants, r.Tenant.ID) {
			tenants = append(tenants, r.Tenant.ID)
		}
	}
	return tenants
}

func forget(m *metrics.Set, last, next *Snapshot, changed []string) {
	for _, r := range last.routes {
		now := next.Route(r.ID)
		if now == nil {
			m.ForgetRoute(r.ID)
		}
		if r.Lane != nil && (now == nil || !now.Relay || now.Tenant == nil || now.Tenant.ID != r.Tenant.ID) {
			m.ForgetEndpoint(r.Tenant.ID, gateway.RouteLane(r.ID))
		}
	}
	for _, id := range changed {
		switch old, now := last.tenants.get(id), next.tenants.get(id); {
		case old == nil:
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
