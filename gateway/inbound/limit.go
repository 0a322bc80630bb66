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
// many. What a source's own limit refuses uses up nothing of its tenant's: the limit of an
// open source guards the others.
func (r *request) tooMany() (again time.Duration) {
	in, tenant := r.in, r.src.Tenant
	room := [8]limits.Demand{{Key: limits.Key{Tenant: tenant.ID, Part: r.src.ID}, Limit: r.src.Rate, N: 1}}
	_, again = in.rates.TakeAll(limits.Tree(room[:1], tenant, in.options.Directory.Above(tenant), limits.Callbacks, 1), r.at)
	return again
}
