package inbound

import (
	"time"

	"hookgate/gateway"
	"hookgate/gateway/limits"
)

// limit holds back what is too much for the source, its tenant or one above it, and for
// which the disk has no room.
func (r *request) limit() done {
	if r.again = r.tooMany(); r.again > 0 {
		return r.finish(gateway.OutcomeRateLimited)
	}
	if err := r.in.options.Room(r.src.Tenant.ID); err != nil {
		return r.fail(err)
	}
	return false
}

// tooMany counts one callback; it gives how long its sender must rest where it is one too
// many.
func (r *request) tooMany() (again time.Duration) {
	in, tenant := r.in, r.src.Tenant
	return max(
		in.rates.TakeTree(tenant, in.options.Directory.Above(tenant), limits.Callbacks, 1, r.at),
		in.rates.Take(limits.Key{Tenant: tenant.ID, Part: r.src.ID}, r.src.Rate, 1, r.at))
}
