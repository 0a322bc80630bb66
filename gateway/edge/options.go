package edge

import (
	"slices"
	"strings"

	"github.com/valyala/fasthttp"
)

// Sharing says which web pages may call, and read what they are answered (CORS, the
// Fetch standard 3.2).
type Sharing interface {
	Allows(origin []byte) string // what the origin is told; "" says that it may not
	Headers() string             // what such a page may send, as a list
}

// Share tells a browser whether the page that asks may read the answer. The answer
// depends on who asks, so caches are told. Credentials are never allowed.
func Share(ctx *fasthttp.RequestCtx, s Sharing) (shared bool) {
	header := &ctx.Response.Header
	header.Add("Vary", "Origin")
	allowed := s.Allows(ctx.Request.Header.Peek("Origin"))
	if allowed == "" || len(ctx.Request.Header.Peek("Origin")) == 0 {
		return false
	}
	header.Set("Access-Control-Allow-Origin", allowed)
	header.Set("Access-Control-Expose-Headers", "Hookgate-Outcome, Retry-After")
	return true
}

// remembered is how long a browser need not ask again, in seconds.
const remembered = "600"

// TellOptions puts into the answer to OPTIONS what may be done: methods, a list, beside
// those that are always answered.
func TellOptions(ctx *fasthttp.RequestCtx, methods string, s Sharing) {
	ctx.Response.Header.Set("Allow", allAllowed(methods))
	if s == nil || !Share(ctx, s) {
		return
	}
	header := &ctx.Response.Header
	header.Set("Access-Control-Allow-Methods", methods)
	header.Set("Access-Control-Allow-Headers", s.Headers())
	header.Set("Access-Control-Max-Age", remembered)
}

// allAllowed puts HEAD and OPTIONS, which are always answered, into a list of methods.
func allAllowed(methods string) string {
	list := strings.Split(methods, ", ")
	for _, always := range [...]string{fasthttp.MethodHead, fasthttp.MethodOptions} {
		if !slices.Contains(list, always) {
			list = append(list, always)
		}
	}
	return strings.Join(list, ", ")
}

// OnlyLooks reports whether a method is one by which nothing is taken, parked or
// remembered, whatever is configured (SPEC 15): link scanners send HEAD to what people
// send each other, and browsers OPTIONS before what they send.
func OnlyLooks(method string) bool {
	return method == fasthttp.MethodHead || method == fasthttp.MethodOptions
}
