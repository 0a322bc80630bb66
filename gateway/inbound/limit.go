package inbound

import (
	"hookgate/gateway"
	"hookgate/gateway/limits"
)

// limit holds back what is too much for the source, its tenant or one above it.
func (in *Inbound) limit(r *request) {
	tenant := r.src.Tenant
	again := max(
		in.rates.TakeTree(tenant, in.options.Directory.Above(tenant), limits.Callbacks, 1, r.at),
		in.rates.Take(limits.Key{Tenant: tenant.ID, Part: r.src.ID}, r.src.Rate, 1, r.at))
	if again > 0 {
		r.again = again
		r.finish(gateway.OutcomeRateLimited)
	}
}
