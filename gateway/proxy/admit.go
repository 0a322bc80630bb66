package proxy

import (
	"hookgate/gateway"
	"hookgate/gateway/edge"
	"hookgate/gateway/limits"
)

// admit holds back what is too much for the route, and takes a small body into
// memory: its request goes out in one write, and may go out again.
func (x *exchange) admit() error {
	if again := x.p.rates.Take(limits.Key{Tenant: x.route.ID}, x.route.Rate, 1, x.at); again > 0 {
		return &gateway.Error{Code: gateway.CodeRateLimited, Message: "too many requests", RetryAfter: again}
	}
	length := x.ctx.Request.Header.ContentLength()
	if x.route.Relay || x.route.Verifier != nil || length >= 0 && length <= smallBody {
		return x.readBody()
	}
	if here, err := x.conn.Arrived(); err != nil || !here {
		return err
	}
	return x.readBody() // a small one, in chunks
}

// smallBody is how large a body may be, in bytes, that is taken into memory first.
const smallBody = 64 << 10

// readBody takes the body into memory, at most as much as the route takes.
func (x *exchange) readBody() (err error) {
	if x.whole {
		return nil
	}
	x.whole = true
	if x.ctx.RequestBodyStream() == nil {
		return nil
	}
	x.body, err = edge.ReadBody(x.ctx, x.route.MaxBody)
	return err
}
