package edge

import "github.com/valyala/fasthttp"

// HeaderValue gives the first value of a header field, and how many there are.
func HeaderValue(ctx *fasthttp.RequestCtx, name string) (first []byte, n int) {
	all := ctx.Request.Header.PeekAll(name)
	if len(all) == 0 {
		return nil, 0
	}
	return all[0], len(all)
}

// QueryValue gives the first value of a query parameter, and how many there are.
func QueryValue(ctx *fasthttp.RequestCtx, name string) (first []byte, n int) {
	for key, value := range ctx.QueryArgs().All() {
		if string(key) != name {
			continue
		}
		if n++; n == 1 {
			first = value
		}
	}
	return first, n
}

// CalledURL is the URL as the sender called it, which some sign (SPEC 14): base, and
// path and query as they were received. An empty base stands for scheme and Host of
// the request.
func CalledURL(ctx *fasthttp.RequestCtx, base string) string {
	if base == "" {
		base = "http://"
		if IsTLS(ctx) {
			base = "https://"
		}
		base += string(ctx.Request.Header.Host())
	}
	return base + string(ctx.Request.Header.RequestURI())
}
