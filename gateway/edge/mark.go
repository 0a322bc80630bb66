package edge

import "github.com/valyala/fasthttp"

// Mark is what Limits.Caller made of an Authorization, such as its digest.
type Mark [32]byte

// MarkOf gives the mark of the request's only Authorization: what was made of it once
// need not be made again. It is false where there is none.
func MarkOf(ctx *fasthttp.RequestCtx) (m Mark, is bool) {
	c, ok := ctx.Conn().(*Conn)
	if !ok || !c.request.marked {
		return m, false
	}
	return c.request.mark, true
}
