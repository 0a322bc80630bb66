package inbound

import (
	"hookgate/gateway"
	"hookgate/gateway/limits"
)

// limit holds back what is too much for the source, its tenant or one above it.
func (r *request) limit() done {
	in, tenant := r.in, r.src.Tenant
	r.again = max(
		in.rates.TakeTree(tenant, in.options.Directory.Above(tenant), limits.Callbacks, 1, r.at),
		in.rates.Take(limits.Key{Tenant: tenant.ID, Part: r.src.ID}, r.src.Rate, 1, r.at))
	if r.again > 0 {
		return r.finish(gateway.OutcomeRateLimited)
	}
	return false
}
