package proxy

import (
	"time"

	"hookgate/gateway"
	"hookgate/gateway/limits"
)

// admit holds back what is too much for the route.
func (x *exchange) admit() done {
	if x.p.options.Kept != nil {
		x.moments.proved = time.Now()
	}
	if again := x.p.rates.Take(limits.Key{Tenant: x.route.ID}, x.route.Rate, 1, x.at); again > 0 {
		return x.ends(&gateway.Error{Code: gateway.CodeRateLimited, Message: "too many requests", RetryAfter: again})
	}
	return false
}
